extension StoreSession {
  /// The id is there already: fine if it is the same job, enqueued again after a lost answer.
  package func insertedBefore(_ job: NewJob) throws(StoreError) -> InsertOutcome {
    let rows = try query(
      """
      SELECT j.kind, p.payload FROM nightshift_jobs j JOIN nightshift_payloads p ON p.id = j.id WHERE j.id = ?
      """, [.integer(job.id.rawValue)])
    guard let row = rows.first, row.text(0) == job.kind.rawValue, row.bytes(1) == job.payload else {
      throw StoreError(
        .conflict, "The id \(job.id) belongs to another job already. Enqueue with an id of its own.")
    }
    return .duplicate(of: job.id)
  }

  /// Takes the job's keys, or tells who has them.
  package func claimKeys(of job: NewJob, now: Timestamp) throws(StoreError) -> InsertOutcome? {
    if let idempotency = job.idempotency, let holder = try take(idempotency, for: job.id, now: now) {
      guard holder.fingerprint == idempotency.fingerprint else { return .keyReused(by: holder.job) }
      return .duplicate(of: holder.job)
    }
    guard let key = job.key, let holder = try take(key, for: job.id, now: now) else { return nil }
    if let idempotency = job.idempotency {
      // The same request again must find the job that this one stood back for.
      try execute(
        "UPDATE nightshift_keys SET job = ? WHERE scope = ? AND key = ?",
        [.integer(holder.job.rawValue), .text(idempotency.scope), .text(idempotency.key)])
    }
    try hand(job, to: holder.job, key, now: now)
    return .duplicate(of: holder.job)
  }

  /// Takes a key if it is free; else tells who has it. An expiry frees a key whether or not its job has ended; a key
  /// without one is free when its job has ended.
  private func take(
    _ claim: KeyClaim, for job: JobID, now: Timestamp
  ) throws(StoreError) -> (job: JobID, fingerprint: String?)? {
    // What the statement below reads of the holder must not be older than the key.
    try takeTurns(on: "\(claim.scope)\u{1}\(claim.key)")
    let taken = try execute(
      """
      INSERT INTO nightshift_keys(scope, key, job, expires_at, fingerprint) VALUES(?, ?, ?, ?, ?)
      ON CONFLICT(scope, key) DO UPDATE
      SET job = excluded.job, expires_at = excluded.expires_at, fingerprint = excluded.fingerprint
      WHERE nightshift_keys.expires_at <= ?
        OR nightshift_keys.job = excluded.job
        OR (nightshift_keys.expires_at IS NULL AND NOT EXISTS (
          SELECT 1 FROM nightshift_jobs WHERE id = nightshift_keys.job AND state < 5))
      """,
      [
        .text(claim.scope), .text(claim.key), .integer(job.rawValue), SQLValue(claim.expiresAt),
        SQLValue(claim.fingerprint), SQLValue(now),
      ])
    guard taken == 0 else { return nil }
    let rows = try query(
      "SELECT job, fingerprint FROM nightshift_keys WHERE scope = ? AND key = ?",
      [.text(claim.scope), .text(claim.key)])
    guard let row = rows.first, let holder = row.job(0) else { return nil }
    return (holder, row.text(1))
  }

  /// Lets the holder of a key take over what the newcomer wanted, unless it is running or over.
  private func hand(_ job: NewJob, to holder: JobID, _ key: KeyClaim, now: Timestamp) throws(StoreError) {
    guard key.onConflict != .drop else { return }
    try lock("nightshift_jobs", where: "id = ?", [SQLValue(holder)])
    guard let held = try jobRow(holder), [.ready, .scheduled].contains(held.state) else {
      return
    }
    let state: JobState = job.runAt > now ? .scheduled : .ready
    try execute(
      "UPDATE nightshift_jobs SET state = ?, run_at = ?, version = version + 1 WHERE id = ?",
      [.integer(state.code), SQLValue(job.runAt), .integer(holder.rawValue)])
    moved(held.next, from: held.state, to: state, at: now)
    if state == .scheduled { tally.due(at: job.runAt) }
    if let expiresAt = key.expiresAt {
      try execute(
        "UPDATE nightshift_keys SET expires_at = ? WHERE scope = ? AND key = ?",
        [SQLValue(expiresAt), .text(key.scope), .text(key.key)])
    }
    guard key.onConflict == .replace else { return }
    try execute(
      "UPDATE nightshift_jobs SET priority = ?, max_attempts = ? WHERE id = ?",
      [.integer(job.priority.code), SQLValue(job.maxAttempts), .integer(holder.rawValue)])
    try execute(
      "UPDATE nightshift_payloads SET payload = ? WHERE id = ?", [.bytes(job.payload), .integer(holder.rawValue)])
    try forgetLane(of: holder)
  }
}
