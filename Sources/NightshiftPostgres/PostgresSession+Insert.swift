import Nightshift

extension PostgresSession {
  func insert(_ jobs: [NewJob], now: Timestamp) throws(StoreError) -> [InsertOutcome] {
    try ensureQueues(of: jobs, now: now)
    // In order, since a job may hold the key that a later one of the same batch wants.
    var outcomes: [InsertOutcome] = []
    outcomes.reserveCapacity(jobs.count)
    var start = 0
    for (index, job) in jobs.enumerated() where job.key != nil || job.idempotency != nil {
      outcomes += try insertPlain(jobs[start..<index], now: now)
      start = index + 1
      if let taken = try claimKeys(of: job, now: now) {
        outcomes.append(taken)
      } else {
        outcomes += try insertPlain([job], now: now)
      }
    }
    outcomes += try insertPlain(jobs[start...], now: now)
    return try linked(jobs, outcomes, now: now)
  }

  private func insertPlain(_ jobs: ArraySlice<NewJob>, now: Timestamp) throws(StoreError) -> [InsertOutcome] {
    guard !jobs.isEmpty else { return [] }
    var outcomes: [InsertOutcome] = []
    outcomes.reserveCapacity(jobs.count)
    // The same id twice in one batch: the second is the first, said again.
    var ids: Set<JobID> = []
    let distinct = jobs.filter { ids.insert($0.id).inserted }
    let result = try insertRows(distinct, now: now)
    var fresh = Set((0..<result.count).map { result.integer($0, 0)! })
    var tagged: [(tag: String, job: Int64)] = []
    for job in jobs {
      guard fresh.remove(job.id.rawValue) != nil else {
        outcomes.append(try insertedBefore(job))
        continue
      }
      let state = job.firstState(now: now)
      outcomes.append(.inserted(state))
      tagged += Set(job.tags).map { ($0, job.id.rawValue) }
      let moved = MovedJob(id: job.id, queue: job.queue.rawValue, kind: job.kind.rawValue, attempt: 0, version: 1)
      self.moved(moved, from: nil, to: state, at: now)
      tally.roll(moved.queue, moved.kind, at: now) { $0.enqueued += 1 }
      if state == .scheduled { tally.due(at: job.runAt) }
      if let until = job.hold?.until { tally.due(at: until) }
    }
    if !tagged.isEmpty {
      var parameters = PostgresParameters()
      parameters.add(tagged.map(\.tag))
      parameters.add(tagged.map(\.job))
      _ = try send(PostgresStatements.insertTags, parameters)
    }
    return outcomes
  }

  private func insertRows(_ jobs: [NewJob], now: Timestamp) throws(StoreError) -> PostgresResult {
    var parameters = jobs.parameters(now: now)
    guard jobs.contains(where: { $0.lane != nil || $0.limitKey != nil }) else {
      return try send(PostgresStatements.insert, parameters)
    }
    parameters.add(try turns(of: jobs, now: now))
    parameters.add(jobs.map(\.lane))
    parameters.add(jobs.map(\.limitKey))
    return try send(PostgresStatements.insertGated, parameters)
  }

  /// The turns of those that are ready in fair queues.
  private func turns(of jobs: [NewJob], now: Timestamp) throws(StoreError) -> [Int64?] {
    let lanes = jobs.map { job in
      job.lane == nil || job.firstState(now: now) != .ready
        ? nil
        : turnLane(queue: job.queue.rawValue, kind: job.kind.rawValue, job.priority, lane: job.lane)
    }
    var wanted: [TurnLane: Int] = [:]
    for lane in lanes { if let lane { wanted[lane, default: 0] += 1 } }
    guard !wanted.isEmpty else { return lanes.map { _ in nil } }
    var next = try nextTurns(wanted, now: now)
    for (lane, count) in wanted { next[lane]! -= Int64(count) }
    return lanes.map { lane in
      guard let lane else { return nil }
      next[lane]! += 1
      return next[lane]
    }
  }

  private func ensureQueues(of jobs: [NewJob], now: Timestamp) throws(StoreError) {
    for job in jobs where !knownQueues.contains(job.queue.rawValue) {
      let name = job.queue.rawValue
      let isNew =
        try execute(
          "INSERT INTO nightshift_queues(name, created_at) VALUES(?, ?) ON CONFLICT(name) DO NOTHING",
          [.text(name), SQLValue(now)]) == 1
      if isNew { changesMore = true }
      knownQueues.insert(name)
    }
  }
}

extension [NewJob] {
  /// The parameters of ``PostgresStatements/insert``.
  fileprivate func parameters(now: Timestamp) -> PostgresParameters {
    var parameters = PostgresParameters()
    parameters.add(map(\.id.rawValue))
    parameters.add(map(\.queue.rawValue))
    parameters.add(map(\.kind.rawValue))
    parameters.add(map { $0.firstState(now: now).code })
    parameters.add(map(\.priority.code))
    parameters.add(map(\.runAt.microseconds))
    parameters.add(map { Int64($0.maxAttempts) })
    parameters.add(map { $0.hold?.reason.rawValue ?? 0 })
    parameters.add(map { $0.hold?.until?.microseconds })
    parameters.add(map(\.payload))
    parameters.add(map { $0.timeout?.microseconds })
    parameters.add(map(\.organization))
    parameters.add(map(\.owner))
    parameters.add(map(\.traceparent))
    parameters.add(map { $0.tags.isEmpty ? nil : JSONValue.array($0.tags.map(JSONValue.string)).description })
    return parameters
  }
}
