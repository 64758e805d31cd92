/// What is kept of a step.
package struct StepRecord: Sendable {
  package enum State: Int64, Sendable { case started = 0, completed = 1, failed = 2 }

  package var key: String
  package var state: State
  package var attempt: Int
  package var tries: Int
  package var startedAt: Timestamp
  package var endedAt: Timestamp?
  /// The Swift type of the result.
  package var type: String?
  package var result: [UInt8]?
  package var error: String?

  /// The type of a step whose result is the id of a child.
  static let child = "child"
  /// The largest result, in bytes.
  package static let limit = 1 << 20
  /// The most that the results of a script's steps may have together: each attempt is given all of them.
  package static let limitOfAll = 16 << 20
  static let columns = "key, state, attempt, tries, started_at, ended_at, type, result, error"

  init(_ row: SQLRow) {
    key = row.text(0)!
    state = State(rawValue: row.integer(1)!)!
    attempt = Int(row.integer(2)!)
    tries = Int(row.integer(3)!)
    startedAt = row.timestamp(4)!
    endedAt = row.timestamp(5)
    type = row.text(6)
    result = row.bytes(7)
    error = row.text(8)
  }
}

extension Engine {
  func step(_ key: String, of job: JobID) async throws(StoreError) -> StepRecord? {
    try await store.read { transaction in
      try transaction.query(
        "SELECT \(StepRecord.columns) FROM nightshift_steps WHERE job = ? AND key = ?", [SQLValue(job), .text(key)]
      ).first.map(StepRecord.init)
    }
  }

  func wait(_ key: String, of job: JobID) async throws(StoreError) -> Wait? {
    try await store.read { transaction in
      try transaction.query(
        "SELECT \(Wait.columns) FROM nightshift_waits WHERE job = ? AND key = ?", [SQLValue(job), .text(key)]
      ).first.map(Wait.init)
    }
  }

  /// Keeps what is known of a step: durable when it returns. Refused once the attempt is not the job's current one.
  func keep(_ step: StepRecord, of context: JobContext) async throws {
    let (id, attempt, worker) = (context.id, context.attempt, context.worker)
    try await store.write { transaction in
      try transaction.fence(id, attempt, worker)
      try transaction.keep(step, of: id)
    }
  }
}

extension WriteTransaction {
  func keep(_ step: StepRecord, of id: JobID) throws(StoreError) {
    try execute(
      """
      INSERT INTO nightshift_steps(job, key, seq, state, attempt, tries, started_at, ended_at, type, result, error)
      VALUES(?, ?, (SELECT coalesce(max(seq), 0) + 1 FROM nightshift_steps WHERE job = ?), ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT(job, key) DO UPDATE SET
        state = excluded.state, attempt = excluded.attempt, tries = excluded.tries, started_at = excluded.started_at,
        ended_at = excluded.ended_at, type = excluded.type, result = excluded.result, error = excluded.error
      """,
      [
        SQLValue(id), .text(step.key), SQLValue(id), .integer(step.state.rawValue), SQLValue(step.attempt),
        SQLValue(step.tries), SQLValue(step.startedAt), SQLValue(step.endedAt), SQLValue(step.type),
        SQLValue(step.result), SQLValue(step.error),
      ])
  }
}
