import Nightshift

/// The writer's connection with the hot path's prepared statements, and what the current group adds up to.
/// Used by the writer's thread only.
final class WriterSession {
  let connection: SQLiteConnection
  var tally = GroupTally()
  var takenSteps: Set<Migration.Step> = []
  var gates = GateSet.none {
    didSet {
      guard gates != oldValue else { return }
      // What jobs say about their pools may stand for something else now.
      runningLanes = nil
      turns.forgetPlaces()
      (hasGates, hasBreakers) = (!gates.isEmpty, !gates.breakers.isEmpty)
    }
  }
  private(set) var hasGates = false
  /// Also closed ones, which are no gates.
  private(set) var hasBreakers = false
  /// Queues that are known to have a row.
  var knownQueues: Set<String> = [] {
    didSet { if knownQueues.isEmpty { lastQueue = "" } }
  }
  /// The number of the transaction, counted from the start of the process.
  private(set) var transaction = 0
  /// `nil` until a claim asks for it.
  var runningLanes: RunningLanes?
  /// The version of the data at which it was read.
  var runningLanesVersion: Int64 = 0
  var turns = TurnBook()
  /// The queue of the job before, which is nearly always that of the next: comparing is cheaper than hashing.
  var lastQueue = ""
  let insertJob: SQLiteStatement
  let insertGatedJob: SQLiteStatement
  let lastTurn: SQLiteStatement
  let insertPayload: SQLiteStatement
  let insertKeyedPayload: SQLiteStatement
  let claim: SQLiteStatement
  let payload: SQLiteStatement
  let complete: SQLiteStatement

  init(_ connection: SQLiteConnection) throws(StoreError) {
    self.connection = connection
    insertJob = try connection.prepare(SQLiteStatements.insertJob)
    insertGatedJob = try connection.prepare(SQLiteStatements.insertGatedJob)
    lastTurn = try connection.prepare(SQLiteStatements.lastTurn)
    insertPayload = try connection.prepare(SQLiteStatements.insertPayload)
    insertKeyedPayload = try connection.prepare(SQLiteStatements.insertKeyedPayload)
    claim = try connection.prepare(SQLiteStatements.claim)
    payload = try connection.prepare(SQLiteStatements.payload)
    complete = try connection.prepare(SQLiteStatements.complete)
  }

  func begin(_ gates: GateSet) {
    transaction += 1
    tally = GroupTally()
    self.gates = gates
    turns.forgetIfFull()
  }

  /// Drops what was remembered of the database: something was rolled back, or another process has written.
  func forget() {
    knownQueues.removeAll()
    runningLanes = nil
    turns.lookAgain()
  }
}

extension WriterSession: StoreSession {
  func query(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> [SQLRow] {
    try connection.query(noted(connection.statement(sql)), values)
  }

  @discardableResult
  func execute(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> Int {
    try connection.run(noted(connection.statement(sql)), values)
  }

  /// Only the statements of the hot path keep up what is remembered of the jobs that run.
  private func noted(_ statement: SQLiteStatement) -> SQLiteStatement {
    if statement.changesJobs { runningLanes = nil }
    return statement
  }

  func awaited(among jobs: [JobID]) throws(StoreError) -> Set<JobID> {
    // Nearly always nobody waits for anything, and then this is all that a group of writes pays.
    let open = try query(SQLiteStatements.anybodyWaits, []).first
    var awaited: Set<JobID> = []
    if open?.integer(1) == 1 {
      for list in SQLList.lists(of: jobs) {
        let rows = try query(
          "SELECT job FROM nightshift_checkpoints WHERE job IN (\(list.marks)) AND state = 'pending'", list.values)
        awaited.formUnion(rows.compactMap { $0.job(0) })
      }
    }
    guard open?.integer(0) == 1 else { return awaited }
    for job in jobs where !awaited.contains(job) {
      if try !query(SQLiteStatements.somebodyWaits, [SQLValue(job)]).isEmpty { awaited.insert(job) }
    }
    return awaited
  }

  func lock(_ table: String, where condition: String, _ values: [SQLValue]) throws(StoreError) {
    // Nothing to do: there is one writer at a time.
  }

  func keep(_ table: String, where condition: String, _ values: [SQLValue]) throws(StoreError) {
    // Nothing to do, for the same reason.
  }

  func takeTurns(on key: String) throws(StoreError) {
    // Nothing to do, for the same reason.
  }

  func continueNumbering(of table: String) throws(StoreError) {
    // Nothing to do: SQLite counts from the largest id that is there.
  }
}
