import Synchronization

/// Deletes ended jobs that are old enough, or too many of their kind. Small batches, so that the writer is never held
/// up, and read by walking the primary key, so that the hot tables need no index for it.
struct Pruner {
  static let window = 5_000
  static let batch = 200

  let engine: Engine

  init(engine: Engine) { self.engine = engine }

  private struct Ended {
    var id: JobID
    var kind: String
    var state: JobState
    var finishedAt: Timestamp
  }

  /// One pass over all jobs, oldest first; tells how many were deleted.
  @discardableResult
  func prune() async throws -> Int {
    let now = engine.clock.now
    var pruned = try await pruneByCount(now)
    pruned += try await pruneByAge(now)
    try await pruneSmallTables(now)
    try await pruneSlots(now)
    try await pruneLimits(now)
    try await engine.noteOldDeaths()
    try await pruneSessions(now)
    try await pruneProfile(now)
    try await pruneAudit(now)
    return pruned
  }

  private func pruneByAge(_ now: Timestamp) async throws(StoreError) -> Int {
    let configuration = engine.configuration
    let completed = now - configuration.keepCompleted
    let dead = now - configuration.keepDead
    // An id is as old as its job, so nothing that was made after the cut-off can have ended before it.
    return try await walk(until: Identifier.lowest(at: max(completed, dead))) { job in
      job.finishedAt < (job.state == .dead ? dead : completed)
    }
  }

  /// Counts from the newest, so it has to look at all jobs of the kinds with a limit; only done where there are any.
  private func pruneByCount(_ now: Timestamp) async throws(StoreError) -> Int {
    let limits = engine.caches.withLock { $0.kinds.compactMapValues { $0.keep.isLimited ? $0.keep : nil } }
    guard !limits.isEmpty else { return 0 }
    let youngest = now - .seconds(3600)
    var seen: [String: RetentionCounts] = [:]
    var pruned = 0
    var last = Int64.max
    while true {
      let jobs = try await window("id < ?", last, "DESC")
      var surplus: [JobID] = []
      for job in jobs where job.state != .cancelled {
        guard let limit = limits[job.kind] else { continue }
        let count = seen[job.kind, default: RetentionCounts()].add(job.state)
        guard let most = job.state == .dead ? limit.dead : limit.completed else { continue }
        if count > most, job.finishedAt < youngest { surplus.append(job.id) }
      }
      pruned += try await delete(surplus)
      guard jobs.count == Self.window, let next = jobs.last else { return pruned }
      last = next.id.rawValue
    }
  }

  private func walk(until end: Int64, _ isOld: (Ended) -> Bool) async throws(StoreError) -> Int {
    var pruned = 0
    var last: Int64 = -1
    while true {
      let jobs = try await window("id > ?", last, "ASC")
      let old = jobs.filter { $0.id.rawValue < end && isOld($0) }
      pruned += try await delete(old.map(\.id))
      guard jobs.count == Self.window, let next = jobs.last, next.id.rawValue < end else { return pruned }
      last = next.id.rawValue
    }
  }

  private func window(_ condition: String, _ bound: Int64, _ order: String) async throws(StoreError) -> [Ended] {
    let rows = try await engine.store.read { transaction in
      try transaction.query(
        """
        SELECT id, kind, state, finished_at FROM nightshift_jobs WHERE \(condition) ORDER BY id \(order)
        LIMIT \(Self.window)
        """, [.integer(bound)])
    }
    // Those that have not ended are kept in the window, so that it is known where it ends.
    return rows.map { row in
      Ended(
        id: row.job(0)!, kind: row.text(1)!, state: JobState(code: row.integer(2)!) ?? .ready,
        finishedAt: JobState(code: row.integer(2)!)?.isTerminal == true
          ? row.timestamp(3) ?? Timestamp(microseconds: 0) : Timestamp(microseconds: .max))
    }
  }

  private func delete(_ jobs: [JobID]) async throws(StoreError) -> Int {
    var pruned = 0
    var rest = jobs[...]
    while !rest.isEmpty {
      pruned += try await engine.store.prune(Array(rest.prefix(Self.batch)))
      rest = rest.dropFirst(Self.batch)
    }
    return pruned
  }

