/// The room in pools while one claim goes on.
package struct Admission: Sendable {
  /// Jobs that run, by pool; counted once for each claim. Of a claim those of whole queues, and ``found`` the others.
  var running: [String: Int] = [:]
  var found = FoundLanes()
  var rates: [String: RatePool] = [:]

  let now: Timestamp

  package init(now: Timestamp) { self.now = now }

  /// How many more jobs of a pool may run.
  func room(of pool: Pool, _ gate: Gate) -> Int {
    var room = Int.max
    if let concurrency = gate.capacity(at: now) { room = max(0, concurrency - (running[pool.text] ?? 0)) }
    if let rate = rates[pool.text] { room = min(room, rate.room) }
    return room
  }

  /// When a pool without room may have some, if it is time that gives it.
  func nextMoment(of pool: Pool, _ gate: Gate) -> Timestamp? {
    if case .until(let end) = gate.closure {
      if end > now { return end }
      // Should a probe end without telling anything, the next one goes.
      if gate.reason == .breakerOpen { return now + .seconds(5) }
    }
    guard let rate = rates[pool.text], rate.room == 0 else { return nil }
    return rate.nextMoment
  }

  /// Counts the jobs that have been let through.
  mutating func noteTaken() {
    for index in found.rooms.indices where found.rooms[index].taken > 0 {
      let room = found.rooms[index]
      found.rooms[index].taken = 0
      guard !room.isPlain else { continue }
      running[room.pool.text, default: 0] += room.taken
      rates[room.pool.text]?.take(room.taken)
    }
  }
}

/// A job that a claim has found, before it is known whether its pools have room.
package struct ClaimCandidate: Sendable {
  package var job: ClaimedJob
  /// Its place in a fair queue; `nil` if it was given none yet.
  package var turn: Int64?
  package var version: Int64

  /// Its place in its queue.
  package var place: Int64 { turn ?? job.runAt.microseconds }

  package init(job: ClaimedJob, turn: Int64?, version: Int64) {
    self.job = job
    self.turn = turn
    self.version = version
  }
}

/// A job that was claimed and does not run: a pool has no room for it, or others come first.
package struct HeldBack: Sendable, Hashable {
  package var job: JobID
  /// The pool without room.
  package var pool: String?
  package var reason: Hold.Reason?
  /// The turn that it is given.
  package var turn: Int64?

  init(job: JobID, pool: String? = nil, reason: Hold.Reason? = nil, turn: Int64? = nil) {
    self.job = job
    self.pool = pool
    self.reason = reason
    self.turn = turn
  }
}

/// How many held jobs of a pool may go on.
package struct PoolRoom: Sendable, Hashable {
  package var pool: String
  package var room: Int
}

/// What gets turns of its own in a queue: the jobs of one value of its key, by priority.
package struct TurnLane: Sendable, Hashable, Comparable {
  package var queue: String
  package var priority: Priority
  /// The value of the key behind a colon; empty for the queue itself.
  package var lane: String

  package init(queue: String, priority: Priority, lane: String) {
    self.queue = queue
    self.priority = priority
    self.lane = lane
  }

  /// The queue's own, which says whose turn it is.
  package static func current(_ queue: String, _ priority: Priority) -> TurnLane {
    TurnLane(queue: queue, priority: priority, lane: "")
  }

  package static func < (left: TurnLane, right: TurnLane) -> Bool {
    (left.queue, left.priority.code, left.lane) < (right.queue, right.priority.code, right.lane)
  }
}
