extension StoreSession {
  /// Parks a job whose handler has asked to wait. If what it waits for has come in the meantime, it is ready again.
  func park(_ settlement: Settlement, _ waits: [WaitDraft]) throws(StoreError) -> Bool {
    let changed = try execute(
      """
      UPDATE nightshift_jobs SET state = 3, version = version + 1, started_at = ?
      WHERE id = ? AND state = 1 AND attempt = ? AND worker = ? AND cancel_requested_at IS NULL
      """,
      [
        SQLValue(settlement.startedAt), SQLValue(settlement.id), SQLValue(settlement.attempt),
        .integer(settlement.worker.rawValue),
      ])
    guard changed == 1 else { return try cancelIfRequested(settlement) }
    try noteMoved(settlement, .waiting)
    try recordAttempt(settlement, "parked", nil)
    if settlement.attempt > 1 { try withdrawStale(waits, settlement) }
    var mustWait = true
    for wait in waits where try !open(wait, settlement) { mustWait = false }
    if !mustWait { try resume(settlement.id, at: settlement.endedAt) }
    return true
  }

  /// Closes what earlier attempts have asked for and this one has not: it would wake the job for nothing, and take signals
  /// that it does not wait for.
  private func withdrawStale(_ waits: [WaitDraft], _ settlement: Settlement) throws(StoreError) {
    let open = try query(
      "SELECT id, key FROM nightshift_waits WHERE job = ? AND state = 0 AND key LIKE '%#attempt:%'",
      [SQLValue(settlement.id)])
    guard !open.isEmpty else { return }
    let asked = Set(waits.map(\.key))
    for row in open where !asked.contains(row.text(1)!) {
      try end(row.integer(0)!, .withdrawn, at: settlement.endedAt)
    }
  }

  /// - Returns: `false` if there is nothing to wait for any more.
  private func open(_ draft: WaitDraft, _ settlement: Settlement) throws(StoreError) -> Bool {
    let (job, now) = (settlement.id, settlement.endedAt)
    if let wait = try wait(draft.key, of: job), wait.kind == draft.kind {
      // Asked for before: its time runs on.
      if wait.state == .open, let due = wait.dueAt { tally.due(at: due) }
      return wait.state == .open
    }
    // Something else was waited for under this key, by other code: it gives way.
    try execute(
      "UPDATE nightshift_waits SET key = key || '~' || id WHERE job = ? AND key = ?", [SQLValue(job), .text(draft.key)])
    try insertWait(draft, of: job, at: now)
    if let due = draft.dueAt { tally.due(at: due) }
    switch draft.kind {
    case .time: return true
    case .checkpoint:
      if let checkpoint = draft.checkpoint {
        try openCheckpoint(checkpoint, draft.id, job: job, attempt: settlement.attempt, at: now)
      }
      return true
    case .signal: return try !takeSignal(for: draft.id, draft.names, of: job, at: now)
    case .child: return try !noticeEnd(of: draft, at: now)
    }
  }

  func insertWait(_ draft: WaitDraft, of job: JobID, at now: Timestamp) throws(StoreError) {
    try execute(
      """
      INSERT INTO nightshift_waits(id, job, key, type, state, names, target, due_at, created_at)
      VALUES(?, ?, ?, ?, 0, ?, ?, ?, ?)
      """,
      [
        .integer(draft.id), SQLValue(job), .text(draft.key), .integer(draft.kind.rawValue), SQLValue(draft.namesText),
        SQLValue(draft.target), SQLValue(draft.dueAt), SQLValue(now),
      ])
  }

  func wait(_ key: String, of job: JobID) throws(StoreError) -> Wait? {
    try query(
      "SELECT \(Wait.columns) FROM nightshift_waits WHERE job = ? AND key = ?", [SQLValue(job), .text(key)]
    ).first.map(Wait.init)
  }

