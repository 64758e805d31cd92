import Nightshift

/// What a store should do, in the simplest form that says it: jobs in a dictionary, no transactions, no SQL.
struct JobModel {
  struct Entry {
    var job: StoredJob
    var queue: String
    var worker: WorkerID?
    var losses = 0
    var key: String?
    /// While it is parked: when it goes on.
    var wakesAt: Timestamp?
  }

  private(set) var jobs: [JobID: Entry] = [:]
  /// Who had each key last.
  private var keys: [String: JobID] = [:]

  mutating func insert(_ job: NewJob, now: Timestamp) -> InsertOutcome {
    if let key = job.key?.key {
      if let holder = keys[key], let entry = jobs[holder], !entry.job.state.isTerminal {
        return .duplicate(of: holder)
      }
      keys[key] = job.id
    }
    let state: JobState = job.runAt > now ? .scheduled : .ready
    let stored = StoredJob(
      state: state, priority: job.priority, runAt: job.runAt, hold: job.hold?.reason.rawValue ?? 0)
    jobs[job.id] = Entry(job: stored, queue: job.queue.rawValue, key: job.key?.key)
    return .inserted(state)
  }

  mutating func claim(_ request: ClaimRequest) -> [JobID] {
    var claimed: [JobID] = []
    for lane in request.lanes {
      let ready = jobs.filter {
        $0.value.queue == lane.queue.rawValue && $0.value.job.state == .ready && $0.value.job.hold == 0
      }
      let ordered = ready.keys.sorted { left, right in
        let (first, second) = (jobs[left]!.job, jobs[right]!.job)
        return (first.priority.code, first.runAt, left) < (second.priority.code, second.runAt, right)
      }
      for id in ordered.prefix(min(lane.limit, request.limit - claimed.count)) {
        jobs[id]!.job.state = .running
        jobs[id]!.job.attempt += 1
        jobs[id]!.worker = request.worker
        claimed.append(id)
      }
    }
    return claimed
  }

  mutating func settle(_ settlement: Settlement) -> SettleOutcome {
    guard var entry = jobs[settlement.id], entry.job.state == .running,
      entry.job.attempt == settlement.attempt,
      entry.worker == settlement.worker
    else { return .stale }
    defer { jobs[settlement.id] = entry }
    let isCancelled = entry.job.isCancelRequested
    switch settlement.outcome {
    case .completed: entry.job.state = .completed
    case .cancelled: entry.job.state = .cancelled
    case _ where isCancelled: entry.job.state = .cancelled
    case .runAgain(let moment, let why):
      entry.job.state = .scheduled
      entry.job.runAt = moment
      if case .retry = why { entry.job.failures += 1 }
    case .dead:
      entry.job.state = .dead
      entry.job.failures += 1
    case .held(let hold):
      entry.job.state = .ready
      entry.job.hold = hold.reason.rawValue
    case .parked(let waits):
      entry.job.state = .waiting
      entry.wakesAt = waits.compactMap(\.dueAt).min()
    }
    return .settled
  }

  mutating func promote(now: Timestamp) -> Int {
    let due = jobs.filter { $0.value.job.state == .scheduled && $0.value.job.runAt <= now }
    for id in due.keys { jobs[id]!.job.state = .ready }
    for (id, entry) in jobs where entry.job.state == .waiting && entry.wakesAt! <= now {
      jobs[id]!.job.state = .ready
      jobs[id]!.job.runAt = now
    }
    return due.count
  }

  mutating func change(_ change: JobChange, _ id: JobID, now: Timestamp) -> ChangeOutcome {
    guard let entry = jobs[id] else { return .missing }
    let state = entry.job.state
    switch change {
    case .cancel:
      if state.isTerminal { return .refused(state) }
      jobs[id]!.job.isCancelRequested = true
      if state == .running { return .changed(.running) }
      jobs[id]!.job.state = .cancelled
      jobs[id]!.job.hold = 0
    case .retry:
      guard [.dead, .cancelled, .scheduled].contains(state) else { return .refused(state) }
      let former = entry.job
      jobs[id]!.job = StoredJob(
        state: .ready, attempt: former.attempt, failures: state == .scheduled ? former.failures : 0,
        crashes: state == .scheduled ? former.crashes : 0, priority: former.priority, runAt: now)
    case .discard:
      guard state.isTerminal else { return .refused(state) }
      jobs[id] = nil
      return .changed(state)
    case .release(let reason):
      guard entry.job.hold == reason.rawValue else { return .refused(state) }
      jobs[id]!.job.hold = 0
    case .markStuck(let attempt):
      guard state == .running, entry.job.attempt == attempt else { return .refused(state) }
    }
    return .changed(jobs[id]!.job.state)
  }

  mutating func reclaim(_ reclaim: Reclaim) -> Int {
    let lost = jobs.filter { $0.value.job.state == .running && $0.value.worker == reclaim.worker }
    for (id, entry) in lost {
      let crashed = reclaim.crashed.contains(id)
      let crashes = entry.job.crashes + (crashed ? 1 : 0)
      let losses = entry.losses + (crashed ? 0 : 1)
      let wait = crashed || losses <= 10 ? 0 : min(60, 1 << min(6, losses - 10))
      jobs[id]!.losses = losses
      jobs[id]!.job.crashes = crashes
      if entry.job.isCancelRequested {
        jobs[id]!.job.state = .cancelled
      } else if crashed && crashes >= reclaim.crashLimit {
        jobs[id]!.job.state = .dead
      } else {
        jobs[id]!.job.state = .scheduled
        // Its place in the queue is kept, unless it has to wait.
        if wait > 0 { jobs[id]!.job.runAt = reclaim.now + .seconds(wait) }
      }
    }
    return lost.count
  }

  mutating func prune(_ ids: [JobID]) -> Int {
    let ended = ids.filter { jobs[$0]?.job.state.isTerminal == true }
    for id in ended { jobs[id] = nil }
    return ended.count
  }
}
