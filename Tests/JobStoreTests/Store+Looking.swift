package import Nightshift

/// The moment at which tests begin.
let noon = Timestamp(microseconds: 1_767_268_800_000_000)

/// What a store keeps of one job.
struct StoredJob: Hashable {
  var state: JobState
  var attempt = 0
  var failures = 0
  var crashes = 0
  var priority = Priority.normal
  var runAt = noon
  var hold: Int64 = 0
  var isCancelRequested = false
}

extension Store {
  func look(_ id: JobID) async throws(StoreError) -> StoredJob? { try await lookAtAll()[id] }

  func lookAtAll() async throws(StoreError) -> [JobID: StoredJob] {
    let rows = try await read {
      try $0.query(
        """
        SELECT id, state, attempt, failures, crashes, priority, run_at, hold, cancel_requested_at FROM nightshift_jobs
        """)
    }
    return Dictionary(uniqueKeysWithValues: rows.map { row in (row.job(0)!, StoredJob(row)) })
  }

  func state(of id: JobID) async throws(StoreError) -> JobState? { try await look(id)?.state }

  /// The first column of a query, as text.
  func column(_ sql: String, _ values: [SQLValue] = []) async throws(StoreError) -> [String] {
    let rows = try await read { try $0.query(sql, values) }
    return rows.map { row in row.text(0) ?? row.integer(0).map(String.init) ?? "NULL" }
  }

  func count(_ table: String) async throws(StoreError) -> Int {
    let rows = try await read { try $0.query("SELECT count(*) FROM nightshift_\(table)") }
    return Int(rows[0].integer(0)!)
  }

  /// A live worker with this number.
  func addWorker(_ number: Int64 = 1) async throws -> WorkerID {
    try await write { transaction in
      let node = try transaction.query("SELECT coalesce(max(node), 0) + 1 FROM nightshift_workers")[0]
        .integer(0)!
      try transaction.execute(
        """
        INSERT INTO nightshift_workers(
          id, node, name, role, host, boot, pid_namespace, pid, process_start, started_at, beat, mode, queues,
          concurrency, version)
        VALUES(?, ?, 'test', 'worker', 'host', 'boot', 'pid', 1, 1, ?, 0, 'running', 'null', 4, '0')
        """, [.integer(number), .integer(node), SQLValue(noon)])
    }
    return WorkerID(rawValue: number)
  }

  @discardableResult
  func insert(_ job: NewJob, now: Timestamp = noon) async throws(StoreError) -> InsertOutcome {
    try await insert([job], now: now)[0]
  }

  func claim(
    _ limit: Int = 1, from queues: [QueueName] = [.default], by worker: WorkerID, now: Timestamp = noon
  ) async throws(StoreError) -> [ClaimedJob] {
    let lanes = queues.map { ClaimRequest.Lane($0, limit: limit) }
    return try await claim(ClaimRequest(worker: worker, now: now, lanes: lanes, limit: limit))
  }

  @discardableResult
  func settle(
    _ job: ClaimedJob, by worker: WorkerID, _ outcome: Settlement.Outcome, at now: Timestamp = noon
  ) async throws(StoreError) -> SettleOutcome {
    try await settle([Settlement(job, worker: worker, startedAt: now, endedAt: now, outcome: outcome)])[0]
  }

  func change(_ change: JobChange, _ id: JobID, now: Timestamp = noon) async throws(StoreError)
    -> ChangeOutcome
  {
    try await self.change(change, of: [id], now: now)[0]
  }

  /// A beat, with its answer.
  func beat(_ worker: WorkerID) async throws(StoreError) -> WorkerOrders {
    try await withCheckedContinuation { continuation in
      beat(worker) { continuation.resume(returning: $0) }
    }.get()
  }

  /// The counters of each queue and state, and the same by counting the rows.
  func counters() async throws(StoreError) -> (kept: [String: Int], counted: [String: Int]) {
    try await read { transaction in
      func table(_ sql: String) throws(StoreError) -> [String: Int] {
        let rows = try transaction.query(sql)
        return Dictionary(
          uniqueKeysWithValues: rows.map { ("\($0.text(0)!)/\($0.integer(1)!)", Int($0.integer(2)!)) })
      }
      return (
        try table("SELECT queue, state, sum(n) FROM nightshift_counters GROUP BY queue, state HAVING sum(n) <> 0"),
        try table("SELECT queue, state, count(*) FROM nightshift_jobs GROUP BY queue, state")
      )
    }
  }
}

extension StoredJob {
  fileprivate init(_ row: SQLRow) {
    self.init(
      state: JobState(code: row.integer(1)!)!, attempt: Int(row.integer(2)!), failures: Int(row.integer(3)!),
      crashes: Int(row.integer(4)!), priority: Priority(code: row.integer(5)!)!, runAt: row.timestamp(6)!,
      hold: row.integer(7)!, isCancelRequested: row.integer(8) != nil)
  }
}

extension NewJob {
  /// A job with this number as its id, due at noon.
  init(_ number: Int64, queue: QueueName = .default, runAt: Timestamp = noon, payload: String = "{}") {
    self.init(
      id: JobID(rawValue: number), kind: "work", queue: queue, runAt: runAt, payload: Array(payload.utf8))
  }

  func with(_ change: (inout NewJob) -> Void) -> NewJob {
    var job = self
    change(&job)
    return job
  }
}

extension JobID: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int64) { self.init(rawValue: value) }
}
