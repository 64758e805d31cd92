import Nightshift

extension WriterSession {
  func insert(_ jobs: [NewJob], now: Timestamp) throws(StoreError) -> [InsertOutcome] {
    var outcomes: [InsertOutcome] = []
    outcomes.reserveCapacity(jobs.count)
    for job in jobs { outcomes.append(try insert(job, now: now)) }
    return outcomes
  }

  private func insert(_ job: NewJob, now: Timestamp) throws(StoreError) -> InsertOutcome {
    if job.key != nil || job.idempotency != nil, let taken = try claimKeys(of: job, now: now) { return taken }
    let state: JobState = job.runAt > now ? .scheduled : .ready
    try ensureQueue(job.queue.rawValue, now: now)
    guard try insertRow(job, state) else { return try insertedBefore(job) }
    try insertWriteOnce(job)
    let moved = MovedJob(id: job.id, queue: job.queue.rawValue, kind: job.kind.rawValue, attempt: 0, version: 1)
    self.moved(moved, from: nil, to: state, at: now)
    tally.roll(moved.queue, moved.kind, at: now) { $0.enqueued += 1 }
    if state == .scheduled { tally.due(at: job.runAt) }
    if let until = job.hold?.until { tally.due(at: until) }
    return .inserted(state)
  }

  private func insertRow(_ job: NewJob, _ state: JobState) throws(StoreError) -> Bool {
    insertJob.bind(1, job.id.rawValue)
    insertJob.bind(2, job.queue.rawValue)
    insertJob.bind(3, job.kind.rawValue)
    insertJob.bind(4, state.code)
    insertJob.bind(5, job.priority.code)
    insertJob.bind(6, job.runAt.microseconds)
    insertJob.bind(7, Int64(job.maxAttempts))
    insertJob.bind(8, job.hold?.reason.rawValue ?? 0)
    insertJob.bind(9, job.hold?.until?.microseconds)
    return try insertJob.run() == 1
  }

  private func insertWriteOnce(_ job: NewJob) throws(StoreError) {
    insertPayload.bind(1, job.id.rawValue)
    insertPayload.bind(2, job.payload)
    insertPayload.bind(3, job.timeout?.microseconds)
    insertPayload.bind(4, job.organization)
    insertPayload.bind(5, job.owner)
    insertPayload.bind(6, job.traceparent)
    insertPayload.bind(7, job.tags.isEmpty ? nil : JSONValue.array(job.tags.map(JSONValue.string)).description)
    try insertPayload.run()
    for tag in Set(job.tags) {
      try execute(
        "INSERT INTO nightshift_tags(tag, job) VALUES(?, ?)", [.text(tag), .integer(job.id.rawValue)])
    }
  }

  private func ensureQueue(_ name: String, now: Timestamp) throws(StoreError) {
    guard name != lastQueue, !knownQueues.contains(name) else { return }
    try execute(
      "INSERT INTO nightshift_queues(name, created_at) VALUES(?, ?) ON CONFLICT(name) DO NOTHING",
      [.text(name), SQLValue(now)])
    knownQueues.insert(name)
    lastQueue = name
  }

  /// The id is there already: fine if it is the same job, enqueued again after a lost answer.
  private func insertedBefore(_ job: NewJob) throws(StoreError) -> InsertOutcome {
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
}

// MARK: Keys

extension WriterSession {
  /// Takes the job's keys, or tells who has them.
  private func claimKeys(of job: NewJob, now: Timestamp) throws(StoreError) -> InsertOutcome? {
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
    guard key.onConflict != .drop, let held = try jobRow(holder), [.ready, .scheduled].contains(held.state) else {
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
  }
}

// MARK: Single rows

/// A job's row as the slower verbs need it.
struct JobRow {
  var id: JobID
  var queue: String
  var kind: String
  var state: JobState
  var attempt: Int
  var failures: Int
  var crashes: Int
  var version: Int64
  var cancelRequested: Bool
  var runAt: Timestamp

  /// The job as it is after one more change.
  var next: MovedJob { MovedJob(id: id, queue: queue, kind: kind, attempt: attempt, version: version + 1) }
}

extension WriterSession {
  static let jobRowColumns =
    "id, queue, kind, state, attempt, failures, crashes, version, cancel_requested_at, run_at"

  func jobRow(_ id: JobID) throws(StoreError) -> JobRow? {
    try query("SELECT \(Self.jobRowColumns) FROM nightshift_jobs WHERE id = ?", [.integer(id.rawValue)])
      .first.map(Self.jobRow)
  }

  static func jobRow(_ row: SQLRow) -> JobRow {
    JobRow(
      id: row.job(0)!, queue: row.text(1)!, kind: row.text(2)!, state: JobState(code: row.integer(3)!)!,
      attempt: Int(row.integer(4)!), failures: Int(row.integer(5)!), crashes: Int(row.integer(6)!),
      version: row.integer(7)!, cancelRequested: row.integer(8) != nil, runAt: row.timestamp(9)!)
  }
}
