import Synchronization

/// Which questions are meant. What is empty or `nil` does not narrow.
package struct CheckpointFilter: Sendable {
  package var states: Set<CheckpointState> = []
  package var types: Set<CheckpointType> = []
  package var kinds: Set<String> = []
  package var job: JobID?
  /// Only what this person or token may see; `nil` for everything.
  package var viewer: Actor?

  package init() {}
}

/// One page of a list, newest first.
package struct CheckpointPage: Sendable {
  package var checkpoints: [Checkpoint]
  /// Where the next page begins; `nil` on the last one.
  package var next: CheckpointID?
}

extension Engine {
  /// Questions to people, newest first. Without states: those that wait for an answer.
  package func checkpoints(
    _ filter: CheckpointFilter, before: CheckpointID? = nil, limit: Int = 50
  ) async throws(StoreError) -> CheckpointPage {
    let (states, isInbox) = (filter.states.map(\.rawValue).sorted(), filter.states == [.pending])
    var conditions: [String] = []
    var values: [SQLValue] = []
    // The literal is the condition of the index.
    if isInbox { conditions.append("c.state = 'pending' AND j.state < 5") }
    if !isInbox, !states.isEmpty { Self.add("c.state", states, &conditions, &values) }
    if !filter.types.isEmpty { Self.add("c.type", filter.types.map(\.rawValue).sorted(), &conditions, &values) }
    if !filter.kinds.isEmpty { Self.add("j.kind", filter.kinds.sorted(), &conditions, &values) }
    if let job = filter.job {
      conditions.append("c.job = ?")
      values.append(SQLValue(job))
    }
    if let organization = filter.viewer?.reach.organization {
      conditions.append("p.organization = ?")
      values.append(.text(organization))
    }
    let (bounds, bound) = (conditions, values)
    return try await store.read { transaction throws(StoreError) in
      guard let reviewer = NamedReviewer(filter.viewer) else {
        return try Self.page(bounds, bound, before: before, limit: limit, transaction)
      }
      let found = try reviewer.find(bounds, bound, before: before, limit: limit, transaction)
      var checkpoints: [Checkpoint] = []
      for id in found.ids {
        checkpoints += try Self.checkpoint(CheckpointID(rawValue: id), transaction).map { [$0] } ?? []
      }
      return CheckpointPage(checkpoints: checkpoints, next: found.next)
    }
  }

  private static func page(
    _ conditions: [String], _ values: [SQLValue], before: CheckpointID?, limit: Int,
    _ transaction: any ReadTransaction
  ) throws(StoreError) -> CheckpointPage {
    let condition = (conditions + ["c.id < ?"]).joined(separator: " AND ")
    let found = try transaction.query(
      """
      SELECT \(Checkpoint.columns), j.kind, j.queue, p.owner FROM nightshift_checkpoints c
      JOIN nightshift_jobs j ON j.id = c.job JOIN nightshift_payloads p ON p.id = c.job
      WHERE \(condition) ORDER BY c.id DESC LIMIT ?
      """, values + [.integer(before?.rawValue ?? .max), SQLValue(limit + 1)]
    ).map { row throws(StoreError) in try withDecisions(try Checkpoint(row), transaction) }
    let page = Array(found.prefix(limit))
    return CheckpointPage(checkpoints: page, next: found.count > limit ? page.last?.id : nil)
  }

  private static func add(
    _ column: String, _ names: [String], _ conditions: inout [String], _ values: inout [SQLValue]
  ) {
    conditions.append("\(column) IN (\(names.map { _ in "?" }.joined(separator: ", ")))")
    values += names.map(SQLValue.text)
  }

  private static func withDecisions(
    _ checkpoint: Checkpoint, _ transaction: any ReadTransaction
  ) throws(StoreError) -> Checkpoint {
    var checkpoint = checkpoint
    let rows = try transaction.query(
      "SELECT \(DecisionRecord.columns) FROM nightshift_decisions WHERE checkpoint = ? ORDER BY seq",
      [.integer(checkpoint.id.rawValue)])
    checkpoint.decisions = try rows.map { row throws(StoreError) in try DecisionRecord(row, of: checkpoint.id) }
    return checkpoint
  }

