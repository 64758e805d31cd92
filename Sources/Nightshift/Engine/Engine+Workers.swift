import Synchronization

extension Engine {
  /// All live processes on the store.
  package func workers() async throws(StoreError) -> [WorkerSummary] {
    try await store.read { transaction in
      try transaction.query(
        """
        SELECT id, name, role, host, pid, started_at, mode, queues, concurrency, version FROM nightshift_workers
        WHERE ended_at IS NULL ORDER BY started_at, id
        """
      ).map { row in
        let id = row.integer(0)!
        let running = try transaction.query(
          """
          SELECT \(JobSummary.columns) FROM nightshift_jobs j JOIN nightshift_payloads p ON p.id = j.id
          WHERE j.state = 1 AND j.worker = ? LIMIT 1000
          """, [.integer(id)])
        let kinds = try transaction.query(
          "SELECT kind FROM nightshift_kind_workers WHERE worker = ? ORDER BY kind", [.integer(id)])
        return WorkerSummary(
          id: WorkerID(rawValue: id), name: row.text(1)!, role: row.text(2)!, host: row.text(3)!,
          pid: Int(row.integer(4)!), startedAt: row.timestamp(5)!,
          mode: row.text(6).flatMap(WorkerMode.init(rawValue:)) ?? .running,
          queues: row.text(7).flatMap(Self.names(in:)), concurrency: Int(row.integer(8)!), version: row.text(9)!,
          running: running.map(JobSummary.init), kinds: kinds.compactMap { $0.text(0) })
      }
    }
  }

  /// Starts, stops or drains a worker, or all of them: also those in other processes, which follow within a second.
  ///
  /// What is said to all also holds for workers that start later, but for draining, which ends them.
  ///
  /// - Returns: How many workers were told.
  package func command(_ mode: WorkerMode, worker: WorkerID?, by actor: Actor) async throws -> Int {
    let now = clock.now
    let count = try await store.write { transaction in
      let id = worker?.rawValue
      let count = try transaction.execute(
        "UPDATE nightshift_workers SET mode = ? WHERE ended_at IS NULL AND role = 'worker' AND id = coalesce(?, id)",
        [.text(mode.rawValue), SQLValue(id)])
      if worker == nil, mode != .draining { try Self.remember(mode, transaction) }
      let verb = mode == .running ? "start" : mode == .stopped ? "stop" : "drain"
      if count > 0 { try transaction.audit(verb, "worker \(worker?.description ?? "all")", by: actor, at: now) }
      return count
    }
    try await refresh()
    return count
  }

  private static func remember(_ mode: WorkerMode, _ transaction: any WriteTransaction) throws(StoreError) {
    try transaction.execute(
      """
      INSERT INTO nightshift_settings(name, value) VALUES('worker_mode', ?)
      ON CONFLICT(name) DO UPDATE SET value = excluded.value
      """, [.text(mode.rawValue)])
  }
}

// MARK: Health

/// Whether this process can do its work.
package struct Readiness: Sendable {
  package var storeIsWritable: Bool
  package var workerIsRunning: Bool
  /// Whether this process should run a worker: it was not told to stop.
  package var workerIsExpected: Bool
  /// What is wrong, for people.
  package var problem: String?

  package var isReady: Bool { problem == nil }
}

extension Engine {
  /// Tries a durable write, and looks whether the worker runs where one should.
  package func readiness() async -> Readiness {
    var readiness = Readiness(storeIsWritable: false, workerIsRunning: false, workerIsExpected: false, problem: nil)
    readiness.workerIsRunning = lifecycle.withLock { $0 == .running }
    readiness.workerIsExpected = configuration.role == "worker" && worker.mode == .running
    let me = workerID
    do {
      try store.checkPlace()
      // Really written, but with the value that is there.
      _ = try await store.write { transaction in
        try transaction.execute("UPDATE nightshift_workers SET node = node WHERE id = ?", [.integer(me.rawValue)])
      }
      readiness.storeIsWritable = true
    } catch {
      readiness.problem = "the store cannot be written to: \(error)"
    }
    if readiness.problem == nil, readiness.workerIsExpected, !readiness.workerIsRunning {
      readiness.problem = "no worker is running in this process"
    }
    return readiness
  }

  /// What `nightshift doctor` tells of the store and of what is in it.
  package func findings(_ depth: CheckDepth = .thorough) async -> [StoreFinding] {
    var findings = await store.findings(depth)
    do throws(StoreError) {
      findings += try await kindFindings(depth)
      findings += try await jobFindings()
      findings.append(try await pauseFinding())
      findings += try await limitFindings()
      findings.append(try await slowFinding())
      findings.append(try await auditFinding())
      findings.append(try await secretFinding())
    } catch {
      findings.append(StoreFinding("store", isFine: false, found: "\(error)", remedy: "see the cause"))
    }
    return findings
  }

  private func kindFindings(_ depth: CheckDepth) async throws(StoreError) -> [StoreFinding] {
    let orphaned = try await kinds().filter { $0.workers == 0 }.map(\.kind)
    let waiting = try await store.read { transaction in
      try orphaned.filter { try Self.hasUnfinishedJobs($0, depth, transaction) }
    }
    let names = waiting.joined(separator: ", ")
    return [
      StoreFinding(
        "kinds", isFine: waiting.isEmpty,
        found: waiting.isEmpty ? "all that have jobs have a worker" : "jobs wait, and no live worker has: \(names)",
        remedy: "start a worker that has them, or cancel their jobs: nightshift jobs cancel --kind NAME")
    ]
  }

  /// Jobs that a quick look goes through, of each partial index.
  private static let quickLook = 5_000

  /// One look through each partial index: a plain search by kind would walk over all ended jobs.
  private static func hasUnfinishedJobs(
    _ kind: String, _ depth: CheckDepth, _ transaction: any ReadTransaction
  ) throws(StoreError) -> Bool {
    let end = depth == .quick ? "LIMIT \(quickLook)" : ""
    for condition in ["state = 0 AND hold = 0", "hold <> 0", "state = 1", "state = 2"] {
      let rows = try transaction.query(
        """
        SELECT 1 FROM (SELECT kind FROM nightshift_jobs WHERE \(condition) \(end)) AS unfinished
        WHERE kind = ? LIMIT 1
        """, [.text(kind)])
      if !rows.isEmpty { return true }
    }
    return false
  }

  private func jobFindings() async throws(StoreError) -> [StoreFinding] {
    let (held, stuck) = try await store.read { transaction in
      (
        try transaction.query(
          "SELECT kind, count(*) FROM nightshift_jobs WHERE hold <> 0 AND hold = 1 GROUP BY kind ORDER BY kind"),
        try transaction.query("SELECT id FROM nightshift_jobs WHERE state = 1 AND stuck_at IS NOT NULL LIMIT 10")
      )
    }
    let heldText = held.map { "\($0.integer(1)!) × \($0.text(0)!)" }.joined(separator: ", ")
    let stuckText = stuck.compactMap { $0.job(0)?.description }.joined(separator: ", ")
    return [
      StoreFinding(
        "held jobs", isFine: held.isEmpty, found: held.isEmpty ? "none" : heldText,
        remedy: "the worker that claimed them lacks their kind: start one that has it"),
      StoreFinding(
        "stuck handlers", isFine: stuck.isEmpty, found: stuck.isEmpty ? "none" : stuckText,
        remedy: "their handlers ignore cancellation: restart the worker that runs them, and mend the handlers"),
    ]
  }
}
