/// What is known of a job's steps and waits.
package struct JobFlow: Sendable {
  /// In the order in which they were begun.
  package var steps: [StepRecord] = []
  package var waits: [Wait] = []
  /// The first of the signals that it has got and not waited for yet.
  package var signals: [KeptSignal] = []
  /// How many there are.
  package var signalCount = 0
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
    if waits.contains(where: { $0.kind == .checkpoint }) { try noteExpiry(of: job, transaction) }
    try readSignals(of: job, transaction)
    let fork = try transaction.query("SELECT origin, step FROM nightshift_forks WHERE job = ?", [id]).first
    origin = fork?.job(0)
    originStep = fork?.text(1)
  }

  /// Of a job that has not begun: it can have got signals, and nothing else.
  init(ofUnbegun job: JobID, _ transaction: any ReadTransaction) throws(StoreError) {
    guard try transaction.hasTables(of: Migration.waits.step) else { return }
    try readSignals(of: job, transaction)
  }

  /// Changes with what comes while the job itself stays as it is, for an entity tag.
  package var stamp: String { signals.isEmpty ? "" : "\(signalCount)-\(signals[0].id)" }

  /// A question's wait is looked after when the next reminder is due; what people want to know is when it expires.
  private mutating func noteExpiry(of job: JobID, _ transaction: any ReadTransaction) throws(StoreError) {
    let rows = try transaction.query(
      "SELECT id, expires_at FROM nightshift_checkpoints WHERE job = ?", [SQLValue(job)])
    let ends = Dictionary(rows.map { ($0.integer(0)!, $0.timestamp(1)) }) { $1 }
    for index in waits.indices where waits[index].kind == .checkpoint {
      waits[index].dueAt = ends[waits[index].id] ?? nil
    }
  }

  private mutating func readSignals(of job: JobID, _ transaction: any ReadTransaction) throws(StoreError) {
    signals = try transaction.query(
      """
      SELECT \(KeptSignal.columns) FROM nightshift_signals WHERE job = ? AND wait IS NULL
      ORDER BY id LIMIT \(KeptSignal.mostShown)
      """, [SQLValue(job)]
    ).map(KeptSignal.init)
    signalCount = signals.count
    guard signals.count == KeptSignal.mostShown else { return }
    let counted = try transaction.query(
      "SELECT count(*) FROM nightshift_signals WHERE job = ? AND wait IS NULL", [SQLValue(job)])
    signalCount = Int(counted.first?.integer(0) ?? 0)
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
