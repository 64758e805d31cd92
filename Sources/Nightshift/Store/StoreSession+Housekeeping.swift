extension StoreSession {
  package func countBeat(of worker: WorkerID) throws(StoreError) {
    let alive = try execute(
      "UPDATE nightshift_workers SET beat = beat + 1 WHERE id = ? AND ended_at IS NULL",
      [.integer(worker.rawValue)])
    guard alive == 1 else { throw .leaseLost(worker) }
  }

  package func beat(_ worker: WorkerID) throws(StoreError) -> WorkerOrders {
    try countBeat(of: worker)
    let mode = try query("SELECT mode FROM nightshift_workers WHERE id = ?", [.integer(worker.rawValue)])
    let cancelled = try query(
      "SELECT id FROM nightshift_jobs WHERE state = 1 AND worker = ? AND cancel_requested_at IS NOT NULL",
      [.integer(worker.rawValue)])
    return WorkerOrders(
      cancel: cancelled.compactMap { $0.job(0) },
      mode: mode.first?.text(0).flatMap(WorkerMode.init(rawValue:)) ?? .running)
  }

  package func promote(now: Timestamp, limit: Int, freed: Set<String>) throws(StoreError) -> Promotion {
    guard limit > 0 else { return Promotion(promoted: 0, nextDue: try releaseHeld(freed: freed, now: now)) }
    // One that waited for another's rows would find them promoted and hold their locks all the same: whoever is told of
    // them passes them over, and nobody is told again.
    try takeTurns(on: "nightshift promotion")
    let rows = try query(
      """
      UPDATE nightshift_jobs SET state = 0, version = version + 1 WHERE id IN (
        SELECT id FROM nightshift_jobs WHERE state = 2 AND run_at <= ? ORDER BY run_at LIMIT ?)
        AND state = 2
      RETURNING id, queue, kind, attempt, version
      """, [SQLValue(now), SQLValue(limit)])
    for row in rows {
      let moved = MovedJob(
        id: row.job(0)!, queue: row.text(1)!, kind: row.text(2)!, attempt: Int(row.integer(3)!),
        version: row.integer(4)!)
      self.moved(moved, from: .scheduled, to: .ready, at: now)
    }
    let released = try query(
      """
      UPDATE nightshift_jobs SET hold = 0, hold_until = NULL, version = version + 1
      WHERE id IN (SELECT id FROM nightshift_jobs WHERE hold_until <= ? ORDER BY hold_until LIMIT ?) AND hold <> 0
      RETURNING queue
      """, [SQLValue(now), SQLValue(limit)])
    for row in released { tally.notice.readyQueues.insert(row.text(0)!) }
    let nextWait = try endDueWaits(now: now, limit: limit)
    let nextWake = try releaseHeld(freed: freed, now: now)
    let nextPause = try endDuePauses(now: now)
    let next = [
      try query("SELECT min(run_at) FROM nightshift_jobs WHERE state = 2"),
      try query("SELECT min(hold_until) FROM nightshift_jobs WHERE hold_until IS NOT NULL"),
    ]
    let moments = next.map { $0.first?.timestamp(0) } + [nextWait, nextWake, nextPause]
    return Promotion(promoted: rows.count, nextDue: moments.compactMap(\.self).min())
  }

  package func reclaim(_ reclaim: Reclaim) throws(StoreError) -> Int {
    let closed = try execute(
      """
      UPDATE nightshift_workers SET ended_at = ?, ended_reason = ?
      WHERE id = ? AND ended_at IS NULL AND beat = coalesce(?, beat)
      """,
      [
        SQLValue(reclaim.now), .text(reclaim.reason), .integer(reclaim.worker.rawValue), SQLValue(reclaim.beat),
      ])
    guard closed == 1 else { return 0 }
    try execute("DELETE FROM nightshift_kind_workers WHERE worker = ?", [.integer(reclaim.worker.rawValue)])
    // One that is being settled at this moment is waited for, and then it is no longer among them.
    try lock("nightshift_jobs", where: "state = 1 AND worker = ?", [.integer(reclaim.worker.rawValue)])
    let rows = try query(
      "SELECT \(Self.jobRowColumns), started_at FROM nightshift_jobs WHERE state = 1 AND worker = ?",
      [.integer(reclaim.worker.rawValue)])
    for row in rows { try takeBack(Self.jobRow(row), startedAt: row.timestamp(10), reclaim) }
    // Also without any: it may have died between the end of a job and the release of those that waited for it.
    try wakeHeld(now: reclaim.now)
    return rows.count
  }

  private func takeBack(_ row: JobRow, startedAt: Timestamp?, _ reclaim: Reclaim) throws(StoreError) {
    let crashed = reclaim.crashed.contains(row.id)
    let crashes = row.crashes + (crashed ? 1 : 0)
    let failure = Failure(type: crashed ? "crash" : "lost", message: reclaim.reason)
    try recordAttempt(
      row.id, row.attempt, reclaim.worker, startedAt, reclaim.now, crashed ? "crashed" : "lost", failure)
    if row.cancelRequested { return try endTakenBack(row, .cancelled, crashes, reclaim, "cancelled") }
    if crashed && crashes >= reclaim.crashLimit {
      let reason = "The process died \(crashes) times while this job's handler was running."
      return try endTakenBack(row, .dead, crashes, reclaim, reason)
    }
    let wait = crashed ? .zero : try waitAfterLoss(of: row.id)
    // At its old place in the queue, so that it does not wait behind everything that has come since.
    let runAt = wait == .zero ? row.runAt : reclaim.now + wait
    try execute(
      "UPDATE nightshift_jobs SET state = 2, version = version + 1, run_at = ?, crashes = ? WHERE id = ?",
      [SQLValue(runAt), SQLValue(crashes), SQLValue(row.id)])
    moved(row.next, from: .running, to: .scheduled, at: reclaim.now)
    tally.due(at: runAt)
  }

  /// A job may be lost ten times and run again at once. After that it waits, longer each time up to a minute: it
  /// may be what kills its workers in a way that leaves no trace, and must not take the whole service with it.
  private func waitAfterLoss(of job: JobID) throws(StoreError) -> Duration {
    let rows = try query(
      "SELECT count(*) FROM nightshift_attempts WHERE job = ? AND outcome = 'lost'", [SQLValue(job)])
    let losses = Int(rows[0].integer(0) ?? 0)
    return losses <= 10 ? .zero : .seconds(min(60, 1 << min(6, losses - 10)))
  }

  private func endTakenBack(
    _ row: JobRow, _ state: JobState, _ crashes: Int, _ reclaim: Reclaim, _ reason: String
  ) throws(StoreError) {
    try execute(
      """
      UPDATE nightshift_jobs SET state = ?, version = version + 1, crashes = ?, finished_at = ? WHERE id = ?
      """, [.integer(state.code), SQLValue(crashes), SQLValue(reclaim.now), SQLValue(row.id)])
    moved(row.next, from: .running, to: state, at: reclaim.now)
    tally.roll(row.queue, row.kind, at: reclaim.now) {
      if state == .dead { $0.dead += 1 } else { $0.cancelled += 1 }
    }
    if state == .dead {
      try noteDeath(of: row.id, kind: row.kind, Failure(type: "crash", message: reclaim.reason), at: reclaim.now)
    }
    try withdrawWaits(of: row.id, at: reclaim.now)
    try tell(state.rawValue, row.id, row.attempt, reason, at: reclaim.now)
  }

  /// Deletes ended jobs and everything that hangs on them.
  package func prune(_ jobs: [JobID]) throws(StoreError) -> Int {
    var pruned = 0
    let knowsWorkflows = try knowsWorkflows
    for id in jobs {
      let rows = try query(
        "DELETE FROM nightshift_jobs WHERE id = ? AND state >= 5 RETURNING queue, state", [SQLValue(id)])
      guard let row = rows.first else { continue }
      pruned += 1
      let state = JobState(code: row.integer(1)!) ?? .completed
      tally.move(row.text(0)!, from: state, to: nil)
      try pruneTags(of: id)
      if knowsWorkflows { try pruneDependencies(of: id, ended: state) }
      for table in ["payloads", "results"] {
        try execute("DELETE FROM nightshift_\(table) WHERE id = ?", [SQLValue(id)])
      }
      for table in ["progress", "attempts", "logs", "artifacts", "artifact_chunks", "old_payloads"] {
        try execute("DELETE FROM nightshift_\(table) WHERE job = ?", [SQLValue(id)])
      }
      if state == .dead { try forgetDeath(of: id) }
      try pruneWaits(of: id)
      // An expiring key outlives its job: it still keeps a second one out.
      try execute("DELETE FROM nightshift_keys WHERE job = ? AND expires_at IS NULL", [SQLValue(id)])
    }
    return pruned
  }

  /// The tags' primary key begins with the tag, so each has to be named.
  private func pruneTags(of job: JobID) throws(StoreError) {
    let rows = try query("SELECT tags FROM nightshift_payloads WHERE id = ? AND tags IS NOT NULL", [SQLValue(job)])
    // Written by us: a list of strings and nothing else.
    guard let text = rows.first?.text(0), let tags = try? JSONValue(parsing: text.utf8).arrayValue else { return }
    for tag in tags {
      try execute("DELETE FROM nightshift_tags WHERE tag = ? AND job = ?", [SQLValue(tag.stringValue), SQLValue(job)])
    }
  }
}
