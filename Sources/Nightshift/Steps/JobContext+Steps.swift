import Foundation
import Logging

extension JobContext {
  /// Runs a part of the job and keeps its result: a later attempt gets the result and does not run it again.
  ///
  /// ```swift
  /// let pdf = try await context.step("render") { try await render(orderID) }
  /// try await context.step("send", .once) { try await mail(pdf) }
  /// ```
  ///
  /// The code between steps may change as it likes. A name that is used again, one use after the other, is told apart
  /// by its occurrence; uses at the same time need a `key` each.
  ///
  /// - Parameters:
  ///   - name: 1 to 200 bytes.
  ///   - mode: Whether it may be started a second time after it was cut off.
  ///   - key: Tells uses of the same name at the same time apart.
  ///   - retry: How often it is tried within this attempt.
  ///   - timeout: How long each try may take.
  /// - Returns: What `body` returned, now or in an earlier attempt; its JSON may have at most 1 MiB.
  /// - Throws: What `body` throws; ``StepDecodingError`` if the kept result is of another type; ``FlowError`` for a name
  ///   that is under way already; ``Parked`` once the attempt waits for something, or when a ``StepMode/once`` step was
  ///   cut off and a person has to decide.
  @discardableResult
  public func step<Value: Codable & Sendable>(
    _ name: String, _ mode: StepMode = .repeatable, key: String? = nil, retry: StepRetry = .none,
    timeout: Duration? = nil, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let stepKey = try begin(name, key: key)
    defer { end(name, key: key) }
    let run = StepRun(context: self, name: name, key: stepKey, mode: mode, retry: retry, timeout: timeout)
    return try await run.value(body)
  }

  /// As ``step(_:_:key:retry:timeout:_:)-(_,_,_,_,_,()->Value)``, for a part that has no result.
  @_disfavoredOverload
  public func step(
    _ name: String, _ mode: StepMode = .repeatable, key: String? = nil, retry: StepRetry = .none,
    timeout: Duration? = nil, _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    _ = try await step(name, mode, key: key, retry: retry, timeout: timeout) { () async throws -> Bool in
      try await body()
      return true
    }
  }
}

/// One use of a step.
struct StepRun {
  let context: JobContext
  let name: String
  let key: String
  let mode: StepMode
  let retry: StepRetry
  let timeout: Duration?

  private var engine: Engine { context.engine }

  func value<Value: Codable & Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    // Nothing can have been kept before the first attempt; a fork counts on from its origin's.
    let kept = context.attempt > 1 ? try await engine.step(key, of: context.id) : nil
    switch kept?.state {
    case .completed: return try decode(kept!)
    case .started where mode == .once, .failed where mode == .once:
      if let value: Value = try await decided(kept!) { return value }
    default: break
    }
    return try await run(tries: kept?.tries ?? 0, body)
  }

  private func run<Value: Codable & Sendable>(
    tries: Int, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    var record = StepRecord(key: key, attempt: context.attempt, tries: tries + 1, startedAt: engine.clock.now)
    if mode == .once { try await engine.keep(record, of: context) }
    do {
      let value = try await context.measured(.step, name) { try await tried(body) }
      record.result = try encode(value)
      context.note(given: record.result)
      record.type = String(describing: Value.self)
      record.state = .completed
      record.endedAt = engine.clock.now
      try await engine.keep(record, of: context)
      return value
    } catch  where mode == .once && !(error is StoreError) && !context.isCancelled {
      // It may have done what it was to do: nobody but a person knows.
      record.state = .failed
      record.error = context.masks.apply(Failure(describing: error)).message
      record.endedAt = engine.clock.now
      try await engine.keep(record, of: context)
      try await ask(record)
    }
  }

  private func tried<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    var failures = 0
    while true {
      do {
        return try await timed(body)
      } catch {
        failures += 1
        guard failures < retry.maxAttempts, !Self.isFinal(error), !context.isCancelled else { throw error }
        context.log("step \"\(name)\" failed and is tried again: \(error)", level: .warning)
        let wait = retry.backoff.delay(afterFailures: failures, random: .random(in: 0...1))
        try await engine.clock.sleep(for: wait)
      }
    }
  }

  /// What the whole attempt ends by: trying again at once would be to no avail, and keep a worker.
  private static func isFinal(_ error: any Error) -> Bool {
    switch error {
    case is PermanentFailure, is PermanentFailureRecord, is Parked, is Snooze, is BreakerOpen, is Rejection,
      is CheckpointExpired:
      true
    default: false
    }
  }

  private func timed<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    guard let timeout else { return try await body() }
    let deadline = engine.clock.monotonic(after: timeout)
    return try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await body() }
      group.addTask { [engine] in
        try await engine.clock.sleep(untilMonotonic: deadline)
        return nil
      }
      defer { group.cancelAll() }
      guard let value = try await group.next()! else { throw StepTimeout(step: name, limit: timeout) }
      return value
    }
  }

  private func encode(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let bytes = [UInt8](try encoder.encode(value))
    guard bytes.count <= StepRecord.limit else {
      throw PermanentFailure(
        "the result of the step \"\(name)\" has \(bytes.count) bytes; at most \(StepRecord.limit) are kept. "
          + "Keep it as an artifact (`attach`) and return its name")
    }
    return bytes
  }

  private func decode<Value: Codable>(_ record: StepRecord) throws -> Value {
    context.note(given: record.result)
    do {
      return try JSONDecoder().decode(Value.self, from: Data(record.result ?? Array("null".utf8)))
    } catch {
      throw StepDecodingError(
        step: name, kept: record.type ?? "value", wanted: String(describing: Value.self), reason: "\(error)")
    }
  }
}

