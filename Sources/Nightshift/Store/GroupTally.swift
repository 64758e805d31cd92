/// What one group of writes adds up to: written once at the end of the transaction instead of once for each job.
package struct GroupTally: Sendable {
  package struct Rollup: Sendable {
    package var hour: Int64
    package var queue: String
    package var kind: String
    package var enqueued: Int64 = 0
    package var completed: Int64 = 0
    package var failed: Int64 = 0
    package var dead: Int64 = 0
    package var cancelled: Int64 = 0
    package var wait: Int64 = 0
    package var longestWait: Int64 = 0
    package var run: Int64 = 0
    package var longestRun: Int64 = 0
  }

  /// A job that has stopped running and may leave room for another.
  package struct Freed: Sendable, Hashable {
    package var queue: String
    package var kind: String
    package var lane: String?
  }

  /// Whose calls they were, and which breaker watches them.
  package struct Caller: Sendable, Hashable {
    package var breaker: Int64
    package var worker: WorkerID
  }

  package private(set) var counters: [(queue: String, deltas: InlineArray<8, Int64>)] = []
  package private(set) var rollups: [Rollup] = []
  package var notice = CommitNotice()
  /// Jobs that have ended and were not followed yet: somebody may wait for them.
  package var ends: [EndedJob] = []
  /// What left its pools, and what has become ready in a fair queue.
  package var freed: [Freed] = []
  package var unturned: [JobID] = []
  /// How calls went that breakers watch.
  package var calls: [Caller: CallCount] = [:]
  /// The time of the last change.
  package var now = Timestamp(microseconds: 0)
  /// The queue that was noted last: comparing is cheaper than hashing.
  private var lastReady: String?
  /// Whether transitions are to be collected for listeners in this process, or written for those in others.
  package var collectsTransitions = false

  package init() {}

  /// The start of the hour, under which a moment is rolled up.
  package static func hour(of moment: Timestamp) -> Int64 { moment.microseconds / 3_600_000_000 * 3_600_000_000 }

  /// Counts a job that moved from one state to another; `nil` is outside the table.
  package mutating func move(_ queue: String, from old: JobState?, to new: JobState?) {
    // Nearly always the queue of the job before, so a short list beats a dictionary.
    let index = counters.firstIndex { $0.queue == queue } ?? counters.endIndex
    if index == counters.endIndex { counters.append((queue, InlineArray(repeating: 0))) }
    if let old { counters[index].deltas[Int(old.code)] -= 1 }
    if let new { counters[index].deltas[Int(new.code)] += 1 }
    guard new == .ready, queue != lastReady else { return }
    notice.readyQueues.insert(queue)
    lastReady = queue
  }

  package mutating func due(at moment: Timestamp) {
    notice.nextDue = min(notice.nextDue ?? moment, moment)
  }

  /// Says that something has changed which every process keeps in memory: this one has to read it again, too.
  package mutating func changesMore() { notice.foreignChange = true }

  /// Notes that a job has left its pools, beside others that did.
  package mutating func left(_ queue: String, _ kind: String, _ lane: String?) {
    // Many jobs of one lane are one.
    if let last = freed.last, last.lane == lane, last.queue == queue, last.kind == kind { return }
    freed.append(Freed(queue: queue, kind: kind, lane: lane))
  }

  /// Counts the end of an attempt in the roll-up of its hour.
  package mutating func roll(_ settlement: borrowing Settlement, _ change: (inout Rollup) -> Void) {
    let (startedAt, endedAt, runAt) = (settlement.startedAt, settlement.endedAt, settlement.runAt)
    roll(settlement.queue, settlement.kind, at: endedAt) { rollup in
      let counted = rollup.completed + rollup.failed
      change(&rollup)
      // The means are over the attempts that are counted; a snooze or a shutdown is not.
      guard let startedAt, rollup.completed + rollup.failed > counted else { return }
      let wait = max(0, startedAt.microseconds - runAt.microseconds)
      let run = max(0, endedAt.microseconds - startedAt.microseconds)
      rollup.wait += wait
      rollup.longestWait = max(rollup.longestWait, wait)
      rollup.run += run
      rollup.longestRun = max(rollup.longestRun, run)
    }
  }

  package mutating func roll(_ queue: String, _ kind: String, at moment: Timestamp, _ change: (inout Rollup) -> Void) {
    let hour = Self.hour(of: moment)
    // Searched from the end: the last one is the most likely.
    let index = rollups.lastIndex { $0.kind == kind && $0.queue == queue && $0.hour == hour } ?? rollups.endIndex
    if index == rollups.endIndex { rollups.append(Rollup(hour: hour, queue: queue, kind: kind)) }
    change(&rollups[index])
  }
}
