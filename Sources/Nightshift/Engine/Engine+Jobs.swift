extension Engine {
  /// Everything that is known of a job; `nil` if there is none with this id.
  ///
  /// - Parameter reach: Of whoever asks: of other jobs that it is tied to, those beyond are not named.
  package func job(_ id: JobID, within reach: Reach = Reach()) async throws(StoreError) -> JobDetail? {
    let now = clock.now
    return try await store.read { transaction in
      guard let summary = try JobSummary.read([id], transaction).first else { return nil }
      var job = try JobDetail(summary, transaction)
      if try Migration.hasWorkflows(transaction) { job.ties = try JobTies(of: id, within: reach, transaction) }
      if let origin = job.flow.origin, !reach.isEverything, try !Self.reaches(reach, origin, transaction) {
        (job.flow.origin, job.flow.originStep) = (nil, nil)
      }
      job.limits = try JobLimits(of: summary, now: now, transaction)
      return job
    }
  }

  /// Log lines after a sequence number, oldest first.
  package func logs(of id: JobID, after sequence: Int64, limit: Int) async throws(StoreError) -> [LogLine] {
    try await store.read { transaction in
      try transaction.query(
        """
        SELECT seq, attempt, at, level, message FROM nightshift_logs WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?
        """, [SQLValue(id), .integer(sequence), SQLValue(limit)]
      ).map(LogLine.init)
    }
  }

  /// Begins a subscription after which a look at the store shows all that the subscription does not tell.
  ///
  /// While nobody listens transitions are not collected, and a transaction that was under way when the first subscriber
  /// came does not begin to: it has to be over before anybody looks.
  package func listen(_ filter: EventFilter, after lastEventID: String? = nil) async throws -> EventStream {
    let stream = events.subscribe(filter, after: lastEventID)
    await foreignEvents.waitUntilHeard()
    return stream
  }

  /// Waits until a job is over, or the time is.
  ///
  /// - Returns: The job as it then is; `nil` if there is none with this id.
  package func waitForEnd(
    of id: JobID, within reach: Reach = Reach(), timeout: Duration
  ) async throws -> JobDetail? {
    // Listen first and look then, so that nothing happens in between unseen.
    let stream = try await listen(EventFilter(job: id))
    guard let now = try await job(id, within: reach) else { return nil }
    guard !now.summary.state.isTerminal, timeout > .zero else { return now }
    let deadline = clock.monotonic(after: timeout)
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        // A subscriber that was dropped looks at once, which is what it would do anyway.
        _ = try? await stream.first { delivery in
          if case .event(_, let event) = delivery, case .state(let state, _) = event.body {
            state.isTerminal
          } else {
            false
          }
        }
      }
      group.addTask { try? await self.clock.sleep(untilMonotonic: deadline) }
      await group.next()
      group.cancelAll()
    }
    return try await job(id, within: reach)
  }
}

// MARK: Rows

extension JobSummary {
  static let columns = """
    j.id, j.kind, j.queue, j.state, j.priority, j.run_at, j.attempt, j.failures, j.crashes, j.max_attempts, j.version,
    j.hold, j.hold_until, j.worker, j.started_at, j.finished_at, j.cancel_requested_at, j.cancel_reason, j.stuck_at,
    p.timeout, p.organization, p.owner, p.traceparent, p.tags
    """

  static func read(_ ids: [JobID], _ transaction: any ReadTransaction) throws(StoreError) -> [JobSummary] {
    var jobs: [JobSummary] = []
    for id in ids {
      let rows = try transaction.query(
        "SELECT \(columns) FROM nightshift_jobs j JOIN nightshift_payloads p ON p.id = j.id WHERE j.id = ?",
        [SQLValue(id)])
      jobs += rows.map(JobSummary.init)
    }
    try notePauses(on: &jobs, transaction)
    return jobs
  }

