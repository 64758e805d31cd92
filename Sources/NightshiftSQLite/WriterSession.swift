import Nightshift

/// The writer's connection with the hot path's prepared statements, and what the current group adds up to.
/// Used by the writer's thread only.
final class WriterSession {
  let connection: SQLiteConnection
  var tally = GroupTally()
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

  /// Notes a change of state for the counters, for workers and for listeners.
  func moved(_ job: MovedJob, from old: JobState?, to new: JobState, at moment: Timestamp) {
    tally.move(job.queue, from: old, to: new)
    guard tally.collectsTransitions else { return }
    tally.notice.transitions.append(
      Transition(
        job: job.id, version: job.version, state: new, kind: job.kind, queue: job.queue, attempt: job.attempt,
        at: moment))
  }
}

/// What a change of state has to know of its job.
struct MovedJob {
  var id: JobID
  var queue: String
  var kind: String
  var attempt: Int
  var version: Int64

  init(id: JobID, queue: String, kind: String, attempt: Int, version: Int64) {
    self.id = id
    self.queue = queue
    self.kind = kind
    self.attempt = attempt
    self.version = version
  }
}

extension WriterSession: WriteTransaction {
  func query(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> [SQLRow] {
    try connection.query(sql, values)
  }

  @discardableResult
  func execute(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> Int { try connection.run(sql, values) }

  func lock(_ table: String, where condition: String, _ values: [SQLValue]) throws(StoreError) {
    // Nothing to do: there is one writer at a time.
  }
}
