import Nightshift

/// The writer's connection with the hot path's prepared statements, and what the current group adds up to.
/// Used by the writer's thread only.
final class WriterSession {
  let connection: SQLiteConnection
  var tally = GroupTally()
  var takenSteps: Set<Migration.Step> = []
  /// Queues that are known to have a row.
  var knownQueues: Set<String> = [] {
    didSet { if knownQueues.isEmpty { lastQueue = "" } }
  }
  /// The queue of the job before, which is nearly always that of the next: comparing is cheaper than hashing.
  var lastQueue = ""
  let insertJob: SQLiteStatement
  let insertPayload: SQLiteStatement
  let claim: SQLiteStatement
  let payload: SQLiteStatement
  let complete: SQLiteStatement

  init(_ connection: SQLiteConnection) throws(StoreError) {
    self.connection = connection
    insertJob = try connection.prepare(SQLiteStatements.insertJob)
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
