/// What is known of a job's steps and waits.
package struct JobFlow: Sendable {
  /// In the order in which they were begun.
  package var steps: [StepRecord] = []
  package var waits: [Wait] = []
  /// The job that it was forked from, and at which step.
  package var origin: JobID?
  package var originStep: String?

  init() {}

  init(of job: JobID, _ transaction: any ReadTransaction) throws(StoreError) {
    // On a schema that is yet to be migrated there are none.
    guard try transaction.hasTables(of: Migration.waits.step) else { return }
    let id = SQLValue(job)
    // The results may be large, and are asked for one at a time.
    steps = try transaction.query(
      """
      SELECT key, state, attempt, tries, started_at, ended_at, type,
        CASE WHEN length(result) <= 2000 THEN result END, error
      FROM nightshift_steps WHERE job = ? ORDER BY seq LIMIT 1000
      """, [id]
    ).map(StepRecord.init)
    waits = try transaction.query(
      "SELECT \(Wait.columns) FROM nightshift_waits WHERE job = ? ORDER BY id LIMIT 1000", [id]
    ).map(Wait.init)
    let fork = try transaction.query("SELECT origin, step FROM nightshift_forks WHERE job = ?", [id]).first
    origin = fork?.job(0)
    originStep = fork?.text(1)
  }
}

extension ReadTransaction {
  func hasTables(of step: Migration.Step) throws(StoreError) -> Bool {
    try !query(
      "SELECT 1 FROM nightshift_migrations WHERE module = ? AND number = ?",
      [.text(step.module), .integer(Int64(step.number))]
    ).isEmpty
  }
}

extension JSONValue {
  /// What was stored as JSON by us.
  init(kept bytes: [UInt8]?) {
    self = bytes.flatMap { try? JSONValue(parsing: $0) } ?? .null
  }
}
