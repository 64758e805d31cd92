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
    var parameters = PostgresParameters()
    parameters.add(request.worker.rawValue)
    parameters.add(request.now.microseconds)
    parameters.add(queue)
    parameters.add(Int64(limit))
    if !request.lacking.isEmpty { parameters.add(request.lacking) }
    let sql = request.lacking.isEmpty ? PostgresStatements.claim : PostgresStatements.claimWithoutKinds
    return jobs(in: try send(sql, parameters), claimedAt: request.now)
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
      let moved = MovedJob(
        id: job.id, queue: job.queue, kind: job.kind, attempt: job.attempt, version: result.integer(row, 8)!)
      self.moved(moved, from: .ready, to: .running, at: moment)
    }
    page.hand(to: &jobs)
    // RETURNING promises no order.
    return jobs.sorted { ($1.priority, $0.runAt, $0.id) < ($0.priority, $1.runAt, $1.id) }
  }
}

extension PostgresResult {
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
