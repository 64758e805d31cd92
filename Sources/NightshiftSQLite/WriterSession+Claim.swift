import Nightshift

extension WriterSession {
  func claim(_ request: ClaimRequest) throws(StoreError) -> [ClaimedJob] {
    var jobs: [ClaimedJob] = []
    if let only = request.only {
      jobs = try claimOne(only, request)
    } else {
      var gated: Admission?
      for lane in request.lanes where jobs.count < request.limit {
        let (queue, limit) = (lane.queue.rawValue, min(lane.limit, request.limit - jobs.count))
        guard isGated(queue) else {
          jobs += try claim(queue, limit, request)
          continue
        }
        if gated == nil { gated = try beginAdmission(request.lanes.map(\.queue.rawValue), now: request.now) }
        jobs += try claimGated(queue, limit, request, &gated!)
      }
      if let gated { try finishAdmission(gated) }
    }
    guard !jobs.isEmpty else { return [] }
    // The claim is a beat: whoever measures how long the worker's beat stands still begins anew.
    try countBeat(of: request.worker)
    return jobs
  }

  /// Claims what the queue's gates let through, and goes on to what stands behind the jobs that they keep back.
  private func claimGated(
    _ queue: String, _ limit: Int, _ request: ClaimRequest, _ admission: inout Admission
  ) throws(StoreError) -> [ClaimedJob] {
    var jobs: [ClaimedJob] = []
    for round in 1...Self.admissionRounds {
      let room = min(limit - jobs.count, try wholeRoom(in: queue, &admission, now: request.now))
      guard room > 0 else { break }
      let candidates = try candidates(queue, room, request)
      jobs += try claimed(admit(candidates, from: queue, &admission, now: request.now), at: request.now)
      guard candidates.count == room else { break }
      // Others have their turn; then the worker comes again.
      if round == Self.admissionRounds, jobs.count < limit { tally.notice.readyQueues.insert(queue) }
    }
    return jobs
  }

  private func claim(_ queue: String, _ limit: Int, _ request: ClaimRequest) throws(StoreError) -> [ClaimedJob] {
    let claim = try bound(claim(request), queue, limit, request)
    defer { claim.reset() }
    var jobs: [ClaimedJob] = []
    var page = PayloadPage()
    var last: (Int64, Int64, Int64) = (.min, .min, .min)
    var isSorted = true
    while try claim.step() {
      var job = ClaimedJob(claim, queue)
      try addWriteOnce(to: &job, at: jobs.count, &page)
      noteClaimed(job, version: claim.integer(8), at: request.now)
      let place = (job.priority.code, job.runAt.microseconds, job.id.rawValue)
      isSorted = isSorted && last < place
      last = place
      jobs.append(job)
    }
    page.hand(to: &jobs)
    // RETURNING promises no order, but nearly always has the right one, and then sorting would cost more than it does.
    return isSorted ? jobs : jobs.sorted { $0.isBefore($1) }
  }

  private func claim(_ request: ClaimRequest) throws(StoreError) -> SQLiteStatement {
    request.lacking.isEmpty ? claim : try connection.statement(SQLiteStatements.claim(without: request.lacking))
  }

  private func bound(
    _ claim: SQLiteStatement, _ queue: String, _ limit: Int, _ request: ClaimRequest
  ) -> SQLiteStatement {
    claim.bind(1, request.worker.rawValue)
    claim.bind(2, request.now.microseconds)
    claim.bind(3, queue)
    for (index, kind) in request.lacking.enumerated() { claim.bind(Int32(4 + index), kind) }
    claim.bind(Int32(4 + request.lacking.count), Int64(limit))
    return claim
  }

