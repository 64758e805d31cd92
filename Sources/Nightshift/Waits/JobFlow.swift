import Synchronization

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

// MARK: For handlers outside

extension JobContext {
  /// What came of the job's questions, signals and steps so far, as a script finds it in its context.
  package func flowSoFar() async throws(StoreError) -> [String: JSONValue] {
    // Nothing can have been asked before.
    guard attempt > 1 else { return [:] }
    let id = id
    let (steps, waits) = try await engine.store.read { transaction in
      (
        try transaction.query(
          "SELECT \(StepRecord.columns) FROM nightshift_steps WHERE job = ? AND state = 1 ORDER BY seq", [SQLValue(id)]
        ).map(StepRecord.init),
        try transaction.query(
          "SELECT \(Wait.columns) FROM nightshift_waits WHERE job = ? AND type = 2 AND state IN (1, 2) ORDER BY id",
          [SQLValue(id)]
        ).map(Wait.init)
      )
    }
    var filter = CheckpointFilter()
    filter.job = id
    let checkpoints = try await engine.checkpoints(filter, limit: 1_000).checkpoints
    for document in steps.map(\.result) + waits.map(\.payload) { note(given: document) }
    for checkpoint in checkpoints { note(given: checkpoint.current?.serialized()) }
    var fields: [String: JSONValue] = [:]
    let (children, own) = (steps.filter { $0.type == StepRecord.child }, steps.filter { $0.type != StepRecord.child })
    if !children.isEmpty { fields["children"] = try await self.children(children) }
    fields["steps"] = .object(
      Dictionary(own.map { ($0.key, JSONValue(kept: $0.result)) }) { $1 })
    let (came, timedOut) = (waits.filter { $0.state == .satisfied }, waits.filter { $0.state == .timedOut })
    fields["signals"] = .object(Dictionary(came.map { ($0.name ?? $0.key, JSONValue(kept: $0.payload)) }) { $1 })
    fields["timedOut"] = .array(Set(timedOut.flatMap(\.names)).sorted().map(JSONValue.string))
    fields["checkpoints"] = .object(
      Dictionary(checkpoints.filter { !$0.key.contains("~") }.map { ($0.key, $0.outcome) }) { first, _ in first })
    return fields
  }

  /// Keeps the result of a step that was taken elsewhere: in a script.
  package func keep(step name: String, result: JSONValue) async throws {
    try StepName.check(name)
    // A kept result wins: perhaps a person has edited it.
    if attempt > 1, try await engine.step(name, of: id)?.state == .completed { return }
    var record = StepRecord(key: name, attempt: attempt, tries: 1, startedAt: engine.clock.now)
    (record.state, record.endedAt, record.type) = (.completed, record.startedAt, "JSON")
    record.result = result.serialized()
    guard record.result!.count <= StepRecord.limit else {
      throw PermanentFailure("the result of the step \"\(name)\" has more than \(StepRecord.limit) bytes")
    }
    note(given: record.result)
    try await engine.keep(record, of: self)
  }

  /// Has the job wait for a signal once its attempt is over.
  package func waitFor(signals names: [String], timeout: Duration?) throws {
    for name in names { try StepName.check(name) }
    let key = try flow.withLock { flow in try flow.begin(names.sorted().joined(separator: "|"), key: nil) }
    var draft = WaitDraft(
      id: engine.makeID().rawValue, key: "\(key)#attempt:\(attempt)", kind: .signal,
      dueAt: timeout.map { engine.clock.now + $0 })
    draft.names = names
    flow.withLock { $0.park(draft, 0) }
  }

  /// Asks people once the attempt is over, unless they have answered already.
  ///
  /// - Returns: `false` if they have: then there is nothing to wait for.
  package func askLater(_ draft: CheckpointDraft) async throws -> Bool {
    do {
      // In a task of its own, as questions that are asked beside each other are.
      async let answer = ask(
        draft.type, StepName.base(of: draft.key), title: draft.title, data: draft.data, options: draft.options,
        key: nil, choices: draft.choices)
      _ = try await answer
      return false
    } catch is Parked {
      return true
    } catch is Rejection {
      // The script finds the answer in its context, and decides what it means.
      return false
    } catch is CheckpointExpired {
      return false
    }
  }

  /// Has the job wait, once its attempt is over, for what others have asked on its behalf.
  package func waitForOpenQuestions() async throws -> QuestionsLeft {
    let (id, start) = (id, startedAt)
    let (open, isAnswered) = try await engine.store.read { transaction in
      guard try transaction.hasTables(of: Migration.waits.step) else { return ([Wait](), false) }
      let open = try transaction.query(
        "SELECT \(Wait.columns) FROM nightshift_waits WHERE job = ? AND state = 0 AND type = 3", [SQLValue(id)]
      ).map(Wait.init)
      // What was answered before the attempt began was in its context: it has seen that.
      let answered = try transaction.query(
        """
        SELECT 1 FROM nightshift_checkpoints
        WHERE job = ? AND decided_at >= ? AND state IN ('approved', 'rejected', 'expired') LIMIT 1
        """, [SQLValue(id), SQLValue(start)])
      return (open, !answered.isEmpty)
    }
    for wait in open {
      let draft = WaitDraft(id: wait.id, key: wait.key, kind: .checkpoint, dueAt: wait.dueAt)
      flow.withLock { $0.park(draft, 0) }
    }
    return open.isEmpty ? isAnswered ? .answered : .none : .open
  }

  /// Takes back what was asked: the attempt has ended otherwise.
  package func forgetWaits() { flow.withLock { $0.forget() } }
}

/// What an attempt that ends without an end of its own has to wait for.
package enum QuestionsLeft: Sendable {
  case none
  case open
  /// Nothing any more: the answer came while the attempt was running.
  case answered
}

extension JSONValue {
  /// What was stored as JSON by us.
  init(kept bytes: [UInt8]?) {
    self = bytes.flatMap { try? JSONValue(parsing: $0) } ?? .null
  }
}

extension Checkpoint {
  fileprivate var outcome: JSONValue {
    let last = decisions.last
    var fields: [String: JSONValue] = ["state": .string(state.rawValue), "data": current ?? .null]
    fields["by"] = last.map { .string($0.actor) }
    fields["comment"] = last?.comment.map { .string($0) }
    fields["choice"] = choice.map { .string($0) }
    fields["at"] = decidedAt.map { .string($0.rfc3339) }
    return .object(fields)
  }
}