  /// Ends a wait with the oldest signal that nobody has taken; `false` if there is none.
  private func takeSignal(
    for wait: Int64, _ names: [String], of job: JobID, at now: Timestamp
  ) throws(StoreError) -> Bool {
    let marks = names.map { _ in "?" }.joined(separator: ", ")
    let rows = try query(
      """
      SELECT id, name, payload FROM nightshift_signals WHERE job = ? AND name IN (\(marks)) AND wait IS NULL
      ORDER BY id LIMIT 1
      """, [SQLValue(job)] + names.map(SQLValue.text))
    guard let row = rows.first else { return false }
    try execute(
      "UPDATE nightshift_signals SET wait = ? WHERE id = ?", [.integer(wait), .integer(row.integer(0)!)])
    return try end(wait, .satisfied, name: row.text(1), payload: row.bytes(2), at: now)
  }

  private func noticeEnd(of draft: WaitDraft, at now: Timestamp) throws(StoreError) -> Bool {
    guard let child = draft.target else { return false }
    // One that ends at this moment is waited for, and then it has ended; or it finds this wait.
    try lock("nightshift_jobs", where: "id = ?", [SQLValue(child)])
    if let row = try jobRow(child), !row.state.isTerminal { return false }
    return try end(draft.id, .satisfied, at: now)
  }

  /// Ends a wait that is open; `false` if it is not.
  @discardableResult
  func end(
    _ wait: Int64, _ state: Wait.State, name: String? = nil, payload: [UInt8]? = nil, at now: Timestamp
  ) throws(StoreError) -> Bool {
    let ended = try execute(
      "UPDATE nightshift_waits SET state = ?, ended_at = ?, name = ?, payload = ? WHERE id = ? AND state = 0",
      [.integer(state.rawValue), SQLValue(now), SQLValue(name), SQLValue(payload), .integer(wait)])
    return ended == 1
  }

  /// Makes a parked job ready. One that is not parked any more finds by itself that its wait has ended.
  func resume(_ job: JobID, at now: Timestamp) throws(StoreError) {
    let rows = try query(
      """
      UPDATE nightshift_jobs SET state = 0, version = version + 1, run_at = ? WHERE id = ? AND state = 3
      RETURNING queue, kind, attempt, version
      """, [SQLValue(now), SQLValue(job)])
    guard let row = rows.first else { return }
    let moved = MovedJob(
      id: job, queue: row.text(0)!, kind: row.text(1)!, attempt: Int(row.integer(2)!), version: row.integer(3)!)
    self.moved(moved, from: .waiting, to: .ready, at: now)
  }

  /// Keeps a signal, and resumes the job if it waits for it.
  ///
  /// - Returns: The job as it was; `nil` if there is none.
  /// - Throws: ``SignalRefused`` if so much is kept for it that there is no room.
  func signal(
    _ name: String, to job: JobID, _ payload: [UInt8], id: Int64, by actor: Actor, at now: Timestamp
  ) throws -> JobRow? {
    // The same lock that parking takes: either the signal finds the wait, or the wait finds the signal.
    try lock("nightshift_jobs", where: "id = ?", [SQLValue(job)])
    guard let row = try jobRow(job) else { return nil }
    guard !row.state.isTerminal else { return row }
    let waits = try query(
      "SELECT \(Wait.columns) FROM nightshift_waits WHERE job = ? AND state = 0 AND type = 2 ORDER BY id",
      [SQLValue(job)]
    ).map(Wait.init)
    let wait = waits.first { $0.names.contains(name) }
    if wait == nil { try checkRoom(forSignalOf: payload.count, to: job) }
    try execute(
      "INSERT INTO nightshift_signals(id, job, name, payload, sent_at, sent_by) VALUES(?, ?, ?, ?, ?, ?)",
      [.integer(id), SQLValue(job), .text(name), .bytes(payload), SQLValue(now), .text(actor.id)])
    guard let wait else { return row }
    if try takeSignal(for: wait.id, wait.names, of: job, at: now) { try resume(job, at: now) }
    return row
  }
}

