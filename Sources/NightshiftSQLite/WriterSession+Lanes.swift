import Nightshift

/// What the writer remembers of gates, and how that is kept true.
extension WriterSession {
  // MARK: Jobs that run

  func running(in pools: [Pool]) throws(StoreError) -> [Int] {
    guard !pools.isEmpty else { return [] }
    let known = try knownRunningLanes()
    return pools.map { known.running(in: $0.text) }
  }

  private func knownRunningLanes() throws(StoreError) -> RunningLanes {
    let version = try connection.dataVersion()
    if let runningLanes, runningLanesVersion == version, !runningLanes.isFull { return runningLanes }
    let statement = try connection.statement(SQLiteStatements.runningLanes)
    defer { statement.reset() }
    var lanes = RunningLanes()
    while try statement.step() { lanes.begin(JobID(rawValue: statement.integer(0)), in: statement.text(1)) }
    runningLanes = lanes
    runningLanesVersion = version
    return lanes
  }

  func putBack(_ jobs: [HeldBack]) throws(StoreError) {
    let statement = try connection.statement(SQLiteStatements.putBack)
    for held in jobs {
      statement.bind(1, held.reason?.rawValue ?? 0)
      statement.bind(2, held.pool)
      statement.bind(3, held.turn)
      statement.bind(4, held.job.rawValue)
      try statement.run()
      runningLanes?.end(held.job)
    }
  }

  // MARK: Turns

  func nextTurns(_ wanted: [TurnLane: Int], now: Timestamp) throws(StoreError) -> [TurnLane: Int64] {
    var next: [TurnLane: Int64] = [:]
    for (lane, count) in wanted { next[lane] = try nextTurn(in: turns.lane(lane), count, now: now) }
    return next
  }

  /// The turn of a job that is ready from the start; `nil` where there are none.
  func nextTurn(of job: borrowing NewJob, in text: String, now: Timestamp) throws(StoreError) -> Int64? {
    let queue = job.queue.rawValue
    if let known = turns.place(text, in: queue, job.priority) {
      return try known.lane.map { lane throws(StoreError) in try nextTurn(in: lane, 1, now: now) }
    }
    let name = turnLane(queue: queue, kind: job.kind.rawValue, job.priority, lane: text)
    let lane = name.map { turns.lane($0) }
    turns.remember(text, TurnBook.Place(queue: queue, priority: job.priority, lane))
    return try lane.map { lane throws(StoreError) in try nextTurn(in: lane, 1, now: now) }
  }

  private func nextTurn(in lane: TurnBook.Lane, _ count: Int, now: Timestamp) throws(StoreError) -> Int64 {
    let front = lane.front
    if front.readIn != transaction {
      turns.lookAgain(at: try connection.dataVersion())
      // A queue in which nobody has had a turn yet begins with the time, as jobs without a turn are ordered.
      front.turn = try readTurn(front, "") ?? now.microseconds
      front.readIn = transaction
    }
    if lane.look != turns.look {
      lane.written = try readTurn(front, lane.name) ?? .min
      lane.last = max(lane.last, lane.written)
      lane.look = turns.look
    }
    defer { turns.noteIfAhead(lane) }
    return lane.next(Int64(count))
  }

  private func readTurn(_ front: TurnBook.Front, _ lane: String) throws(StoreError) -> Int64? {
    lastTurn.bind(1, front.queue)
    lastTurn.bind(2, front.priority.code)
    lastTurn.bind(3, lane)
    defer { lastTurn.reset() }
    return try lastTurn.step() ? lastTurn.integer(0) : nil
  }

  /// Writes down the turns that are too far ahead of the database; called before the commit.
  func writeTurns() throws(StoreError) {
    guard !turns.due.isEmpty else { return }
    let statement = try connection.statement(SQLiteStatements.writeTurn)
    for lane in turns.due {
      statement.bind(1, lane.front.queue)
      statement.bind(2, lane.front.priority.code)
      statement.bind(3, lane.name)
      statement.bind(4, lane.last)
      try statement.run()
    }
    turns.noteWritten()
  }
}
