import Nightshift

/// What the hot path says about changes of state: the same as ``StoreSession/moved(_:from:to:at:)``, without putting
/// together what only listeners ask for, and without the detours of code that is written for all stores.
extension WriterSession {
  func noteInserted(_ job: borrowing NewJob, _ state: JobState, at now: Timestamp) {
    if tally.collectsTransitions {
      let (queue, kind) = (job.queue.rawValue, job.kind.rawValue)
      moved(MovedJob(id: job.id, queue: queue, kind: kind, attempt: 0, version: 1), from: nil, to: state, at: now)
    } else {
      tally.move(job.queue.rawValue, from: nil, to: state)
      if hasGates { tally.now = max(tally.now, now) }
    }
  }

  func noteClaimed(_ job: borrowing ClaimedJob, version: Int64, at now: Timestamp) {
    if tally.collectsTransitions {
      let moved = MovedJob(id: job.id, queue: job.queue, kind: job.kind, attempt: job.attempt, version: version)
      self.moved(moved, from: .ready, to: .running, at: now)
    } else {
      tally.move(job.queue, from: .ready, to: .running)
      if hasGates { tally.now = max(tally.now, now) }
    }
  }

  func noteCompleted(_ settlement: borrowing Settlement) throws(StoreError) {
    if tally.collectsTransitions || hasBreakers {
      return try ended(copy settlement, .completed) { $0.completed += 1 }
    }
    tally.move(settlement.queue, from: .running, to: .completed)
    tally.ends.append(EndedJob(id: settlement.id, state: .completed, at: settlement.endedAt))
    if hasGates, gates.limits(queue: settlement.queue) {
      tally.left(settlement.queue, settlement.kind, settlement.lane)
      tally.now = max(tally.now, settlement.endedAt)
    }
    tally.roll(settlement) { $0.completed += 1 }
  }
}
