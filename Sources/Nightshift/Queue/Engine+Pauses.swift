public import Foundation

// MARK: For programs

extension Engine {
  /// Starts no more jobs of a queue, in any process; what runs goes on. Survives restarts.
  ///
  /// The queue need not be there yet. Of a queue that is paused already, end and reason are replaced.
  ///
  /// - Parameters:
  ///   - end: When the pause ends by itself; without it, when somebody ends it.
  ///   - reason: Shown with each job that waits for it.
  public func pause(_ queue: QueueName, until end: Date? = nil, reason: String? = nil) async throws {
    _ = try await pause(.queue(queue), until: end.map { Timestamp($0) }, reason: reason, by: .system)
  }

  /// Starts no more jobs at all, in any process; else as ``pause(_:until:reason:)``.
  public func pauseEverything(until end: Date? = nil, reason: String? = nil) async throws {
    _ = try await pause(.everything, until: end.map { Timestamp($0) }, reason: reason, by: .system)
  }

  /// Ends the pause of a queue.
  public func resume(_ queue: QueueName) async throws { _ = try await resume(.queue(queue), by: .system) }

  /// Ends the pause of everything. Queues that are paused on their own stay so.
  public func resumeEverything() async throws { _ = try await resume(.everything, by: .system) }
}

// MARK: For people

extension Engine {
  /// Pauses a queue or everything on behalf of somebody. One that is paused already keeps its beginning, and gets the
  /// new end and reason.
  ///
  /// - Returns: The pause, and whether the queue has come into being with it.
  package func pause(
    _ subject: Pause.Subject, until end: Timestamp? = nil, reason: String? = nil, by actor: Actor
  ) async throws -> (pause: Pause, isNewQueue: Bool) {
    let now = clock.now
    let outcome = try await store.write { transaction in
      let former = try transaction.query(
        "SELECT paused_at FROM nightshift_queues WHERE name = ?", [.text(subject.row)])
      let pause = Pause(since: former.first?.timestamp(0) ?? now, by: actor.id, until: end, reason: reason)
      let change = AuditedChange(from: try Pause.read(of: subject.row, transaction)?.audited, to: pause.audited)
      try Self.write(pause, of: subject, now: now, transaction)
      try transaction.audit("pause", "\(subject)", by: actor, at: now, detail: change.detail(and: pause.detail))
      return (pause, former.isEmpty && subject != .everything)
    }
    try await refresh()
    return outcome
  }

  private static func write(
    _ pause: Pause, of subject: Pause.Subject, now: Timestamp, _ transaction: any WriteTransaction
  ) throws(StoreError) {
    try transaction.execute(
      """
      INSERT INTO nightshift_queues(name, created_at, paused_at, paused_by) VALUES(?, ?, ?, ?)
      ON CONFLICT(name) DO UPDATE SET
        paused_at = coalesce(nightshift_queues.paused_at, excluded.paused_at), paused_by = excluded.paused_by
      """, [.text(subject.row), SQLValue(now), SQLValue(pause.since), SQLValue(pause.by)])
    guard try Migration.hasPauses(transaction) else {
      guard pause.until == nil, pause.reason == nil else { throw .pausesNotMigrated }
      return
    }
    try transaction.execute(
      "UPDATE nightshift_queues SET paused_until = ?, pause_reason = ? WHERE name = ?",
      [SQLValue(pause.until), SQLValue(pause.reason), .text(subject.row)])
    if let until = pause.until { transaction.session.tally.due(at: until) }
  }

  /// Ends a pause. Nothing happens to what is not paused.
  ///
  /// - Returns: `false` if there is no such queue.
  package func resume(_ subject: Pause.Subject, by actor: Actor) async throws -> Bool {
    let now = clock.now
    let exists = try await store.write { transaction in
      let name = SQLValue.text(subject.row)
      guard let row = try transaction.query("SELECT paused_at FROM nightshift_queues WHERE name = ?", [name]).first
      else { return subject == .everything }
      guard row.integer(0) != nil else { return true }
      let change = AuditedChange(from: try Pause.read(of: subject.row, transaction)?.audited, to: nil)
      try transaction.execute(
        "UPDATE nightshift_queues SET paused_at = NULL, paused_by = NULL WHERE name = ?", [name])
      if try Migration.hasPauses(transaction) {
        try transaction.execute(
          "UPDATE nightshift_queues SET paused_until = NULL, pause_reason = NULL WHERE name = ?", [name])
      }
      try transaction.audit("resume", "\(subject)", by: actor, at: now, detail: change.detail())
      return true
    }
    if exists { try await refresh() }
    return exists
  }

  /// The pause of everything, if there is one.
  package func pauseOfEverything() async throws(StoreError) -> Pause? {
    try await store.read { transaction in try Pause.read(of: Pause.everything, transaction) }
  }
}

extension StoreError {
  fileprivate static let pausesNotMigrated = StoreError(
    .wrongVersion,
    "A pause with an end or a reason needs columns that the database does not have yet. Nothing was changed. "
      + "Run `nightshift db migrate` once every process runs this version.")
}
