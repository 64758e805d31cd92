extension WriteTransaction {
  /// Adds measurements to what is written of their hours.
  ///
  /// Read, added to and written, since no database adds up buckets: so processes take turns.
  func add(_ rows: [ProfileTally.Key: ProfileTally]) throws(StoreError) {
    guard !rows.isEmpty else { return }
    try takeTurns(on: "nightshift profile")
    // In one order, whatever the process: what is read in order is cheap to read.
    let sorted = rows.sorted { ($0.key.hour, $0.key.kind, $0.key.name) < ($1.key.hour, $1.key.kind, $1.key.name) }
    for (key, tally) in sorted {
      var tally = tally
      if let former = try profileRow(key) { tally.add(former) }
      try execute(
        """
        INSERT INTO nightshift_profile(
          hour, kind, part, name, n, failures, sum_us, max_us, buckets, slowest)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(hour, kind, part, name) DO UPDATE SET
          n = excluded.n, failures = excluded.failures, sum_us = excluded.sum_us, max_us = excluded.max_us,
          buckets = excluded.buckets, slowest = excluded.slowest
        """,
        [.integer(key.hour), .text(key.kind), .text(key.part.rawValue), .text(key.name)] + tally.values)
    }
  }

  private func profileRow(_ key: ProfileTally.Key) throws(StoreError) -> ProfileTally? {
    try query(
      """
      SELECT n, failures, sum_us, max_us, buckets, slowest FROM nightshift_profile
      WHERE hour = ? AND kind = ? AND part = ? AND name = ?
      """, [.integer(key.hour), .text(key.kind), .text(key.part.rawValue), .text(key.name)]
    ).first.map { ProfileTally($0, from: 0) }
  }
}

extension ReadTransaction {
  /// What was measured between two moments: whole hours, without what has been added up at hour 0.
  func profileRows(
    from: Int64, to: Int64, kind: String?, parts: [ProfilePart]
  ) throws(StoreError) -> [(key: ProfileTally.Key, tally: ProfileTally)] {
    let condition = kind == nil ? "" : " AND kind = ?"
    let names = parts.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    return try query(
      """
      SELECT hour, kind, part, name, \(ProfileTally.columns) FROM nightshift_profile
      WHERE hour >= ? AND hour < ?\(condition) AND part IN (\(names))
      """, [.integer(from), .integer(to)] + (kind.map { [.text($0)] } ?? [])
    ).compactMap { row in
      guard let part = row.text(2).flatMap(ProfilePart.init(rawValue:)) else { return nil }
      let key = ProfileTally.Key(hour: row.integer(0)!, kind: row.text(1)!, part: part, name: row.text(3)!)
      return (key, ProfileTally(row, from: 4))
    }
  }
}
