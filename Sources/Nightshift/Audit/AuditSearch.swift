extension Engine {
  /// Entries of the audit log, newest first. Like a search for jobs it takes about 50 ms at most and tells how far it
  /// has come.
  package func audit(
    _ filter: AuditFilter, before: Int64? = nil, limit: Int = 50
  ) async throws(StoreError) -> AuditPage {
    let clock = clock
    return try await store.read { transaction in
      try AuditSearch(filter: filter, before: before, limit: limit, clock: clock).page(transaction)
    }
  }
}

/// One request's walk down the audit log. It has no index for people's filters, since every change of everybody would
/// have to pay for it.
struct AuditSearch {
  static let window = 2_000
  /// An entry with a larger id may be so much older: it is numbered when it is written, and dated when its change began.
  private static let skew = Duration.seconds(600)

  let filter: AuditFilter
  let before: Int64?
  let limit: Int
  let clock: any WallClock

  func page(_ transaction: any ReadTransaction) throws(StoreError) -> AuditPage {
    var page = AuditPage(entries: [])
    var last = try min(before ?? .max, start(transaction))
    let deadline = clock.monotonic + JobSearch.budget.microseconds * 1000
    while true {
      let bounds = try transaction.query(
        """
        SELECT min(id), count(*), max(at)
        FROM (SELECT id, at FROM nightshift_audit WHERE id < ? ORDER BY id DESC LIMIT \(Self.window)) AS page
        """, [.integer(last)]
      ).first
      guard let lowest = bounds?.integer(0), let count = bounds?.integer(1), let newest = bounds?.timestamp(2) else {
        return page
      }
      page.entries += try select(from: lowest, below: last, limit: limit - page.entries.count, transaction)
      if page.entries.count == limit {
        page.next = page.entries.last?.id
        return page
      }
      if count < Self.window { return page }
      if let from = filter.from, newest < from - Self.skew { return page }
      last = lowest
      if clock.monotonic > deadline {
        page.next = last
        page.searchedBackTo = newest
        return page
      }
    }
  }

  private func select(
    from lowest: Int64, below last: Int64, limit: Int, _ transaction: any ReadTransaction
  ) throws(StoreError) -> [AuditEntry] {
    let (conditions, values) = filter.conditions
    return try transaction.query(
      """
      SELECT \(AuditEntry.columns) FROM nightshift_audit
      WHERE \((["id >= ?", "id < ?"] + conditions).joined(separator: " AND ")) ORDER BY id DESC LIMIT \(limit)
      """, [.integer(lowest), .integer(last)] + values
    ).map(AuditEntry.init)
  }

  /// The first id that is certainly too new, found by halving: ids grow with time, or nearly so.
  private func start(_ transaction: any ReadTransaction) throws(StoreError) -> Int64 {
    guard let end = filter.to.map({ $0 + Self.skew }) else { return .max }
    let ends = try transaction.query("SELECT min(id), max(id) FROM nightshift_audit").first
    guard var low = ends?.integer(0), var high = ends?.integer(1) else { return .max }
    high += 1
    while low < high {
      let middle = low + (high - low) / 2
      let row = try transaction.query(
        "SELECT id, at FROM nightshift_audit WHERE id >= ? ORDER BY id LIMIT 1", [.integer(middle)]
      ).first
      if let at = row?.timestamp(1), at < end { low = row!.integer(0)! + 1 } else { high = middle }
    }
    return low
  }
}
