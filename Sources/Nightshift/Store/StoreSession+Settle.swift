extension StoreSession {
  /// Records the end of an attempt that did not complete its job; `false` if it is no longer the job's current one.
  package func settleUncompleted(_ settlement: Settlement) throws(StoreError) -> Bool {
    switch settlement.outcome {
    case .completed: throw StoreError(.invalid, "Completed attempts are settled by each store in its own way.")
    case .runAgain(let moment, let why): try runAgain(settlement, at: moment, why)
    case .dead(let failure): try bury(settlement, failure)
    case .cancelled(let reason): try cancel(settlement, reason)
    case .held(let hold): try putOnHold(settlement, hold)
    case .parked(let waits): try park(settlement, waits)
    }
  }

  private func runAgain(
    _ settlement: Settlement, at moment: Timestamp, _ why: Settlement.RunAgain
  ) throws(StoreError) -> Bool {
    let failed = if case .retry = why { 1 } else { 0 }
    // A person's cancel wins over the retry: the job must not come back.
    let changed = try execute(
      """
      UPDATE nightshift_jobs
      SET state = 2, version = version + 1, run_at = ?, failures = failures + ?, started_at = ?
      WHERE id = ? AND state = 1 AND attempt = ? AND worker = ? AND cancel_requested_at IS NULL
      """,
      [SQLValue(moment), SQLValue(failed), SQLValue(settlement.startedAt)]
        + settlement.fence)
    guard changed == 1 else { return try cancelIfRequested(settlement) }
    tally.due(at: moment)
    try ended(settlement, .scheduled) { $0.failed += Int64(failed) }
    switch why {
    case .retry(let failure): try recordAttempt(settlement, "failed", failure)
    case .snooze(let reason):
      try recordAttempt(settlement, "snoozed", reason.map { Failure(type: "snooze", message: $0) })
    case .shutdown: try recordAttempt(settlement, "interrupted", nil)
    case .notAlone: break
    }
    return true
  }

  private func bury(_ settlement: Settlement, _ failure: Failure) throws(StoreError) -> Bool {
    let changed = try execute(
      """
      UPDATE nightshift_jobs
      SET state = 6, version = version + 1, failures = failures + 1, started_at = ?, finished_at = ?
      WHERE id = ? AND state = 1 AND attempt = ? AND worker = ? AND cancel_requested_at IS NULL
      """, [SQLValue(settlement.startedAt), SQLValue(settlement.endedAt)] + settlement.fence)
    guard changed == 1 else { return try cancelIfRequested(settlement) }
    try ended(settlement, .dead) {
      $0.failed += 1
      $0.dead += 1
    }
    try recordAttempt(settlement, "failed", failure)
    try withdrawWaits(of: settlement.id, at: settlement.endedAt)
    try noteDeath(of: settlement.id, kind: settlement.kind, failure, at: settlement.endedAt)
    try tell("dead", settlement.id, settlement.attempt, failure.message, at: settlement.endedAt)
    return true
  }

  private func cancel(_ settlement: Settlement, _ reason: String) throws(StoreError) -> Bool {
    let changed = try execute(
      """
      UPDATE nightshift_jobs
      SET state = 7, version = version + 1, started_at = ?, finished_at = ?,
        cancel_reason = coalesce(cancel_reason, ?)
      WHERE id = ? AND state = 1 AND attempt = ? AND worker = ?
      """,
      [SQLValue(settlement.startedAt), SQLValue(settlement.endedAt), .text(reason)] + settlement.fence)
    guard changed == 1 else { return false }
    try ended(settlement, .cancelled) { $0.cancelled += 1 }
    try recordAttempt(settlement, "cancelled", Failure(type: "cancelled", message: reason))
    try withdrawWaits(of: settlement.id, at: settlement.endedAt)
    try tell("cancelled", settlement.id, settlement.attempt, reason, at: settlement.endedAt)
    return true
  }

  func cancelIfRequested(_ settlement: Settlement) throws(StoreError) -> Bool {
    guard let row = try jobRow(settlement.id), row.cancelRequested else { return false }
    return try cancel(settlement, "cancelled")
  }

  private func putOnHold(_ settlement: Settlement, _ hold: Hold) throws(StoreError) -> Bool {
    // Not `ready` in the counters' sense of runnable, but the state is: a hold is beside the state.
    let changed = try execute(
      """
      UPDATE nightshift_jobs SET state = 0, version = version + 1, hold = ?, hold_until = ?
      WHERE id = ? AND state = 1 AND attempt = ? AND worker = ? AND cancel_requested_at IS NULL
      """, [.integer(hold.reason.rawValue), SQLValue(hold.until)] + settlement.fence)
    guard changed == 1 else { return try cancelIfRequested(settlement) }
    if let until = hold.until { tally.due(at: until) }
    if let pool = hold.pool.flatMap(Pool.init) {
      try execute("UPDATE nightshift_jobs SET held_by = ? WHERE id = ?", [.text(pool.text), SQLValue(settlement.id)])
      // Whatever the breaker has done meanwhile, somebody looks.
      try wake(pool, at: max(settlement.endedAt, hold.earliest ?? settlement.endedAt))
    }
    try noteMoved(settlement, .ready)
    return true
  }

  /// Counts the end of an attempt in the roll-up of its hour, and notes the change of state.
  package func ended(
    _ settlement: Settlement, _ state: JobState, version: Int64? = nil, _ change: (inout GroupTally.Rollup) -> Void
  ) throws(StoreError) {
    try noteMoved(settlement, state, version: version)
    tally.roll(settlement, change)
  }

  func noteMoved(
    _ settlement: Settlement, _ state: JobState, version: Int64? = nil
  ) throws(StoreError) {
    if !gates.breakers.isEmpty { noteCalls(settlement) }
    // The version is read only when somebody wants it: it would cost a look-up for each job.
    var version = version
    if version == nil, tally.collectsTransitions { version = try jobRow(settlement.id)?.version }
    let moved = MovedJob(
      id: settlement.id, queue: settlement.queue, kind: settlement.kind, attempt: settlement.attempt,
      version: version ?? 0, lane: settlement.lane)
    self.moved(moved, from: .running, to: state, at: settlement.endedAt)
  }

  func recordAttempt(
    _ settlement: Settlement, _ outcome: String, _ failure: Failure?
  ) throws(StoreError) {
    try recordAttempt(
      settlement.id, settlement.attempt, settlement.worker, settlement.startedAt, settlement.endedAt, outcome, failure)
  }

  package func recordAttempt(
    _ job: JobID, _ attempt: Int, _ worker: WorkerID, _ startedAt: Timestamp?, _ endedAt: Timestamp,
    _ outcome: String, _ failure: Failure?
  ) throws(StoreError) {
    try execute(
      """
      INSERT INTO nightshift_attempts(
        job, attempt, worker, started_at, ended_at, outcome, error_type, error_message, error_detail)
      VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(job, attempt) DO NOTHING
      """,
      [
        SQLValue(job), SQLValue(attempt), .integer(worker.rawValue), SQLValue(startedAt), SQLValue(endedAt),
        .text(outcome), SQLValue(failure?.type), SQLValue(failure?.message), SQLValue(failure?.detail),
      ])
  }

  /// Adds a row to the outbox, from which alerts are sent.
  package func tell(_ topic: String, _ job: JobID, _ attempt: Int, _ body: String, at now: Timestamp) throws(StoreError)
  {
    try execute(
      "INSERT INTO nightshift_outbox(at, topic, job, attempt, body) VALUES(?, ?, ?, ?, ?)",
      [SQLValue(now), .text(topic), SQLValue(job), SQLValue(attempt), .text(body)])
  }
}

extension Settlement {
  /// What every write of a worker checks: the job still runs this attempt on this worker.
  fileprivate var fence: [SQLValue] {
    [SQLValue(id), SQLValue(attempt), .integer(worker.rawValue)]
  }
}