  /// Takes the first jobs of a gated queue, in its order.
  private func candidates(
    _ queue: String, _ limit: Int, _ request: ClaimRequest
  ) throws(StoreError) -> [ClaimCandidate] {
    let sql =
      request.lacking.isEmpty
      ? SQLiteStatements.claimGated : SQLiteStatements.claim(without: request.lacking, isGated: true)
    let claim = bound(try connection.statement(sql), queue, limit, request)
    defer { claim.reset() }
    var candidates: [ClaimCandidate] = []
    var last: ClaimCandidate.Order?
    var isSorted = true
    while try claim.step() {
      var job = ClaimedJob(claim, queue)
      job.lane = claim.optionalText(10)
      if let lane = job.lane { runningLanes?.begin(job.id, in: lane) }
      let next = ClaimCandidate(job: job, turn: claim.optionalInteger(9), version: claim.integer(8))
      isSorted = isSorted && (last.map { $0 < next.order } ?? true)
      last = next.order
      candidates.append(next)
    }
    return isSorted ? candidates : ClaimCandidate.sorted(candidates)
  }

  /// Reads what was written once about jobs that this worker has now, and notes that it has them.
  private func claimed(_ candidates: [ClaimCandidate], at now: Timestamp) throws(StoreError) -> [ClaimedJob] {
    var jobs: [ClaimedJob] = []
    jobs.reserveCapacity(candidates.count)
    var page = PayloadPage()
    for index in candidates.indices {
      jobs.append(candidates[index].job)
      try addWriteOnce(to: &jobs[index], at: index, &page)
      noteClaimed(jobs[index], version: candidates[index].version, at: now)
    }
    page.hand(to: &jobs)
    return jobs
  }

  /// Claims one job by its id, even if it is held: for `nightshift run` in the foreground.
  private func claimOne(_ id: JobID, _ request: ClaimRequest) throws(StoreError) -> [ClaimedJob] {
    let rows = try query(
      """
      UPDATE nightshift_jobs
      SET state = 1, attempt = attempt + 1, version = version + 1, worker = ?, started_at = ?, stuck_at = NULL,
        hold = 0, hold_until = NULL
      WHERE id = ? AND state = 0
      RETURNING id, kind, priority, attempt, failures, crashes, max_attempts, run_at, version, queue, lane
      """,
      [.integer(request.worker.rawValue), SQLValue(request.now), .integer(id.rawValue)])
    guard let row = rows.first else { return [] }
    var job = ClaimedJob(
      id: id, kind: row.text(1)!, queue: row.text(9)!, priority: Priority(code: row.integer(2)!) ?? .normal,
      attempt: Int(row.integer(3)!), failures: Int(row.integer(4)!), crashes: Int(row.integer(5)!),
      maxAttempts: Int(row.integer(6)!), runAt: row.timestamp(7)!)
    job.lane = row.text(10)
    var page = PayloadPage()
    try addWriteOnce(to: &job, at: 0, &page)
    var jobs = [job]
    page.hand(to: &jobs)
    noteClaimed(job, version: row.integer(8)!, at: request.now)
    return jobs
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

  /// A row of ``SQLiteStatements/claim``.
  fileprivate init(_ row: SQLiteStatement, _ queue: String) {
    self.init(
      id: JobID(rawValue: row.integer(0)), kind: row.text(1), queue: queue,
      priority: Priority(code: row.integer(2)) ?? .normal, attempt: Int(row.integer(3)),
      failures: Int(row.integer(4)), crashes: Int(row.integer(5)), maxAttempts: Int(row.integer(6)),
      runAt: Timestamp(microseconds: row.integer(7)))
  }
}

extension ClaimCandidate {
  /// Where it stands in its queue.
  fileprivate struct Order: Comparable {
    var priority: Int64
    var place: Int64
    var id: Int64

    static func < (left: Order, right: Order) -> Bool {
      (left.priority, left.place, left.id) < (right.priority, right.place, right.id)
    }
  }

  fileprivate var order: Order { Order(priority: job.priority.code, place: place, id: job.id.rawValue) }

  /// Sorts what is small instead of the jobs, which are not.
  fileprivate static func sorted(_ candidates: [ClaimCandidate]) -> [ClaimCandidate] {
    let places = candidates.indices.map { (order: candidates[$0].order, index: $0) }
    return places.sorted { $0.order < $1.order }.map { candidates[$0.index] }
  }
}

extension ClaimedJob {
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
