/// Dead jobs that died of the same error.
package struct DeadLetterGroup: Sendable {
  /// More are not counted: whoever looks sees that there are many.
  package static let mostCounted = 10_000
  /// So many hours does ``trend`` go back.
  package static let trendHours = 24

  package struct Ignored: Sendable, Hashable {
    package var at: Timestamp
    package var by: String
    package var reason: String
  }

  package var fingerprint: String
  package var kind: String
  package var type: String
  /// Without what differs from one to the next.
  package var message: String
  /// ``mostCounted`` stands for as many or more.
  package var count: Int
  package var firstSeen: Timestamp
  package var lastSeen: Timestamp
  /// The one that died last.
  package var example: JobID
  /// The message of that one.
  package var exampleMessage: String
  /// Deaths by the hour, the oldest first; counted up to a thousand in all.
  package var trend: [Int]
  package var ignored: Ignored?
}

/// Groups of dead jobs, those that grew last first.
package struct DeadLetterPage: Sendable {
  package var groups: [DeadLetterGroup]
  /// Whether there are more groups than were looked at.
  package var isCut: Bool
}

extension Engine {
  /// So many groups are looked at.
  private static let mostGroups = 500
  /// So much time one request may take.
  private static let budget = Duration.milliseconds(50)

  /// Dead jobs by what they died of, those that grew last first.
  ///
  /// It leaps through an index from group to group and stops after about 50 ms, see ``DeadLetterPage/isCut``.
  ///
  /// - Parameter ignored: Whether those that people ignore are meant, or the others.
  package func deadLetters(ignored: Bool = false) async throws(StoreError) -> DeadLetterPage {
    let clock = self.clock
    let now = clock.now
    return try await store.read { transaction in
      guard try transaction.hasTables(of: Migration.deadLetters.step) else {
        return DeadLetterPage(groups: [], isCut: false)
      }
      let deadline = clock.monotonic + Self.budget.microseconds * 1000
      let known = try Self.ignoredErrors(transaction)
      var groups: [DeadLetterGroup] = []
      var last = ""
      while let fingerprint = try Self.fingerprint(after: last, transaction) {
        last = fingerprint
        guard groups.count < Self.mostGroups, clock.monotonic < deadline else {
          return DeadLetterPage(groups: Self.sorted(groups), isCut: true)
        }
        guard (known[fingerprint] != nil) == ignored else { continue }
        guard var group = try Self.group(fingerprint, now: now, transaction) else { continue }
        group.ignored = known[fingerprint]
        groups.append(group)
      }
      return DeadLetterPage(groups: Self.sorted(groups), isCut: false)
    }
  }

  /// One group; `nil` if no dead job died of it.
  package func deadLetterGroup(_ fingerprint: String) async throws(StoreError) -> DeadLetterGroup? {
    let now = clock.now
    return try await store.read { transaction in
      guard try transaction.hasTables(of: Migration.deadLetters.step) else { return nil }
      var group = try Self.group(fingerprint, now: now, transaction)
      group?.ignored = try Self.ignoredErrors(transaction)[fingerprint]
      return group
    }
  }

  private static func sorted(_ groups: [DeadLetterGroup]) -> [DeadLetterGroup] {
    groups.sorted { ($1.lastSeen, $0.fingerprint) < ($0.lastSeen, $1.fingerprint) }
  }

  private static func fingerprint(
    after last: String, _ transaction: any ReadTransaction
  ) throws(StoreError) -> String? {
    try transaction.query(
      """
      SELECT fingerprint FROM nightshift_dead_letters WHERE fingerprint > ? ORDER BY fingerprint, died_at, job LIMIT 1
      """, [.text(last)]
    ).first?.text(0)
  }

  private static func ignoredErrors(
    _ transaction: any ReadTransaction
  ) throws(StoreError) -> [String: DeadLetterGroup.Ignored] {
    let rows = try transaction.query(
      "SELECT fingerprint, ignored_at, ignored_by, reason FROM nightshift_ignored_errors")
    var ignored: [String: DeadLetterGroup.Ignored] = [:]
    for row in rows {
      ignored[row.text(0)!] = .init(at: row.timestamp(1)!, by: row.text(2)!, reason: row.text(3)!)
    }
    return ignored
  }

