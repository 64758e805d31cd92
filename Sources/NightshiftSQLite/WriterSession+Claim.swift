import Nightshift

extension WriterSession {
  func claim(_ request: ClaimRequest) throws(StoreError) -> [ClaimedJob] {
    var jobs: [ClaimedJob] = []
    if let only = request.only {
      jobs = try claimOne(only, request)
    } else {
      for lane in request.lanes where jobs.count < request.limit {
        jobs += try claim(lane.queue.rawValue, min(lane.limit, request.limit - jobs.count), request)
      }
    }
    guard !jobs.isEmpty else { return [] }
    // The claim is a beat: whoever measures how long the worker's beat stands still begins anew.
    try countBeat(of: request.worker)
    return jobs
  }

  private func claim(_ queue: String, _ limit: Int, _ request: ClaimRequest) throws(StoreError) -> [ClaimedJob] {
    let claim =
      try request.lacking.isEmpty ? claim : connection.statement(SQLiteStatements.claim(without: request.lacking))
    claim.bind(1, request.worker.rawValue)
    claim.bind(2, request.now.microseconds)
    claim.bind(3, queue)
    for (index, kind) in request.lacking.enumerated() { claim.bind(Int32(4 + index), kind) }
    claim.bind(Int32(4 + request.lacking.count), Int64(limit))
    defer { claim.reset() }
    var jobs: [ClaimedJob] = []
    var page = PayloadPage()
    var last: (Int64, Int64, Int64) = (.min, .min, .min)
    var isSorted = true
    while try claim.step() {
      let (id, priority, runAt) = (claim.integer(0), claim.integer(2), claim.integer(7))
      var job = ClaimedJob(
        id: JobID(rawValue: id), kind: claim.text(1), queue: queue, priority: Priority(code: priority) ?? .normal,
        attempt: Int(claim.integer(3)), failures: Int(claim.integer(4)), crashes: Int(claim.integer(5)),
        maxAttempts: Int(claim.integer(6)), runAt: Timestamp(microseconds: runAt))
      try addWriteOnce(to: &job, at: jobs.count, &page)
      noteClaimed(job, version: claim.integer(8), at: request.now)
      jobs.append(job)
      isSorted = isSorted && last < (priority, runAt, id)
      last = (priority, runAt, id)
    }
    page.hand(to: &jobs)
    // RETURNING promises no order, but nearly always has the right one, and then sorting would cost more than it does.
    return isSorted ? jobs : jobs.sorted { $0.isBefore($1) }
  }

  /// Claims one job by its id, even if it is held: for `nightshift run` in the foreground.
  private func claimOne(_ id: JobID, _ request: ClaimRequest) throws(StoreError) -> [ClaimedJob] {
    let rows = try query(
      """
      UPDATE nightshift_jobs
      SET state = 1, attempt = attempt + 1, version = version + 1, worker = ?, started_at = ?, stuck_at = NULL,
        hold = 0, hold_until = NULL
      WHERE id = ? AND state = 0
      RETURNING id, kind, priority, attempt, failures, crashes, max_attempts, run_at, version, queue
      """,
      [.integer(request.worker.rawValue), SQLValue(request.now), .integer(id.rawValue)])
    guard let row = rows.first else { return [] }
    var job = ClaimedJob(
      id: id, kind: row.text(1)!, queue: row.text(9)!, priority: Priority(code: row.integer(2)!) ?? .normal,
      attempt: Int(row.integer(3)!), failures: Int(row.integer(4)!), crashes: Int(row.integer(5)!),
      maxAttempts: Int(row.integer(6)!), runAt: row.timestamp(7)!)
    var page = PayloadPage()
    try addWriteOnce(to: &job, at: 0, &page)
    var jobs = [job]
    page.hand(to: &jobs)
    noteClaimed(job, version: row.integer(8)!, at: request.now)
    return jobs
  }

  private func noteClaimed(_ job: ClaimedJob, version: Int64, at now: Timestamp) {
    let moved = MovedJob(id: job.id, queue: job.queue, kind: job.kind, attempt: job.attempt, version: version)
    self.moved(moved, from: .ready, to: .running, at: now)
  }

  private func addWriteOnce(
    to job: inout ClaimedJob, at index: Int, _ page: inout PayloadPage
  ) throws(StoreError) {
    payload.bind(1, job.id.rawValue)
    defer { payload.reset() }
    guard try payload.step() else {
      throw StoreError(.corrupt, "The job \(job.id) has no payload. Run `nightshift db check`.")
    }
    job.payload = payload.withBytes(0) { page.add($0, for: index) }
    job.timeout = payload.optionalInteger(1).map { .microseconds($0) }
    job.organization = payload.optionalText(2)
    job.owner = payload.optionalText(3)
    job.traceparent = payload.optionalText(4)
    job.tags = payload.optionalText(5).map(ClaimedJob.tags(in:)) ?? []
  }
}

extension ClaimedJob {
  fileprivate func isBefore(_ other: ClaimedJob) -> Bool {
    (other.priority, runAt, id) < (priority, other.runAt, other.id)
  }

  /// A claimed job before what was written once has been read.
  fileprivate init(
    id: JobID, kind: String, queue: String, priority: Priority, attempt: Int, failures: Int, crashes: Int,
    maxAttempts: Int, runAt: Timestamp
  ) {
    self.init(
      id: id, kind: kind, queue: queue, priority: priority, attempt: attempt, failures: failures, crashes: crashes,
      maxAttempts: maxAttempts, runAt: runAt, payload: [], timeout: nil, tags: [], organization: nil, owner: nil,
      traceparent: nil)
  }
}