  init(_ row: SQLRow) {
    // Written by us: a list of strings and nothing else.
    let tags = row.text(23).flatMap { try? JSONValue(parsing: $0.utf8) }?.arrayValue ?? []
    self.init(
      id: row.job(0)!, kind: row.text(1)!, queue: row.text(2)!, state: JobState(code: row.integer(3)!) ?? .ready,
      priority: Priority(code: row.integer(4)!) ?? .normal, runAt: row.timestamp(5)!, attempt: Int(row.integer(6)!),
      failures: Int(row.integer(7)!), crashes: Int(row.integer(8)!), maxAttempts: Int(row.integer(9)!),
      version: row.integer(10)!,
      hold: row.integer(11).flatMap(Hold.Reason.init(rawValue:)).map { Hold($0, until: row.timestamp(12)) },
      worker: row.integer(13).map(WorkerID.init(rawValue:)), startedAt: row.timestamp(14),
      finishedAt: row.timestamp(15), cancelRequestedAt: row.timestamp(16), cancelReason: row.text(17),
      stuckAt: row.timestamp(18), timeout: row.integer(19).map { .microseconds($0) }, organization: row.text(20),
      owner: row.text(21), traceparent: row.text(22), tags: tags.compactMap(\.stringValue))
  }
}

extension JobDetail {
  /// Log lines that are shown with a job; the rest is read by ``Engine/logs(of:after:limit:)``.
  static let logLines = 200

  fileprivate init(_ summary: JobSummary, _ transaction: any ReadTransaction) throws(StoreError) {
    let id = SQLValue(summary.id)
    let payload = try transaction.query("SELECT payload FROM nightshift_payloads WHERE id = ?", [id])
    let result = try transaction.query("SELECT result FROM nightshift_results WHERE id = ?", [id])
    let progress = try transaction.query(
      "SELECT attempt, millionths, message, at FROM nightshift_progress WHERE job = ?", [id])
    let attempts = try transaction.query(
      """
      SELECT attempt, worker, started_at, ended_at, outcome, error_type, error_message, error_detail
      FROM nightshift_attempts WHERE job = ? ORDER BY attempt
      """, [id])
    let logs = try transaction.query(
      """
      SELECT seq, attempt, at, level, message FROM nightshift_logs WHERE job = ? ORDER BY seq DESC
      LIMIT \(Self.logLines)
      """, [id])
    let logCount = try transaction.query("SELECT count(*) FROM nightshift_logs WHERE job = ?", [id])
    let artifacts = try transaction.query(
      "SELECT \(ArtifactRecord.columns) FROM nightshift_artifacts WHERE job = ? ORDER BY name", [id])
    let former = try transaction.query(
      "SELECT version, replaced_at, payload FROM nightshift_old_payloads WHERE job = ? ORDER BY version", [id])
    self.init(
      summary: summary, payload: payload.first?.bytes(0) ?? [], result: result.first?.bytes(0),
      progress: progress.first.map(ProgressRecord.init), attempts: attempts.map(AttemptRecord.init),
      logs: logs.reversed().map(LogLine.init), logCount: Int(logCount.first?.integer(0) ?? 0),
      artifacts: artifacts.map(ArtifactRecord.init),
      formerPayloads: former.map {
        FormerPayload(version: $0.integer(0)!, replacedAt: $0.timestamp(1)!, payload: $0.bytes(2)!)
      },
      flow: try summary.attempt > 0
        ? JobFlow(of: summary.id, transaction) : JobFlow(ofUnbegun: summary.id, transaction))
  }
}

extension ProgressRecord {
  fileprivate init(_ row: SQLRow) {
    self.init(
      attempt: Int(row.integer(0)!), fraction: Double(row.integer(1)!) / 1_000_000, message: row.text(2),
      at: row.timestamp(3)!)
  }
}

extension AttemptRecord {
  fileprivate init(_ row: SQLRow) {
    self.init(
      attempt: Int(row.integer(0)!), worker: WorkerID(rawValue: row.integer(1)!), startedAt: row.timestamp(2),
      endedAt: row.timestamp(3)!, outcome: row.text(4)!,
      failure: row.text(5).map { Failure(type: $0, message: row.text(6) ?? "", detail: row.text(7)) })
  }
}

extension LogLine {
  init(_ row: SQLRow) {
    self.init(
      sequence: row.integer(0)!, attempt: Int(row.integer(1)!), at: row.timestamp(2)!, level: row.text(3)!,
      message: row.text(4)!)
  }
}
