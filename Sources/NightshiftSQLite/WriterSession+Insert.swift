import Nightshift

extension WriterSession {
  func insert(_ jobs: [NewJob], now: Timestamp) throws(StoreError) -> [InsertOutcome] {
    var outcomes: [InsertOutcome] = []
    outcomes.reserveCapacity(jobs.count)
    for job in jobs { outcomes.append(try insert(job, now: now)) }
    return try linked(jobs, outcomes, now: now)
  }

  private func insert(_ job: NewJob, now: Timestamp) throws(StoreError) -> InsertOutcome {
    if job.key != nil || job.idempotency != nil, let taken = try claimKeys(of: job, now: now) { return taken }
    let state = job.firstState(now: now)
    try ensureQueue(job.queue.rawValue, now: now)
    guard try insertRow(job, state, now: now) else { return try insertedBefore(job) }
    try insertWriteOnce(job)
    let moved = MovedJob(id: job.id, queue: job.queue.rawValue, kind: job.kind.rawValue, attempt: 0, version: 1)
    self.moved(moved, from: nil, to: state, at: now)
    tally.roll(moved.queue, moved.kind, at: now) { $0.enqueued += 1 }
    if state == .scheduled { tally.due(at: job.runAt) }
    if let until = job.hold?.until { tally.due(at: until) }
    return .inserted(state)
  }

  private func insertRow(_ job: NewJob, _ state: JobState, now: Timestamp) throws(StoreError) -> Bool {
    guard job.lane == nil else { return try insertGatedRow(job, state, now: now) }
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

  private func insertGatedRow(_ job: NewJob, _ state: JobState, now: Timestamp) throws(StoreError) -> Bool {
    let (queue, kind) = (job.queue.rawValue, job.kind.rawValue)
    var turn: Int64?
    if state == .ready, let lane = turnLane(queue: queue, kind: kind, job.priority, lane: job.lane) {
      turn = try nextTurn(in: lane, 1, now: now)
    }
    insertGatedJob.bind(1, job.id.rawValue)
    insertGatedJob.bind(2, queue)
    insertGatedJob.bind(3, kind)
    insertGatedJob.bind(4, state.code)
    insertGatedJob.bind(5, job.priority.code)
    insertGatedJob.bind(6, job.runAt.microseconds)
    insertGatedJob.bind(7, Int64(job.maxAttempts))
    insertGatedJob.bind(8, job.hold?.reason.rawValue ?? 0)
    insertGatedJob.bind(9, job.hold?.until?.microseconds)
    insertGatedJob.bind(10, turn)
    insertGatedJob.bind(11, job.lane)
    return try insertGatedJob.run() == 1
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
    if let key = job.limitKey {
      try execute(
        "UPDATE nightshift_payloads SET limit_key = ? WHERE id = ?", [.text(key), .integer(job.id.rawValue)])
    }
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
