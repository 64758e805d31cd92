import Nightshift

extension PostgresSession {
  /// - Parameter lost: The moments of claims by the same worker whose answers were lost: what they took is handed out
  ///   now.
  func claim(_ request: ClaimRequest, after lost: [Timestamp]) throws(StoreError) -> [ClaimedJob] {
    var jobs: [ClaimedJob] = []
    for lost in lost {
      jobs += try claimed(PostgresStatements.claimedBefore, [.integer(request.worker.rawValue), SQLValue(lost)], nil)
    }
    if let only = request.only {
      let values: [SQLValue] = [.integer(request.worker.rawValue), SQLValue(request.now), SQLValue(only)]
      jobs += try claimed(PostgresStatements.claimOne, values, request.now)
    } else {
      var gated: Admission?
      for lane in request.lanes where jobs.count < request.limit {
        let (queue, limit) = (lane.queue.rawValue, min(lane.limit, request.limit - jobs.count))
        guard isGated(queue) else {
          let variant = PostgresStatements.Variant(
            isWithoutKinds: !request.lacking.isEmpty, isBeforeLimits: try !knowsLimits)
          jobs += self.jobs(in: try find(queue, limit, request, variant), claimedAt: request.now)
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
    let variant = PostgresStatements.Variant(isWithoutKinds: !request.lacking.isEmpty, isGated: true)
    var jobs: [ClaimedJob] = []
    for round in 1...Self.admissionRounds {
      let room = min(limit - jobs.count, try wholeRoom(in: queue, &admission, now: request.now))
      guard room > 0 else { break }
      let candidates = try find(queue, room, request, variant).candidates
      for candidate in try admit(candidates, from: queue, &admission, now: request.now) {
        noteClaimed(candidate.job, version: candidate.version, at: request.now)
        jobs.append(candidate.job)
      }
      guard candidates.count == room else { break }
      // Others have their turn; then the worker comes again.
      if round == Self.admissionRounds, jobs.count < limit { tally.notice.readyQueues.insert(queue) }
    }
    return jobs
  }

  private func find(
    _ queue: String, _ limit: Int, _ request: ClaimRequest, _ variant: PostgresStatements.Variant
  ) throws(StoreError) -> PostgresResult {
    var parameters = PostgresParameters()
    parameters.add(request.worker.rawValue)
    parameters.add(request.now.microseconds)
    parameters.add(queue)
    parameters.add(Int64(limit))
    if !request.lacking.isEmpty { parameters.add(request.lacking) }
    return try send(PostgresStatements.claim(variant), parameters)
  }

  private func noteClaimed(_ job: ClaimedJob, version: Int64, at now: Timestamp) {
    let moved = MovedJob(id: job.id, queue: job.queue, kind: job.kind, attempt: job.attempt, version: version)
    self.moved(moved, from: .ready, to: .running, at: now)
  }

  private func claimed(_ sql: String, _ values: [SQLValue], _ moment: Timestamp?) throws(StoreError) -> [ClaimedJob] {
    jobs(in: try send(sql, PostgresParameters(values)), claimedAt: moment)
  }

  /// - Parameter moment: When they were claimed; `nil` if that has been counted before.
  private func jobs(in result: PostgresResult, claimedAt moment: Timestamp?) -> [ClaimedJob] {
    var page = PayloadPage()
    var jobs: [ClaimedJob] = []
    jobs.reserveCapacity(result.count)
    for row in 0..<result.count {
      let job = result.claimedJob(row, &page)
      jobs.append(job)
      guard let moment else { continue }
      noteClaimed(job, version: result.integer(row, 8)!, at: moment)
    }
    page.hand(to: &jobs)
    // RETURNING promises no order.
    return jobs.sorted { ($1.priority, $0.runAt, $0.id) < ($0.priority, $1.runAt, $1.id) }
  }
}

extension PostgresResult {
  /// The rows of a gated claim, in the order of their turns: RETURNING promises none.
  fileprivate var candidates: [ClaimCandidate] {
    var page = PayloadPage()
    var jobs = (0..<count).map { claimedJob($0, &page) }
    page.hand(to: &jobs)
    for row in jobs.indices { jobs[row].lane = text(row, 17) }
    return jobs.indices
      .map { ClaimCandidate(job: jobs[$0], turn: integer($0, 16), version: integer($0, 8)!) }
      .sorted { ($1.job.priority, $0.place, $0.job.id) < ($0.job.priority, $1.place, $1.job.id) }
  }

  fileprivate func claimedJob(_ row: Int, _ page: inout PayloadPage) -> ClaimedJob {
    let payload = bytes(row, 9) ?? UnsafeRawBufferPointer(start: nil, count: 0)
    return ClaimedJob(
      id: JobID(rawValue: integer(row, 0)!), kind: text(row, 1)!, queue: text(row, 15)!,
      priority: Priority(code: integer(row, 2)!) ?? .normal, attempt: Int(integer(row, 3)!),
      failures: Int(integer(row, 4)!), crashes: Int(integer(row, 5)!), maxAttempts: Int(integer(row, 6)!),
      runAt: Timestamp(microseconds: integer(row, 7)!), payload: page.add(payload, for: row),
      timeout: integer(row, 10).map { .microseconds($0) }, tags: text(row, 14).map(ClaimedJob.tags(in:)) ?? [],
      organization: text(row, 11), owner: text(row, 12), traceparent: text(row, 13))
  }
}
