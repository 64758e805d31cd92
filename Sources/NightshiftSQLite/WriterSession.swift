import Nightshift

/// The writer's connection with the hot path's prepared statements, and what the current group adds up to.
/// Used by the writer's thread only.
final class WriterSession {
  let connection: SQLiteConnection
  var tally = GroupTally()
  var takenSteps: Set<Migration.Step> = []
  var gates = GateSet.none
  /// Queues that are known to have a row.
  var knownQueues: Set<String> = [] {
    didSet { if knownQueues.isEmpty { lastQueue = "" } }
  }
  /// Whose turn it is in fair queues, as this transaction has read it.
  var currentTurns: [TurnLane: Int64] = [:]
  /// The queue of the job before, which is nearly always that of the next: comparing is cheaper than hashing.
  var lastQueue = ""
  let insertJob: SQLiteStatement
  let insertGatedJob: SQLiteStatement
  let nextTurn: SQLiteStatement
  let insertPayload: SQLiteStatement
  let claim: SQLiteStatement
  let payload: SQLiteStatement
  let complete: SQLiteStatement

  init(_ connection: SQLiteConnection) throws(StoreError) {
    self.connection = connection
    insertJob = try connection.prepare(SQLiteStatements.insertJob)
    insertGatedJob = try connection.prepare(SQLiteStatements.insertGatedJob)
    nextTurn = try connection.prepare(SQLiteStatements.nextTurn)
    insertPayload = try connection.prepare(SQLiteStatements.insertPayload)
    claim = try connection.prepare(SQLiteStatements.claim)
    payload = try connection.prepare(SQLiteStatements.payload)
    complete = try connection.prepare(SQLiteStatements.complete)
  }
}

extension WriterSession: StoreSession {
  func query(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> [SQLRow] {
    try connection.query(sql, values)
  }

  @discardableResult
  func execute(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> Int { try connection.run(sql, values) }

  func awaited(among jobs: [JobID]) throws(StoreError) -> Set<JobID> {
    // Nearly always nobody waits for anything, and then this is all that a group of writes pays.
    guard try !query(SQLiteStatements.anybodyWaits, []).isEmpty else { return [] }
    var awaited: Set<JobID> = []
    for job in jobs where !awaited.contains(job) {
      if try !query(SQLiteStatements.somebodyWaits, [SQLValue(job)]).isEmpty { awaited.insert(job) }
    }
    return awaited
  }

  func nextTurns(_ wanted: [TurnLane: Int], now: Timestamp) throws(StoreError) -> [TurnLane: Int64] {
    var turns: [TurnLane: Int64] = [:]
    for (lane, count) in wanted { turns[lane] = try nextTurn(in: lane, count, now: now) }
    return turns
  }

  /// Hands out turns and tells the last of them.
  func nextTurn(in lane: TurnLane, _ count: Int, now: Timestamp) throws(StoreError) -> Int64 {
    let current = TurnLane.current(lane.queue, lane.priority)
    if currentTurns[current] == nil {
      let rows = try query(
        "SELECT turn FROM nightshift_turns WHERE queue = ? AND priority = ? AND lane = ''",
        [.text(lane.queue), .integer(lane.priority.code)])
      // A queue in which nobody has had a turn yet begins with the time, as jobs without a turn are ordered.
      currentTurns[current] = rows.first?.integer(0) ?? now.microseconds
    }
    nextTurn.bind(1, lane.queue)
    nextTurn.bind(2, lane.priority.code)
    nextTurn.bind(3, lane.lane)
    nextTurn.bind(4, currentTurns[current])
    nextTurn.bind(5, Int64(count))
    defer { nextTurn.reset() }
    guard try nextTurn.step() else {
      throw StoreError(.corrupt, "A turn was not handed out. Run `nightshift db check`.")
    }
    let turn = nextTurn.integer(0)
    // RETURNING ends with the statement.
    _ = try nextTurn.step()
    return turn
  }

  func lock(_ table: String, where condition: String, _ values: [SQLValue]) throws(StoreError) {
    // Nothing to do: there is one writer at a time.
  }

  func takeTurns(on key: String) throws(StoreError) {
    // Nothing to do, for the same reason.
  }

  func continueNumbering(of table: String) throws(StoreError) {
    // Nothing to do: SQLite counts from the largest id that is there.
  }
}
