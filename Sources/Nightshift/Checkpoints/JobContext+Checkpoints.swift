public import Foundation

/// What people said to a question.
public struct Decision: Sendable {
  /// Who said it last; `nil` if nobody had to, or nobody answered in time.
  public let by: String?
  /// When.
  public let at: Date
  /// What they said to it.
  public let comment: String?
  /// What they chose, of an error's choices.
  public let choice: String?
  let data: JSONValue?

  /// The data as they were approved, with what the reviewer has changed.
  public func data<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(type, from: Data((data ?? .null).serialized()))
  }
}

extension JobContext {
  /// Asks people and parks the job until they have answered: it holds no worker meanwhile, and survives restarts.
  ///
  /// ```swift
  /// try await context.approval("send", title: "Send the receipt for order \(orderID)?", showing: receipt)
  /// ```
  ///
  /// The answer counts for exactly this `data`: should the handler ask with other data the next time, people are asked
  /// again.
  ///
  /// - Parameters:
  ///   - name: As a step's.
  ///   - title: The question, in one line.
  ///   - data: What it is about; shown, and compared.
  ///   - options: More of how it is asked, and of whom.
  ///   - key: Tells questions of the same name at the same time apart.
  /// - Returns: The answer.
  /// - Throws: ``Rejection`` when somebody says no, which ends the job as cancelled unless it is caught;
  ///   ``CheckpointExpired``; ``Parked`` while nobody has answered.
  @discardableResult
  public func approval(
    _ name: String, title: String, showing data: (any Encodable & Sendable)? = nil,
    options: CheckpointOptions = CheckpointOptions(), key: String? = nil
  ) async throws -> Decision {
    try await ask(
      .approval, name, title: title, data: try Self.json(data), options: options, key: key, choices: [])
  }

  /// Asks people what is to be done after something went wrong, and parks the job until they have chosen.
  ///
  /// - Parameter choices: What they may choose from; ``Decision/choice`` says what they chose.
  /// - Throws: As ``approval(_:title:showing:options:key:)``.
  public func problem(
    _ name: String, title: String, choices: [String], showing data: (any Encodable & Sendable)? = nil,
    options: CheckpointOptions = CheckpointOptions(), key: String? = nil
  ) async throws -> Decision {
    guard !choices.isEmpty else { throw FlowError("The problem \"\(name)\" has nothing to choose from.") }
    return try await ask(
      .error, name, title: title, data: try Self.json(data), options: options, key: key, choices: choices)
  }

  /// Tells people something, and goes on. Told once, however often the job runs.
  public func inform(
    _ name: String, title: String, showing data: (any Encodable & Sendable)? = nil, body: String = "",
    key: String? = nil
  ) async throws {
    let stepKey = try begin(name, key: key)
    defer { end(name, key: key) }
    var options = CheckpointOptions()
    options.body = body
    options.risk = .read
    let draft = CheckpointDraft(
      key: stepKey, type: .info, title: title, data: try Self.json(data), options: options)
    try draft.check()
    try await engine.note(draft, of: self)
  }

  private static func json(_ data: (any Encodable & Sendable)?) throws -> JSONValue? {
    guard let data else { return nil }
    return try JSONValue(parsing: JSONEncoder().encode(data))
  }

  private func ask(
    _ type: CheckpointType, _ name: String, title: String, data: JSONValue?, options: CheckpointOptions, key: String?,
    choices: [String]
  ) async throws -> Decision {
    let stepKey = try begin(name, key: key, asks: true)
    defer { end(name, key: key) }
    let draft = CheckpointDraft(
      key: stepKey, type: type, title: title, data: data, options: options, choices: choices)
    try draft.check()
    switch try await answer(to: draft) {
    case .asked(let checkpoint): return try decision(of: checkpoint, draft)
    case .granted(let decision): return decision
    case .open(let draft): try park(.checkpoint(draft, id: engine.makeID().rawValue))
    }
  }

  /// What a question has led to so far.
  enum Answer {
    /// It was asked, and is decided.
    case asked(Checkpoint)
    /// Somebody had answered beforehand.
    case granted(Decision)
    /// Nobody has answered exactly this: it is to be asked, under the key that it then has.
    case open(CheckpointDraft)
  }

  func answer(to question: CheckpointDraft) async throws -> Answer {
    var (draft, generation) = (question, 1)
    while let asked = try await engine.checkpoint(draft.key, of: id) {
      // Approved one thing, ran another: an answer counts for its data and for nothing else. What was withdrawn, or was
      // only told, is no answer.
      let isAnswer = asked.state != .withdrawn && asked.state != .noted && asked.type == draft.type
      guard isAnswer, asked.digest == draft.digest else {
        try await engine.withdraw(asked)
        generation += 1
        guard generation <= 1_000 else {
          throw FlowError(
            "The checkpoint \"\(question.key)\" was asked with a thousand different data: ask with the same.")
        }
        draft.key = "\(question.key)#data:\(generation)"
        continue
      }
      note(given: asked.current?.serialized())
      guard asked.state == .pending else { return .asked(asked) }
      break
    }
    if draft.type == .approval, let granted = try await engine.grant(for: draft, of: self) { return .granted(granted) }
    return .open(draft)
  }