  private static func group(
    _ fingerprint: String, now: Timestamp, _ transaction: any ReadTransaction
  ) throws(StoreError) -> DeadLetterGroup? {
    let newest = try transaction.query(
      """
      SELECT job, died_at FROM nightshift_dead_letters WHERE fingerprint = ? ORDER BY died_at DESC, job DESC LIMIT 1
      """, [.text(fingerprint)])
    guard let example = newest.first?.job(0), let lastSeen = newest.first?.timestamp(1) else { return nil }
    let oldest = try transaction.query(
      """
      SELECT died_at FROM nightshift_dead_letters WHERE fingerprint = ? ORDER BY fingerprint, died_at, job LIMIT 1
      """, [.text(fingerprint)])
    let count = try transaction.query(
      """
      SELECT count(*) FROM (SELECT died_at FROM nightshift_dead_letters WHERE fingerprint = ? LIMIT ?) AS counted
      """, [.text(fingerprint), SQLValue(DeadLetterGroup.mostCounted)])
    let error = try transaction.query(
      """
      SELECT j.kind, a.error_type, a.error_message FROM nightshift_jobs j
      LEFT JOIN nightshift_attempts a ON a.job = j.id AND a.error_type IS NOT NULL
      WHERE j.id = ? ORDER BY a.attempt DESC LIMIT 1
      """, [SQLValue(example)]
    ).first
    let message = error?.text(2) ?? ""
    return DeadLetterGroup(
      fingerprint: fingerprint, kind: error?.text(0) ?? "", type: error?.text(1) ?? "",
      message: ErrorFingerprint.normalised(message), count: Int(count.first?.integer(0) ?? 0),
      firstSeen: oldest.first?.timestamp(0) ?? lastSeen, lastSeen: lastSeen, example: example, exampleMessage: message,
      trend: try trend(fingerprint, now: now, transaction))
  }

  private static func trend(
    _ fingerprint: String, now: Timestamp, _ transaction: any ReadTransaction
  ) throws(StoreError) -> [Int] {
    let hours = DeadLetterGroup.trendHours
    let start = now - .seconds(3_600 * hours)
    let rows = try transaction.query(
      """
      SELECT died_at FROM nightshift_dead_letters WHERE fingerprint = ? AND died_at > ?
      ORDER BY died_at DESC, job DESC LIMIT 1000
      """, [.text(fingerprint), SQLValue(start)])
    var trend = [Int](repeating: 0, count: hours)
    for row in rows {
      let hour = Int((row.timestamp(0)! - start).microseconds / 3_600_000_000)
      if trend.indices.contains(hour) { trend[hour] += 1 }
    }
    return trend
  }
}

// MARK: Ignoring

extension Engine {
  /// Leaves a group out of the list, with a reason, until somebody takes that back.
  package func ignoreError(_ fingerprint: String, reason: String, by actor: Actor) async throws {
    let now = clock.now
    try await store.write { transaction in
      try transaction.execute(
        """
        INSERT INTO nightshift_ignored_errors(fingerprint, ignored_at, ignored_by, reason) VALUES(?, ?, ?, ?)
        ON CONFLICT(fingerprint) DO UPDATE
        SET ignored_at = excluded.ignored_at, ignored_by = excluded.ignored_by, reason = excluded.reason
        """, [.text(fingerprint), SQLValue(now), .text(actor.id), .text(reason)])
      try transaction.audit(
        "ignore-error", fingerprint, by: actor, at: now, detail: ["reason": .string(reason)])
    }
  }

  /// - Returns: Whether it was ignored.
  package func unignoreError(_ fingerprint: String, by actor: Actor) async throws -> Bool {
    let now = clock.now
    return try await store.write { transaction in
      let count = try transaction.execute(
        "DELETE FROM nightshift_ignored_errors WHERE fingerprint = ?", [.text(fingerprint)])
      if count > 0 { try transaction.audit("unignore-error", fingerprint, by: actor, at: now) }
      return count > 0
    }
  }
}