  private func pruneSmallTables(_ now: Timestamp) async throws {
    let rollups = now - .seconds(400 * 86_400)
    let events = now - .seconds(300)
    let ended = now - .seconds(7 * 86_400)
    let isNeeded = try await engine.store.read { transaction in
      try !transaction.query(
        """
        SELECT 1 WHERE EXISTS(SELECT 1 FROM nightshift_keys WHERE expires_at < ?)
          OR EXISTS(SELECT 1 FROM nightshift_events WHERE at < ? AND id < (SELECT max(id) FROM nightshift_events))
          OR EXISTS(SELECT 1 FROM nightshift_workers WHERE ended_at < ?)
          OR EXISTS(SELECT 1 FROM nightshift_rollups WHERE hour > 0 AND hour < ?)
        """, [SQLValue(now), SQLValue(events), SQLValue(ended), SQLValue(rollups)]
      ).isEmpty
    }
    // Nothing is written for nothing: an idle server leaves the disk alone.
    guard isNeeded else { return }
    try await deleteInBatches(
      """
      DELETE FROM nightshift_keys WHERE (scope, key) IN (
        SELECT scope, key FROM nightshift_keys WHERE expires_at < ? ORDER BY expires_at LIMIT ?)
      """, [SQLValue(now)])
    try await engine.store.write { transaction in
      // The newest stays: without it SQLite would number the next ones from 1 again, below what listeners have read.
      try transaction.execute(
        "DELETE FROM nightshift_events WHERE at < ? AND id < (SELECT max(id) FROM nightshift_events)",
        [SQLValue(events)])
      try transaction.execute("DELETE FROM nightshift_workers WHERE ended_at < ?", [SQLValue(ended)])
      try Self.foldRollups(before: rollups, transaction)
    }
  }
}

extension Pruner {
  /// Deletes with a statement whose last parameter is how many rows it may, until there are no more: one transaction
  /// after the other, so that none holds up what others write.
  func deleteInBatches(_ sql: String, _ values: [SQLValue]) async throws {
    let limit = 1_000
    while true {
      let deleted = try await engine.store.write { transaction in
        try transaction.execute(sql, values + [SQLValue(limit)])
      }
      guard deleted == limit, !Task.isCancelled else { return }
    }
  }

  /// Adds old hours to one row for each queue and kind, at hour 0: totals must never shrink, since monitoring reads them
  /// as counters.
  fileprivate static func foldRollups(
    before end: Timestamp, _ transaction: any WriteTransaction
  ) throws(StoreError) {
    let sums = ["enqueued", "completed", "failed", "dead", "cancelled", "wait_us", "run_us"]
    let columns = "hour, queue, kind, \(sums.joined(separator: ", ")), wait_max_us, run_max_us"
    let rows = try transaction.query(
      """
      SELECT 0, queue, kind, \(sums.map { "sum(\($0))" }.joined(separator: ", ")), max(wait_max_us), max(run_max_us)
      FROM nightshift_rollups WHERE hour < ? GROUP BY queue, kind
      """, [SQLValue(end)])
    try transaction.execute("DELETE FROM nightshift_rollups WHERE hour < ?", [SQLValue(end)])
    for row in rows {
      try transaction.execute(
        "INSERT INTO nightshift_rollups(\(columns)) VALUES(\(row.values.map { _ in "?" }.joined(separator: ", ")))",
        row.values)
    }
  }
}

// MARK: Slots

extension Pruner {
  /// Deletes slots as old as the oldest jobs that are kept, unless their jobs are not over: those ask for their slot.
  /// That a slot was fired is also known by how far its schedule has come.
  fileprivate func pruneSlots(_ now: Timestamp) async throws {
    let end = now - max(engine.configuration.keepCompleted, engine.configuration.keepDead)
    while true {
      let rows: [SQLRow]
      do throws(StoreError) {
        rows = try await engine.store.read { transaction in
          try transaction.query(
            """
            SELECT schedule, at FROM nightshift_slots WHERE fired_at < ? AND NOT EXISTS (
              SELECT 1 FROM nightshift_jobs j WHERE j.id = job AND j.state < 5)
            ORDER BY fired_at LIMIT 1000
            """, [SQLValue(end)])
        }
      } catch  where error.code == .wrongVersion {
        return  // the tables have not been made yet
      }
      guard !rows.isEmpty else { return }
      try await engine.store.write { transaction in
        for row in rows {
          try transaction.execute("DELETE FROM nightshift_slots WHERE schedule = ? AND at = ?", row.values)
        }
      }
      guard rows.count == 1_000 else { return }
    }
  }
}

extension RetentionCounts {
  fileprivate var isLimited: Bool { completed != nil || dead != nil }

  /// Counts one more in this state, and tells how many there are now.
  fileprivate mutating func add(_ state: JobState) -> Int {
    if state == .dead {
      dead = (dead ?? 0) + 1
      return dead!
    }
    guard state == .completed else { return 0 }
    completed = (completed ?? 0) + 1
    return completed!
  }
}