  /// - Throws: ``Rejection``, ``CheckpointExpired``.
  func decision(of checkpoint: Checkpoint, _ draft: CheckpointDraft) throws -> Decision {
    let last = checkpoint.state == .expired ? nil : checkpoint.decisions.last
    switch checkpoint.outcome {
    case .approved:
      // Hours may have passed, and the code may be another.
      var approved = draft
      approved.data = checkpoint.current
      try approved.check()
      return Decision(checkpoint)
    case .rejected: throw Rejection(title: checkpoint.title, by: last?.actor, comment: last?.comment)
    // Nobody has answered; what is open is not looked at here.
    case .expired, .pending, .noted, .withdrawn: throw CheckpointExpired(title: checkpoint.title)
    }
  }
}

extension Decision {
  init(_ checkpoint: Checkpoint) {
    let last = checkpoint.decisions.last
    by = last?.via == "expiry" ? nil : last?.actor
    at = (checkpoint.decidedAt ?? checkpoint.createdAt).date
    comment = last?.comment
    choice = checkpoint.choice
    data = checkpoint.current
  }
}

extension Engine {
  func checkpoint(_ key: String, of job: JobID) async throws(StoreError) -> Checkpoint? {
    let id = try await store.read { transaction in
      try transaction.query(
        "SELECT id FROM nightshift_checkpoints WHERE job = ? AND key = ?", [SQLValue(job), .text(key)]
      ).first?.integer(0)
    }
    guard let id else { return nil }
    return try await checkpoint(CheckpointID(rawValue: id))
  }

  /// Writes an `info` down, once.
  func note(_ draft: CheckpointDraft, of context: JobContext) async throws {
    let (id, job, attempt, worker) = (makeID().rawValue, context.id, context.attempt, context.worker)
    let now = clock.now
    try await store.write { transaction in
      try transaction.fence(job, attempt, worker)
      let told = try transaction.query(
        "SELECT 1 FROM nightshift_checkpoints WHERE job = ? AND key = ?", [SQLValue(job), .text(draft.key)])
      guard told.isEmpty else { return }
      try transaction.session.insertCheckpoint(
        draft, id, job: job, attempt: attempt, .noted, expiresAt: nil, at: now)
      try transaction.session.tell(
        "checkpoint.info", job, attempt, "\(CheckpointID(rawValue: id)) \(draft.title)", at: now)
    }
  }

  /// The job asks something else now.
  fileprivate func withdraw(_ checkpoint: Checkpoint) async throws {
    guard checkpoint.state == .pending else { return }
    let (id, job, now) = (checkpoint.id.rawValue, checkpoint.job, clock.now)
    try await store.write { transaction in
      try transaction.lock("nightshift_jobs", where: "id = ?", [SQLValue(job)])
      guard try transaction.session.end(id, .withdrawn, at: now) else { return }
      try transaction.session.close(checkpoint, .withdrawn, choice: nil, answer: nil, at: now)
    }
  }

  /// An answer that somebody gave beforehand. It is written down like any other.
  fileprivate func grant(for draft: CheckpointDraft, of context: JobContext) async throws -> Decision? {
    let (id, job, attempt, worker) = (makeID().rawValue, context.id, context.attempt, context.worker)
    let (policy, now) = (CheckpointPolicy(draft), clock.now)
    // Where several have to agree, one of them cannot have done so for all.
    guard policy.reviewers.required == 1 else { return nil }
    let asked = AskedBeforehand(
      job: job, kind: context.kind.rawValue, key: StepName.base(of: draft.key), risk: draft.options.risk.rawValue,
      digest: draft.digest, reviewers: policy.reviewers)
    guard try await store.read({ try asked.granter(at: now, $0) }) != nil else { return nil }
    let checkpoint = try await store.write { transaction -> Checkpoint? in
      try transaction.fence(job, attempt, worker)
      guard let actor = try asked.granter(at: now, transaction) else { return nil }
      let session = transaction.session
      try session.insertCheckpoint(draft, id, job: job, attempt: attempt, .approved, expiresAt: nil, at: now)
      guard var checkpoint = try session.checkpoint(id) else { return nil }
      try session.note(
        "approved", on: checkpoint, by: actor, via: "grant", comment: nil, choice: nil, changes: nil, at: now)
      checkpoint.decidedAt = now
      return checkpoint
    }
    guard let checkpoint else { return nil }
    return try await self.checkpoint(checkpoint.id).map(Decision.init)
  }
}