/// A step took longer than it may.
public struct StepTimeout: Error, Sendable, CustomStringConvertible {
  /// The step.
  public let step: String
  /// How long it may take.
  public let limit: Duration
  /// For people.
  public var description: String { "The step \"\(step)\" took longer than its timeout of \(limit.text)." }
}

extension StepRecord {
  init(key: String, attempt: Int, tries: Int, startedAt: Timestamp) {
    self.key = key
    state = .started
    self.attempt = attempt
    self.tries = tries
    self.startedAt = startedAt
  }
}

// MARK: A step that must not run twice

extension StepRun {
  private static let choices = ["happened", "again", "fail"]

  /// What a person has decided of a step that was cut off: a value if it has happened, `nil` to run it again.
  private func decided<Value: Codable>(_ record: StepRecord) async throws -> Value? {
    let checkpoint = try await engine.checkpoint(questionKey(record), of: context.id)
    guard let checkpoint, checkpoint.state != .pending else { try await ask(record) }
    guard checkpoint.state == .approved else {
      throw PermanentFailure("the step \"\(name)\" was cut off, and nobody said that it may be run again")
    }
    switch checkpoint.choice {
    case "happened":
      var kept = record
      kept.state = .completed
      kept.result = (checkpoint.current ?? .null).serialized()
      kept.type = "decided by \(checkpoint.decisions.last?.actor ?? "a reviewer")"
      kept.endedAt = engine.clock.now
      // Before it is kept: what does not fit must not be kept.
      let value: Value = try decode(kept)
      try await engine.keep(kept, of: context)
      return value
    case "again": return nil
    default: throw PermanentFailure("the step \"\(name)\" was cut off, and \(who(checkpoint)) let it fail")
    }
  }

  private func who(_ checkpoint: Checkpoint) -> String { checkpoint.decisions.last?.actor ?? "a reviewer" }

  /// Each time that it is cut off is a question of its own.
  private func questionKey(_ record: StepRecord) -> String { "\(key)!\(record.tries)" }

  private func ask(_ record: StepRecord) async throws -> Never {
    var options = CheckpointOptions()
    options.risk = .irreversible
    options.onExpiry = .fail
    options.body =
      record.error.map { "It failed, and may have done its work all the same:\n\n\($0)" }
      ?? "Its process ended in the middle of it (attempt \(record.attempt), at \(record.startedAt.rfc3339))."
    options.body +=
      "\n\n`happened`: it has done its work; give its result as data. `again`: run it once more. `fail`: end the job."
    let draft = CheckpointDraft(
      key: questionKey(record), type: .error, title: "The step \"\(name)\" was cut off. Has it happened?", data: nil,
      options: options, choices: Self.choices)
    try context.park(.checkpoint(draft, id: engine.makeID().rawValue))
  }
}
