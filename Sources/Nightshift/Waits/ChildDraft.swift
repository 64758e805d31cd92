import Synchronization

/// A child as a script asks for it.
package struct ChildDraft: Sendable, Hashable {
  /// As a step's: the same name is the same child.
  package var name: String
  package var kind: JobKind
  package var payload: JSONValue
  package var options: JobOptions

  private static let known = [
    "name", "kind", "payload", "queue", "priority", "delay", "maxAttempts", "timeout", "tags",
  ]

  package init(_ name: String, kind: JobKind, payload: JSONValue = [:], options: JobOptions = JobOptions()) {
    self.name = name
    self.kind = kind
    self.payload = payload
    self.options = options
  }

  /// Reads one from JSON.
  package init(reading value: JSONValue) throws(FieldReading.Mistake) {
    guard let fields = value.objectValue else {
      throw FieldReading.Mistake(faults: [.init(pointer: "", message: "must be an object with at least `kind`")])
    }
    var reading = FieldReading(fields, known: Self.known)
    let kind = reading.name("kind", JobKind.self)
    if reading.field("kind") == nil { reading.refuse("kind", "is missing: the kind of the job") }
    var options = JobOptions()
    options.queue = reading.name("queue", QueueName.self)
    options.priority = reading.choice("priority", Priority.self)
    options.runAt = reading.duration("delay").map { .in($0) } ?? .now
    options.maxAttempts = reading.number("maxAttempts", in: 1...1_000)
    options.timeout = reading.duration("timeout")
    options.tags = reading.texts("tags")
    let name = reading.text("name")
    if let name, !StepName.isValid(name) {
      reading.refuse("name", "must be \(StepName.rule); got \"\(name.truncatedUTF8(to: 40))\"")
    }
    guard reading.faults.isEmpty, let kind else { throw FieldReading.Mistake(faults: reading.faults) }
    self.init(name ?? kind.rawValue, kind: kind, payload: fields["payload"] ?? [:], options: options)
  }
}

extension JobContext {
  /// Enqueues a child, once, however often this job runs, and has the job wait for its end once the attempt is over.
  ///
  /// - Returns: `false` if it had ended before the attempt began: then there is nothing to wait for.
  /// - Throws: ``PermanentFailure`` if it is refused: it would be by each attempt.
  package func childLater(_ child: ChildDraft) async throws -> Bool {
    try StepName.check(child.name)
    let id = try await childID(child)
    guard let job = try await engine.job(id)?.summary else { return false }
    if job.state.isTerminal, let end = job.finishedAt, end < startedAt { return false }
    // One that has ended since is not in the context: then the job is run again at once.
    flow.withLock { [attempt, new = engine.makeID().rawValue] flow in
      let key = flow.script.key(of: "child \(id)", attempt: attempt) { $0.target == id }
      var wait = WaitDraft(id: new, key: key, kind: .child)
      wait.target = id
      flow.script.add(wait)
    }
    return true
  }

  private func childID(_ child: ChildDraft) async throws -> JobID {
    if let kept = try await engine.step(child.name, of: id) { return try ChildJob(kept, child.name, self).id }
    let draft = JobDraft(
      kind: child.kind, payload: child.payload.serialized(), options: inheriting(child.options))
    do {
      return try await engine.addChild(draft, as: child.name, isTyped: false, of: self)
    } catch let error as SubmissionError {
      throw PermanentFailure("the child \"\(child.name)\" is refused: \(error)")
    }
  }

  /// What a script is told of its children: id, state, result and error of each, by name. Results beyond 1 MiB in all
  /// are left out, and said to be.
  func children(_ steps: [StepRecord]) async throws(StoreError) -> JSONValue {
    let ids = steps.compactMap { step in
      (JSONValue(kept: step.result).stringValue.flatMap { JobID($0) }).map { (step.key, $0) }
    }
    return try await engine.store.read { transaction in
      var left = Self.mostDependencyBytes
      var children: [String: JSONValue] = [:]
      for (name, id) in ids { children[name] = try transaction.child(id, &left) }
      return .object(children)
    }
  }
}

extension ReadTransaction {
  fileprivate func child(_ id: JobID, _ left: inout Int) throws(StoreError) -> JSONValue {
    let rows = try query(
      """
      SELECT j.state, j.cancel_reason, length(r.result), (
        SELECT a.error_message FROM nightshift_attempts a WHERE a.job = j.id ORDER BY a.attempt DESC LIMIT 1)
      FROM nightshift_jobs j LEFT JOIN nightshift_results r ON r.id = j.id WHERE j.id = ?
      """, [SQLValue(id)])
    var fields: [String: JSONValue] = ["id": .string("\(id)"), "state": .null]
    guard let row = rows.first, let state = row.integer(0).flatMap(JobState.init(code:)) else { return .object(fields) }
    fields["state"] = .string(state.rawValue)
    if state == .cancelled { fields["error"] = row.text(1).map(JSONValue.string) }
    if state == .dead { fields["error"] = row.text(3).map(JSONValue.string) }
    guard state == .completed, let length = row.integer(2) else { return .object(fields) }
    guard length <= left else {
      fields["resultOmitted"] = true
      return .object(fields)
    }
    left -= Int(length)
    let result = try query("SELECT result FROM nightshift_results WHERE id = ?", [SQLValue(id)])
    fields["result"] = JSONValue(kept: result.first?.bytes(0))
    return .object(fields)
  }
}
