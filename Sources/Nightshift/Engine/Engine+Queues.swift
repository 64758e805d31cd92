extension Engine {
  /// All queues with what is in them.
  package func queues() async throws(StoreError) -> [QueueSummary] {
    try await store.read { transaction in
      let counters = try transaction.query("SELECT queue, state, sum(n) FROM nightshift_counters GROUP BY queue, state")
      var counts: [String: [JobState: Int]] = [:]
      for row in counters {
        guard let state = JobState(code: row.integer(1)!) else { continue }
        counts[row.text(0)!, default: [:]][state] = Int(row.integer(2)!)
      }
      let workers = try transaction.query(
        "SELECT queues FROM nightshift_workers WHERE ended_at IS NULL AND role = 'worker' AND mode = 'running'")
      let served = workers.map { row in row.text(0).flatMap(Self.names(in:)) }
      return try transaction.query("SELECT name, paused_at, paused_by FROM nightshift_queues ORDER BY name").map {
        row in
        let name = row.text(0)!
        return QueueSummary(
          name: name, pausedAt: row.timestamp(1), pausedBy: row.text(2), counts: counts[name] ?? [:],
          oldestReadyAt: try Self.oldestReady(in: name, transaction),
          workers: served.filter { $0 == nil || $0!.contains(name) }.count)
      }
    }
  }

  /// The names in a worker's `queues` column; `nil` if it serves all.
  static func names(in text: String) -> [String]? {
    // Written by us: `null` or a list of strings.
    (try? JSONValue(parsing: text.utf8))?.arrayValue?.compactMap(\.stringValue)
  }

  /// Looks at the first job of each priority only, which the index finds at once.
  private static func oldestReady(
    in queue: String, _ transaction: any ReadTransaction
  ) throws(StoreError) -> Timestamp? {
    var oldest: Timestamp?
    let order = try transaction.hasTables(of: Migration.limits.step) ? "coalesce(turn, run_at)" : "run_at"
    for priority in Priority.allCases {
      let rows = try transaction.query(
        """
        SELECT run_at FROM nightshift_jobs WHERE state = 0 AND hold = 0 AND queue = ? AND priority = ?
        ORDER BY \(order) LIMIT 1
        """, [.text(queue), .integer(priority.code)])
      guard let runAt = rows.first?.timestamp(0) else { continue }
      oldest = min(oldest ?? runAt, runAt)
    }
    return oldest
  }

  /// Stops all workers from claiming from a queue; what is under way goes on. Survives restarts.
  ///
  /// - Returns: `false` if there is no such queue.
  package func pause(_ queue: QueueName, by actor: Actor) async throws -> Bool {
    try await setPaused(queue, clock.now, by: actor)
  }

  /// Ends a pause. `false` if there is no such queue.
  package func resume(_ queue: QueueName, by actor: Actor) async throws -> Bool {
    try await setPaused(queue, nil, by: actor)
  }

  private func setPaused(_ queue: QueueName, _ moment: Timestamp?, by actor: Actor) async throws -> Bool {
    let now = clock.now
    let exists = try await store.write { transaction in
      let changed = try transaction.execute(
        "UPDATE nightshift_queues SET paused_at = ?, paused_by = ? WHERE name = ?",
        [SQLValue(moment), SQLValue(moment == nil ? nil : actor.id), .text(queue.rawValue)])
      guard changed == 1 else { return false }
      try transaction.audit(moment == nil ? "resume" : "pause", "queue \(queue)", by: actor, at: now)
      return true
    }
    if exists { try await refresh() }
    return exists
  }

  /// Cancels everything in a queue that has not begun.
  package func purge(_ queue: QueueName, dryRun: Bool, by actor: Actor) async throws -> BulkOutcome {
    var filter = JobFilter()
    filter.queues = [queue.rawValue]
    filter.states = [.ready, .scheduled, .waiting, .blocked]
    return try await changeAll(.cancel, matching: filter, reason: "queue purged", dryRun: dryRun, by: actor)
  }

  /// Every kind that any worker has registered.
  package func kinds() async throws(StoreError) -> [KindSummary] {
    try await store.read { transaction in
      try transaction.query(
        """
        SELECT kind, queue, priority, max_attempts, timeout, backoff, description, source, schema, registered_at,
          (SELECT count(*) FROM nightshift_kind_workers kw JOIN nightshift_workers w ON w.id = kw.worker
           WHERE kw.kind = k.kind AND w.ended_at IS NULL AND w.role = 'worker')
        FROM nightshift_kinds k ORDER BY kind
        """
      ).map { row in
        KindSummary(
          kind: row.text(0)!, queue: row.text(1)!, priority: Priority(code: row.integer(2)!) ?? .normal,
          maxAttempts: Int(row.integer(3)!), timeout: row.integer(4).map { .microseconds($0) },
          backoff: row.text(5)!, description: row.text(6)!, source: row.text(7)!,
          // It was checked when it was registered.
          schema: row.text(8).flatMap { try? JSONValue(parsing: $0.utf8) }, registeredAt: row.timestamp(9)!,
          workers: Int(row.integer(10)!))
      }
    }
  }
}
