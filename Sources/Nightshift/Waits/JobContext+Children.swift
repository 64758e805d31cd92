import Foundation

extension JobContext {
  /// Enqueues another job, once, however often this one runs; its end can be waited for.
  ///
  /// ```swift
  /// let first = try await context.child("first page", RenderPage(page: 1))
  /// let second = try await context.child("second page", RenderPage(page: 2))
  /// let pages = [try await first.result(as: Page.self), try await second.result(as: Page.self)]
  /// ```
  ///
  /// - Parameters:
  ///   - name: As a step's.
  ///   - job: What is to be done.
  ///   - options: As for ``Engine/enqueue(_:_:)``; organization, owner and trace are this job's unless they are given.
  ///   - key: Tells uses of the same name at the same time apart.
  /// - Throws: ``SubmissionError`` if it is refused; ``Parked`` once the attempt waits for something.
  public func child<Child: Job>(
    _ name: String, _ job: Child, _ options: JobOptions = JobOptions(), key: String? = nil
  ) async throws -> ChildJob {
    let stepKey = try begin(name, key: key)
    defer { end(name, key: key) }
    if attempt > 1, let kept = try await engine.step(stepKey, of: id) { return try ChildJob(kept, name, self) }
    let options = inheriting(options)
    let draft = JobDraft(kind: Child.kind, payload: try Engine.encode(job, options), options: options)
    let id = try await engine.addChild(draft, as: stepKey, isTyped: true, of: self)
    return ChildJob(id: id, name: name, context: self)
  }

  /// Options with this job's organization, owner and trace where they have none.
  func inheriting(_ options: JobOptions) -> JobOptions {
    var options = options
    options.organization = options.organization ?? organization
    options.owner = options.owner ?? owner
    options.traceparent = options.traceparent ?? activeTraceparent
    return options
  }
}

/// A job that another has enqueued and may wait for.
public struct ChildJob: Sendable {
  /// The job.
  public let id: JobID
  let name: String
  let context: JobContext

  init(id: JobID, name: String, context: JobContext) {
    self.id = id
    self.name = name
    self.context = context
  }

  init(_ kept: StepRecord, _ name: String, _ context: JobContext) throws {
    let text = try? JSONDecoder().decode(String.self, from: Data(kept.result ?? []))
    guard let id = text.flatMap({ JobID($0) }) else {
      throw StepDecodingError(
        step: name, kept: kept.type ?? "value", wanted: "a child job", reason: "it names no job")
    }
    self.init(id: id, name: name, context: context)
  }

  /// Parks this job until the child has ended, and returns what its handler returned.
  ///
  /// - Throws: ``ChildFailed`` if it died or was cancelled; ``Parked`` while it has not ended.
  public func result<Value: Decodable & Sendable>(as type: Value.Type = Value.self) async throws -> Value {
    let bytes = try await end()
    do {
      return try JSONDecoder().decode(type, from: Data(bytes ?? Array("null".utf8)))
    } catch {
      throw PermanentFailure("the result of the child \"\(name)\" (\(id)) cannot be read as \(type): \(error)")
    }
  }

  /// Parks this job until the child has completed; else as ``result(as:)``.
  public func wait() async throws { _ = try await end() }

  private func end() async throws -> [UInt8]? {
    let waitName = "child \(id)"
    let key = try context.begin(waitName, key: nil, asks: true)
    defer { context.end(waitName, key: nil) }
    guard let child = try await context.engine.job(id) else {
      throw ChildFailed(id: id, name: name, reason: "it is not there any more: it was discarded, or pruned")
    }
    switch child.summary.state {
    case .completed: return child.result
    case .dead: throw ChildFailed(id: id, name: name, reason: "it died: \(child.error?.message ?? "unknown")")
    case .cancelled:
      throw ChildFailed(id: id, name: name, reason: child.summary.cancelReason ?? "it was cancelled")
    case .ready, .running, .scheduled, .waiting, .blocked:
      var draft = WaitDraft(
        // Each time that it is waited for is a wait of its own: it may have been run again meanwhile.
        id: context.engine.makeID().rawValue, key: StepName.key(key, attempt: context.attempt), kind: .child)
      draft.target = id
      try context.park(draft)
    }
  }
}

/// A child did not complete.
public struct ChildFailed: Error, Sendable, CustomStringConvertible {
  /// The child.
  public let id: JobID
  let name: String
  let reason: String
  /// For people.
  public var description: String { "The child \"\(name)\" (\(id)) did not complete: \(reason)" }
}

extension Engine {
  /// Adds a child and keeps its id as the result of a step, in one transaction.
  func addChild(
    _ draft: JobDraft, as key: String, isTyped: Bool, of context: JobContext
  ) async throws -> JobID {
    let record = try await prepare([draft], isTyped: isTyped, idempotency: nil)[0]
    let (job, attempt, worker, now) = (context.id, context.attempt, context.worker, clock.now)
    return try await store.write { transaction in
      try transaction.fence(job, attempt, worker)
      var id = record.id
      switch try transaction.insert([record], now: now).first {
      case .duplicate(let other), .keyReused(let other): id = other
      case .inserted, nil: try transaction.session.copyRequesters(of: job, to: id)
      }
      var step = StepRecord(key: key, attempt: attempt, tries: 1, startedAt: now)
      (step.state, step.endedAt, step.type) = (.completed, now, StepRecord.child)
      step.result = JSONValue.string("\(id)").serialized()
      try transaction.keep(step, of: job)
      return id
    }
  }
}