  /// Everything that is known of a question; `nil` if there is none with this id.
  package func checkpoint(_ id: CheckpointID) async throws(StoreError) -> Checkpoint? {
    try await store.read { transaction in try Self.checkpoint(id, transaction) }
  }

  private static func checkpoint(
    _ id: CheckpointID, _ transaction: any ReadTransaction
  ) throws(StoreError) -> Checkpoint? {
    let rows = try transaction.query(
      """
      SELECT \(Checkpoint.columns), j.kind, j.queue, p.owner FROM nightshift_checkpoints c
      JOIN nightshift_jobs j ON j.id = c.job JOIN nightshift_payloads p ON p.id = c.job WHERE c.id = ?
      """, [.integer(id.rawValue)])
    guard let row = rows.first else { return nil }
    return try withDecisions(Checkpoint(row), transaction)
  }
}

// MARK: Deciding

extension Engine {
  /// Answers a question. The job goes on at once when the answer settles it.
  ///
  /// - Returns: The question as it then is: still `pending` if more people have to agree.
  /// - Throws: ``CheckpointError``, with nothing changed.
  package func decide(
    _ id: CheckpointID, _ verdict: Verdict, by actor: Actor
  ) async throws -> Checkpoint {
    let (now, grant) = (clock.now, GrantID(rawValue: makeID().rawValue))
    let decided = try await store.write { transaction in
      let session = transaction.session
      guard let seen = try Self.checkpoint(id, transaction) else { throw CheckpointError.missing(id) }
      // The job first, as whoever parks it does; then the state is read again, and one of two comes first.
      try session.lock("nightshift_jobs", where: "id = ?", [SQLValue(seen.job)])
      guard let checkpoint = try Self.checkpoint(id, transaction) else { throw CheckpointError.missing(id) }
      try Self.checkOpen(checkpoint, at: now)
      if let row = try session.jobRow(checkpoint.job), row.state.isTerminal {
        throw CheckpointError.closed(id, .withdrawn, by: "the end of its job", at: nil)
      }
      try Self.check(actor, isNoRequesterOf: checkpoint, transaction)
      try Self.check(actor, mayDecide: checkpoint, verdict.answer)
      let data = try Self.checked(verdict, for: checkpoint)
      try Self.decide(checkpoint, verdict, data, by: actor, at: now, session)
      // An answer that others have yet to agree with allows nothing beforehand.
      let isSettled = try session.checkpoint(id.rawValue)?.state == .approved
      if isSettled, let remember = verdict.remember {
        try session.remember(grant, remember, checkpoint, by: actor, at: now)
      }
      try session.audit(
        verdict.answer.rawValue, "checkpoint \(id)", by: actor, at: now,
        detail: ["job": .string("\(checkpoint.job)"), "digest": .string(checkpoint.digest)])
      return try Self.checkpoint(id, transaction) ?? checkpoint
    }
    await tell(decided, by: actor, at: now)
    return decided
  }

  private static func checkOpen(_ checkpoint: Checkpoint, at now: Timestamp) throws(CheckpointError) {
    guard checkpoint.state == .pending else {
      throw .closed(checkpoint.id, checkpoint.state, by: checkpoint.decisions.last?.actor, at: checkpoint.decidedAt)
    }
    guard let expiresAt = checkpoint.expiresAt, expiresAt <= now,
      checkpoint.policy.onExpiry != .escalate || checkpoint.escalatedAt != nil
    else { return }
    // Nobody has come round to write it down yet.
    throw .closed(checkpoint.id, .expired, by: nil, at: expiresAt)
  }

  private static func check(
    _ actor: Actor, isNoRequesterOf checkpoint: Checkpoint, _ transaction: any ReadTransaction
  ) throws {
    guard checkpoint.excludesRequester,
      try transaction.requesters(of: checkpoint.job).contains(where: actor.isCalled)
    else { return }
    throw CheckpointError.notAllowed(
      "\(actor.id) has asked for this job, and may not decide about it: somebody else has to.")
  }

