import Synchronization

extension JobContext {
  /// Keeps the result of a step that was taken elsewhere: in a script.
  package func keep(step name: String, result: JSONValue) async throws {
    // What cannot be kept now cannot be kept by any later attempt.
    do { try StepName.check(name) } catch { throw PermanentFailure("$step: \(error)") }
    // A kept result wins: perhaps a person has edited it.
    if attempt > 1, try await engine.step(name, of: id)?.state == .completed { return }
    var record = StepRecord(key: name, attempt: attempt, tries: 1, startedAt: engine.clock.now)
    let bytes = result.serialized()
    (record.state, record.endedAt, record.type, record.result) = (.completed, record.startedAt, "JSON", bytes)
    guard bytes.count <= StepRecord.limit else {
      throw PermanentFailure("the result of the step \"\(name)\" has more than \(StepRecord.limit) bytes")
    }
    try flow.withLock { flow in
      // It gets all of them with each attempt.
      guard flow.script.keptBytes + bytes.count <= StepRecord.limitOfAll else {
        throw PermanentFailure(
          "with the step \"\(name)\" the results of its steps have more than \(StepRecord.limitOfAll) bytes together: "
            + "keep large ones as files ($artifact)")
      }
      flow.script.keptBytes += bytes.count
    }
    note(given: bytes)
    try await engine.keep(record, of: self)
  }

  /// Has the job wait for a signal once its attempt is over. Asked for again by a later attempt, its time runs on.
  package func waitFor(_ signal: SignalDraft) {
    let (names, end) = (Set(signal.names), signal.timeout.map { engine.clock.now + $0 })
    flow.withLock { [attempt, id = engine.makeID().rawValue] flow in
      let key = flow.script.key(of: signal.waitName, attempt: attempt) { wait in
        Set(wait.names) == names && (wait.dueAt == nil) == (end == nil)
      }
      var draft = WaitDraft(id: id, key: key, kind: .signal, dueAt: end)
      draft.names = names.sorted()
      flow.script.add(draft)
    }
  }

  /// Asks people once the attempt is over, unless they have answered already.
  ///
  /// - Throws: ``Rejection`` and ``CheckpointExpired`` for what the script was told already when it began;
  ///   ``FlowError`` for what cannot be asked.
  package func askLater(_ draft: CheckpointDraft) async throws -> QuestionsLeft {
    try StepName.check(draft.key)
    try draft.check()
    guard flow.withLock({ $0.script.mayAsk(draft) }) else {
      throw FlowError(
        "The checkpoint \"\(draft.key)\" was asked already by this attempt, about other data: "
          + "give each question a `key` of its own.")
    }
    switch try await answer(to: draft) {
    case .granted: return .answered
    case .asked(let checkpoint):
      try await engine.noteAsked(checkpoint.id, by: self)
      // It may see to a no itself, once it knows of it.
      guard !flow.withLock({ [startedAt] in $0.script.isNews(checkpoint, since: startedAt) }) else { return .answered }
      _ = try decision(of: checkpoint, draft)
      return .none
    case .open(let draft):
      flow.withLock { [id = engine.makeID().rawValue] in $0.script.add(.checkpoint(draft, id: id)) }
      return .open
    }
  }

  /// Tells people something, once, however often the job runs.
  package func tell(_ draft: CheckpointDraft) async throws {
    try StepName.check(draft.key)
    var draft = draft
    draft.options.risk = .read
    try draft.check()
    try await engine.note(draft, of: self)
  }

  /// Parks the attempt for what it has asked for.
  package func parkForAsked() { flow.withLock { $0.park($0.script.waits) } }

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
    flow.withLock { $0.park(open.map { WaitDraft(id: $0.id, key: $0.key, kind: .checkpoint, dueAt: $0.dueAt) }) }
    return open.isEmpty ? isAnswered ? .answered : .none : .open
  }
}

/// What an attempt that ends without an end of its own has to wait for.
package enum QuestionsLeft: Sendable {
  case none
  case open
  /// Nothing any more: the answer came while the attempt was running.
  case answered
}

extension Engine {
  /// Notes that this is what an attempt asks now, of all that was asked under the name before.
  fileprivate func noteAsked(_ checkpoint: CheckpointID, by context: JobContext) async throws {
    let (job, attempt, worker) = (context.id, context.attempt, context.worker)
    try await store.write { transaction in
      try transaction.fence(job, attempt, worker)
      try transaction.execute(
        "UPDATE nightshift_checkpoints SET attempt = ? WHERE id = ? AND attempt < ?",
        [SQLValue(attempt), .integer(checkpoint.rawValue), SQLValue(attempt)])
    }
  }
}
