extension Pruner {
  /// Deletes minutes and hours that nobody asks for any more, and adds old hours of attempts and waits up at hour 0:
  /// monitoring reads them as counters, which must never shrink.
  func pruneProfile(_ now: Timestamp) async throws {
    let hour = ProfileRecorder.hour
    let end = (now - Engine.profileRetention).microseconds / hour * hour
    let recent = (now - Engine.recentRetention).microseconds
    let isNeeded = try await engine.store.read { transaction in
      guard try transaction.hasTables(of: Migration.profile.step) else { return false }
      return try !transaction.query(
        """
        SELECT 1 WHERE EXISTS(SELECT 1 FROM nightshift_profile WHERE hour > 0 AND hour < ?)
          OR EXISTS(SELECT 1 FROM nightshift_profile WHERE part = 'recent' AND hour < ?)
        """, [.integer(end), .integer(recent)]
      ).isEmpty
    }
    // Nothing is written for nothing: an idle server leaves the disk alone.
    guard isNeeded else { return }
    try await engine.store.write { transaction in
      try transaction.takeTurns(on: "nightshift profile")
      let rows = try transaction.profileRows(from: 1, to: end, kind: nil, parts: [.attempt, .wait])
      try transaction.execute("DELETE FROM nightshift_profile WHERE hour > 0 AND hour < ?", [.integer(end)])
      try transaction.execute(
        "DELETE FROM nightshift_profile WHERE part = 'recent' AND hour < ?", [.integer(recent)])
      var folded: [ProfileTally.Key: ProfileTally] = [:]
      for (key, tally) in rows {
        var key = key
        key.hour = 0
        folded[key, default: ProfileTally()].add(tally)
      }
      try transaction.add(folded)
    }
  }
}