  private static func check(
    _ actor: Actor, mayDecide checkpoint: Checkpoint, _ answer: Verdict.Answer
  ) throws(CheckpointError) {
    // Who has said yes may still say no.
    if answer == .approve, checkpoint.agreement.contains(where: { $0.actor == actor.id }) {
      throw .notAllowed(
        "\(actor.id) has approved already; \(checkpoint.required) different people are needed.")
    }
    if checkpoint.policy.reviewers.allows(actor) { return }
    if checkpoint.escalatedAt != nil, checkpoint.policy.escalateTo.allows(actor) { return }
    let wanted = checkpoint.users + checkpoint.roles
    throw .notAllowed(
      "\(actor.id) (\(actor.role.rawValue)) may not decide this; "
        + (wanted.isEmpty ? "an approver may." : "these may: \(wanted.joined(separator: ", "))."))
  }

  /// The data as they will be handed to the job.
  private static func checked(
    _ verdict: Verdict, for checkpoint: Checkpoint
  ) throws(CheckpointError) -> JSONValue? {
    if verdict.answer == .approve, !checkpoint.choices.isEmpty {
      guard let choice = verdict.choice, checkpoint.choices.contains(choice) else {
        throw .invalid(pointer: "#/choice", "must be one of \(checkpoint.choices.joined(separator: ", "))")
      }
    } else if verdict.choice != nil {
      throw .invalid(pointer: "#/choice", "is for questions that offer choices; this one is answered with yes or no")
    }
    guard let data = verdict.data, data != checkpoint.current else { return checkpoint.current }
    guard verdict.answer == .approve else {
      throw .invalid(pointer: "#/data", "can be changed with an approval only")
    }
    guard verdict.remember == nil else {
      throw .invalid(pointer: "#/remember", "cannot go with changed data: what would be remembered was not asked")
    }
    guard checkpoint.isEditable else { throw .invalid(pointer: "#/data", "may not be changed here") }
    guard let json = checkpoint.schema else { return data }
    let schema: PayloadSchema
    do {
      schema = try PayloadSchema(json)
    } catch {
      // It could be used when the question was asked, by another version perhaps. What nobody can check is not approved.
      throw .invalid(pointer: "#/data", "cannot be checked, since the question's schema cannot be used: \(error)")
    }
    if let fault = schema.faults(in: data, limit: 1).first {
      throw .invalid(pointer: "#/data\(fault.pointer.drop { $0 == "#" })", fault.message)
    }
    return data
  }

  private static func decide(
    _ checkpoint: Checkpoint, _ verdict: Verdict, _ data: JSONValue?, by actor: Actor, at now: Timestamp,
    _ session: any StoreSession
  ) throws(StoreError) {
    let isYes = verdict.answer == .approve
    let changes = data == checkpoint.current ? [] : (checkpoint.current ?? .null).changes(to: data ?? .null)
    try session.note(
      isYes ? "approved" : "rejected", on: checkpoint, by: actor, via: verdict.via, comment: verdict.comment,
      choice: verdict.choice, changes: changes.isEmpty ? nil : .array(changes), at: now)
    // An edit makes other data of it: whoever agreed before has agreed to something else.
    let agreed = changes.isEmpty ? checkpoint.agreement.count + 1 : 1
    guard !isYes || agreed >= checkpoint.required else {
      try session.execute(
        "UPDATE nightshift_checkpoints SET answer = ? WHERE id = ?",
        [SQLValue(data?.serialized()), .integer(checkpoint.id.rawValue)])
      return
    }
    try session.close(
      checkpoint, isYes ? .approved : .rejected, choice: verdict.choice, answer: isYes ? data : nil, at: now)
    if try session.end(checkpoint.id.rawValue, isYes ? .satisfied : .rejected, at: now) {
      try session.resume(checkpoint.job, at: now)
    }
  }
}
