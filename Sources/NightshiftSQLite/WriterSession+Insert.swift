import Nightshift

extension WriterSession {
  func insert(_ jobs: [NewJob], now: Timestamp) throws(StoreError) -> [InsertOutcome] {
    var outcomes: [InsertOutcome] = []
    outcomes.reserveCapacity(jobs.count)
    // Not out of the array itself, which would copy each: a job holds a dozen things that a copy counts.
    let span = jobs.span
    for index in span.indices { outcomes.append(try insert(span[index], now: now)) }
    return try linked(jobs, outcomes, now: now)
  }

  private func insert(_ job: borrowing NewJob, now: Timestamp) throws(StoreError) -> InsertOutcome {
    guard job.key != nil || job.idempotency != nil else { return try insertFree(job, now: now) }
    var keyed = copy job
    if let taken = try claimKeys(of: &keyed, now: now) { return taken }
    return try insertFree(keyed, now: now)
  }

  private func insertFree(_ job: borrowing NewJob, now: Timestamp) throws(StoreError) -> InsertOutcome {
    let state = job.firstState(now: now)
    try ensureQueue(job.queue.rawValue, now: now)
    guard try insertRow(job, state, now: now) else { return try insertedBefore(copy job) }
    try insertWriteOnce(job)
    noteInserted(job, state, at: now)
    tally.roll(job.queue.rawValue, job.kind.rawValue, at: now) { $0.enqueued += 1 }
    if state == .scheduled { tally.due(at: job.runAt) }
    if let until = job.hold?.until { tally.due(at: until) }
    return .inserted(state)
  }

  private func insertRow(_ job: borrowing NewJob, _ state: JobState, now: Timestamp) throws(StoreError) -> Bool {
    if let lane = job.lane { return try insertGatedRow(job, lane, state, now: now) }
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

  private func insertGatedRow(
    _ job: borrowing NewJob, _ lane: String, _ state: JobState, now: Timestamp
  ) throws(StoreError) -> Bool {
    let turn = state == .ready ? try nextTurn(of: job, in: lane, now: now) : nil
    insertGatedJob.bind(1, job.id.rawValue)
    insertGatedJob.bind(2, job.queue.rawValue)
    insertGatedJob.bind(3, job.kind.rawValue)
    insertGatedJob.bind(4, state.code)
    insertGatedJob.bind(5, job.priority.code)
    insertGatedJob.bind(6, job.runAt.microseconds)
    insertGatedJob.bind(7, Int64(job.maxAttempts))
    insertGatedJob.bind(8, job.hold?.reason.rawValue ?? 0)
    insertGatedJob.bind(9, job.hold?.until?.microseconds)
    insertGatedJob.bind(10, turn)
    insertGatedJob.bind(11, lane)
    return try insertGatedJob.run() == 1
  }

  private func insertWriteOnce(_ job: borrowing NewJob) throws(StoreError) {
    let insert = job.limitKey == nil ? insertPayload : insertKeyedPayload
    insert.bind(1, job.id.rawValue)
    insert.bind(2, job.payload)
    insert.bind(3, job.timeout?.microseconds)
    insert.bind(4, job.organization)
    insert.bind(5, job.owner)
    insert.bind(6, job.traceparent)
    insert.bind(7, job.tags.isEmpty ? nil : JSONValue.array(job.tags.map(JSONValue.string)).description)
    if let key = job.limitKey { insert.bind(8, key) }
    try insert.run()
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
}
