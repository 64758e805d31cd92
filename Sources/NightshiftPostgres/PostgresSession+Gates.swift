import Nightshift

/// The verbs of gates, each for all jobs at once.
extension PostgresSession {
  func nextTurns(_ wanted: [TurnLane: Int], now: Timestamp) throws(StoreError) -> [TurnLane: Int64] {
    let lanes = wanted.keys.sorted()
    var queues = PostgresParameters()
    queues.add(Set(lanes.map(\.queue)).sorted())
    let known = try send(PostgresStatements.currentTurns, queues)
    var current: [TurnLane: Int64] = [:]
    for row in 0..<known.count {
      current[.current(known.text(row, 0)!, Priority(code: known.integer(row, 1)!) ?? .normal)] = known.integer(row, 2)!
    }
    var parameters = PostgresParameters()
    parameters.add(lanes.map(\.queue))
    parameters.add(lanes.map(\.priority.code))
    parameters.add(lanes.map(\.lane))
    // A queue in which nobody has had a turn yet begins with the time, as jobs without a turn are ordered.
    parameters.add(lanes.map { current[.current($0.queue, $0.priority)] ?? now.microseconds })
    parameters.add(lanes.map { Int64(wanted[$0]!) })
    let result = try send(PostgresStatements.nextTurns, parameters)
    var turns: [TurnLane: Int64] = [:]
    for row in 0..<result.count {
      let lane = TurnLane(
        queue: result.text(row, 0)!, priority: Priority(code: result.integer(row, 1)!) ?? .normal,
        lane: result.text(row, 2)!)
      turns[lane] = result.integer(row, 3)!
    }
    return turns
  }

  func running(in pools: [Pool]) throws(StoreError) -> [Int] {
    guard !pools.isEmpty else { return [] }
    let running = gates.isSole ? try runningOfSoleGate(pools) : try Engine.runningByPool(self)
    return pools.map { running[$0.text] ?? 0 }
  }

  /// With one gate a job's lane is its pool.
  private func runningOfSoleGate(_ pools: [Pool]) throws(StoreError) -> [String: Int] {
    var parameters = PostgresParameters()
    parameters.add(pools.map(\.text))
    let result = try send(PostgresStatements.running, parameters)
    return Dictionary((0..<result.count).map { (result.text($0, 0)!, Int(result.integer($0, 1)!)) }) { $1 }
  }

  func putBack(_ jobs: [HeldBack]) throws(StoreError) {
    guard !jobs.isEmpty else { return }
    var parameters = PostgresParameters()
    parameters.add(jobs.map(\.job.rawValue))
    parameters.add(jobs.map { $0.reason?.rawValue ?? 0 })
    parameters.add(jobs.map(\.pool))
    parameters.add(jobs.map(\.turn))
    _ = try send(PostgresStatements.putBack, parameters)
    // A job may have left the pool meanwhile, in a transaction that has not seen these: once they can be seen, somebody
    // has to look.
    let pools = Set(jobs.compactMap(\.pool))
    tally.notice.freedPools.formUnion(pools.filter { Pool($0).flatMap { gates[$0.gate] }?.concurrency != nil })
  }

  func writeLanes(_ lanes: [(job: JobID, lane: String)]) throws(StoreError) {
    var parameters = PostgresParameters()
    parameters.add(lanes.map(\.job.rawValue))
    parameters.add(lanes.map(\.lane))
    _ = try send(PostgresStatements.writeLanes, parameters)
  }

  func release(_ rooms: [PoolRoom]) throws(StoreError) -> [String: Int] {
    var parameters = PostgresParameters()
    parameters.add(rooms.map(\.pool))
    parameters.add(rooms.map { Int64($0.room) })
    let rows = try send(PostgresStatements.release, parameters).rows
    noteReleased(rows, at: tally.now)
    var released: [String: Int] = [:]
    for row in rows { released[row.text(6)!, default: 0] += 1 }
    return released
  }
}