// MARK: Time

extension StoreSession {
  /// Ends the waits whose time has come, and tells when the next one's does.
  func endDueWaits(now: Timestamp, limit: Int) throws(StoreError) -> Timestamp? {
    guard try hasTaken(Migration.waits.step) else { return nil }
    let due = try query(
      """
      SELECT id, job FROM nightshift_waits WHERE state = 0 AND due_at IS NOT NULL AND due_at <= ?
      ORDER BY due_at LIMIT ?
      """, [SQLValue(now), SQLValue(limit)])
    // In one order, so that two who do the same do not wait for each other.
    for row in due.sorted(by: { $0.integer(1)! < $1.integer(1)! }) { try endDueWait(row.integer(0)!, row.job(1)!, now) }
    return try query(
      "SELECT min(due_at) FROM nightshift_waits WHERE state = 0 AND due_at IS NOT NULL"
    ).first?.timestamp(0)
  }

  private func endDueWait(_ id: Int64, _ job: JobID, _ now: Timestamp) throws(StoreError) {
    try lock("nightshift_jobs", where: "id = ?", [SQLValue(job)])
    let rows = try query(
      "SELECT \(Wait.columns) FROM nightshift_waits WHERE id = ? AND state = 0 AND due_at <= ?",
      [.integer(id), SQLValue(now)])
    // Somebody was faster: the time is a hint, and the state decides.
    guard let wait = rows.first.map(Wait.init) else { return }
    switch wait.kind {
    case .time: try end(id, .satisfied, at: now)
    case .signal, .child: try end(id, .timedOut, at: now)
    case .checkpoint: guard try checkpointIsDue(wait, at: now) else { return }
    }
    try resume(job, at: now)
  }

  /// Closes what a job that is over was waiting for.
  func withdrawWaits(of job: JobID, at now: Timestamp) throws(StoreError) {
    guard try hasTaken(Migration.waits.step) else { return }
    try execute(
      "UPDATE nightshift_waits SET state = 3, ended_at = ? WHERE job = ? AND state = 0", [SQLValue(now), SQLValue(job)])
    try execute(
      "UPDATE nightshift_checkpoints SET state = 'withdrawn', decided_at = ? WHERE job = ? AND state = 'pending'",
      [SQLValue(now), SQLValue(job)])
  }

  /// Lets a job that is run again ask anew what was refused, ran out or was withdrawn. What was kept stays kept, under
  /// another key, for whoever reads the history. No name has a `~`: with one it was given way to before.
  func forgetFailedWaits(of job: JobID) throws(StoreError) {
    guard try hasTaken(Migration.waits.step) else { return }
    // What was chosen of an error led to this end.
    try execute(
      """
      UPDATE nightshift_waits SET key = key || '~' || id WHERE job = ? AND key NOT LIKE '%~%' AND (state IN (2, 3, 4)
        OR id IN (SELECT id FROM nightshift_checkpoints WHERE job = ? AND type = 'error'))
      """, [SQLValue(job), SQLValue(job)])
    try execute(
      """
      UPDATE nightshift_checkpoints SET key = key || '~' || id
      WHERE job = ? AND key NOT LIKE '%~%' AND (state IN ('rejected', 'expired', 'withdrawn') OR type = 'error')
      """, [SQLValue(job)])
  }

  func pruneWaits(of job: JobID) throws(StoreError) {
    guard try hasTaken(Migration.waits.step) else { return }
    for table in Migration.tablesOfWaits {
      try execute("DELETE FROM nightshift_\(table) WHERE job = ?", [SQLValue(job)])
    }
    guard try hasTaken(Migration.requesters.step) else { return }
    try execute("DELETE FROM nightshift_requesters WHERE job = ?", [SQLValue(job)])
  }
}
