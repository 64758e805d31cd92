extension StoreSession {
  /// Lets the job that has the key and has not begun take the newcomer over, or gives the newcomer the key.
  ///
  /// - Returns: The job that stands for the newcomer; `nil` if it is to be added.
  func debounce(
    _ job: NewJob, _ claim: KeyClaim, atMost: Duration?, keeps: Debounce.Payload, now: Timestamp
  ) throws(StoreError) -> JobID? {
    try takeTurns(on: "\(claim.scope)\u{1}\(claim.key)")
    if try wasAdded(job) { return job.id }
    let rows = try query(
      "SELECT job FROM nightshift_keys WHERE scope = ? AND key = ?", [.text(claim.scope), .text(claim.key)])
    if let holder = rows.first?.job(0), try absorb(job, into: holder, atMost: atMost, keeps, now: now) { return holder }
    try execute(
      """
      INSERT INTO nightshift_keys(scope, key, job) VALUES(?, ?, ?)
      ON CONFLICT(scope, key) DO UPDATE SET job = excluded.job
      """, [.text(claim.scope), .text(claim.key), SQLValue(job.id)])
    return nil
  }

  /// Whether the same job was added before, by a call whose answer was lost.
  func wasAdded(_ job: NewJob) throws(StoreError) -> Bool {
    let rows = try query("SELECT kind FROM nightshift_jobs WHERE id = ?", [SQLValue(job.id)])
    return rows.first?.text(0) == job.kind.rawValue
  }

  /// - Returns: `false` if the holder has begun, or is over: then it can no longer stand for what comes.
  private func absorb(
    _ job: NewJob, into holder: JobID, atMost: Duration?, _ keeps: Debounce.Payload, now: Timestamp
  ) throws(StoreError) -> Bool {
    try lock("nightshift_jobs", where: "id = ?", [SQLValue(holder)])
    guard let held = try jobRow(holder), [.ready, .scheduled].contains(held.state) else { return false }
    guard try !hasBegun(held) else {
      // A claim passes over rows that are locked, and nobody would tell its worker of them again.
      if held.state == .ready { tally.notice.readyQueues.insert(held.queue) }
      return false
    }
    let latest = atMost.map { holder.createdAt + $0 }
    let due = min(job.runAt, latest ?? job.runAt)
    // One that is due and cannot be put off any further keeps its place in the queue.
    try putOff(held, to: held.state == .ready && due <= now ? held.runAt : due, now: now)
    if keeps == .last { try takeOver(job, by: holder) }
    return true
  }

  /// Whether a handler has ever seen the job: one that no worker had, or that was given back in time, has not begun.
  private func hasBegun(_ job: JobRow) throws(StoreError) -> Bool {
    guard job.attempt > 0 else { return false }
    let begun = try query(
      "SELECT 1 FROM nightshift_attempts WHERE job = ? AND started_at IS NOT NULL LIMIT 1", [SQLValue(job.id)])
    return !begun.isEmpty
  }

  private func takeOver(_ job: NewJob, by holder: JobID) throws(StoreError) {
    try execute(
      "UPDATE nightshift_jobs SET priority = ?, max_attempts = ? WHERE id = ?",
      [.integer(job.priority.code), SQLValue(job.maxAttempts), SQLValue(holder)])
    try execute(
      "UPDATE nightshift_payloads SET payload = ?, timeout = ?, traceparent = ? WHERE id = ?",
      [
        .bytes(job.payload), SQLValue(job.timeout?.microseconds), SQLValue(job.traceparent), SQLValue(holder),
      ])
    try forgetLane(of: holder)
  }
}
