extension StoreSession {
  package func change(
    _ change: JobChange, of jobs: [JobID], now: Timestamp
  ) throws(StoreError) -> [ChangeOutcome] {
    var outcomes: [ChangeOutcome] = []
    for id in jobs {
      try lock("nightshift_jobs", where: "id = ?", [SQLValue(id)])
      guard let row = try jobRow(id) else {
        outcomes.append(.missing)
        continue
      }
      outcomes.append(try apply(change, to: row, now: now))
    }
    return outcomes
  }

  private func apply(_ change: JobChange, to row: JobRow, now: Timestamp) throws(StoreError) -> ChangeOutcome {
    switch change {
    case .cancel(let reason): try cancel(row, reason, now: now)
    case .retry(let payload): try retry(row, payload, now: now)
    case .discard: try discard(row)
    case .release(let reason): try release(row, reason, now: now)
    case .markStuck(let attempt): try markStuck(row, attempt, now: now)
    }
  }

  func cancel(_ row: JobRow, _ reason: String, now: Timestamp) throws(StoreError) -> ChangeOutcome {
    guard !row.state.isTerminal else { return .refused(row.state) }
    guard row.state == .running else {
      try execute(
        """
        UPDATE nightshift_jobs
        SET state = 7, version = version + 1, finished_at = ?, cancel_requested_at = ?, cancel_reason = ?,
          hold = 0, hold_until = NULL
        WHERE id = ?
        """, [SQLValue(now), SQLValue(now), .text(reason), SQLValue(row.id)])
      if row.state == .blocked { try forgetDependencies(of: row.id) }
      moved(row.next, from: row.state, to: .cancelled, at: now)
      if row.attempt > 0 { try withdrawWaits(of: row.id, at: now) }
      tally.roll(row.queue, row.kind, at: now) { $0.cancelled += 1 }
      try tell("cancelled", row.id, row.attempt, reason, at: now)
      return .changed(.cancelled)
    }
    tally.notice.cancelRequests.append(row.id)
    guard !row.cancelRequested else { return .changed(.running) }
    try execute(
      """
      UPDATE nightshift_jobs SET version = version + 1, cancel_requested_at = ?, cancel_reason = ? WHERE id = ?
      """, [SQLValue(now), .text(reason), SQLValue(row.id)])
    moved(row.next, from: .running, to: .running, at: now)
    return .changed(.running)
  }

  private func retry(_ row: JobRow, _ payload: [UInt8]?, now: Timestamp) throws(StoreError) -> ChangeOutcome {
    guard [.dead, .cancelled, .scheduled].contains(row.state) else { return .refused(row.state) }
    if let payload {
      try execute(
        """
        INSERT INTO nightshift_old_payloads(job, version, replaced_at, payload)
        SELECT id, ?, ?, payload FROM nightshift_payloads WHERE id = ?
        """, [.integer(row.version), SQLValue(now), SQLValue(row.id)])
      try execute("UPDATE nightshift_payloads SET payload = ? WHERE id = ?", [.bytes(payload), SQLValue(row.id)])
      try forgetLane(of: row.id)
    }
    if row.attempt > 0 { try forgetFailedWaits(of: row.id) }
    if row.state == .dead { try forgetDeath(of: row.id) }
    // One that only waits for its moment keeps its failures: it is run sooner, not started over.
    let failures = row.state == .scheduled ? row.failures : 0
    let crashes = row.state == .scheduled ? row.crashes : 0
    try execute(
      """
      UPDATE nightshift_jobs
      SET state = 0, version = version + 1, run_at = ?, failures = ?, crashes = ?, finished_at = NULL,
        cancel_requested_at = NULL, cancel_reason = NULL, hold = 0, hold_until = NULL
      WHERE id = ?
      """, [SQLValue(now), SQLValue(failures), SQLValue(crashes), SQLValue(row.id)])
    moved(row.next, from: row.state, to: .ready, at: now)
    return .changed(.ready)
  }

  private func discard(_ row: JobRow) throws(StoreError) -> ChangeOutcome {
    guard row.state.isTerminal else { return .refused(row.state) }
    _ = try prune([row.id])
    return .changed(row.state)
  }

  private func release(
    _ row: JobRow, _ reason: Hold.Reason, now: Timestamp
  ) throws(StoreError) -> ChangeOutcome {
    let changed = try execute(
      "UPDATE nightshift_jobs SET hold = 0, hold_until = NULL, version = version + 1 WHERE id = ? AND hold = ?",
      [SQLValue(row.id), .integer(reason.rawValue)])
    guard changed == 1 else { return .refused(row.state) }
    moved(row.next, from: row.state, to: row.state, at: now)
    guard reason == .dependencyDied else { return .changed(row.state) }
    return .changed(try acceptDeaths(of: row.id, now: now))
  }

  private func markStuck(_ row: JobRow, _ attempt: Int, now: Timestamp) throws(StoreError) -> ChangeOutcome {
    let changed = try execute(
      """
      UPDATE nightshift_jobs SET stuck_at = ?, version = version + 1 WHERE id = ? AND state = 1 AND attempt = ?
      """, [SQLValue(now), SQLValue(row.id), SQLValue(attempt)])
    guard changed == 1 else { return .refused(row.state) }
    moved(row.next, from: .running, to: .running, at: now)
    return .changed(.running)
  }
}
