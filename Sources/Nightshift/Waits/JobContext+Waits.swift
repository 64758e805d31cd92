public import Foundation
import Synchronization

extension JobContext {
  /// Parks the job until `moment`. It holds no worker meanwhile, and survives restarts.
  ///
  /// The handler then starts at its top; steps that were recorded return at once.
  public func sleep(until moment: Date) async throws { try await sleep("sleep") { _ in Timestamp(moment) } }

  /// Parks the job for a time, counted from the first call.
  public func sleep(for time: Duration) async throws { try await sleep("sleep") { $0 + time } }

  private func sleep(_ name: String, _ moment: (Timestamp) -> Timestamp) async throws {
    let key = try begin(name, key: nil, asks: true)
    defer { end(name, key: nil) }
    if let wait = try await engine.wait(key, of: id), wait.state != .open { return }
    let now = engine.clock.now
    let due = moment(now)
    guard due > now else { return }
    try park(WaitDraft(id: engine.makeID().rawValue, key: key, kind: .time, dueAt: due))
  }

  /// Parks the job until somebody sends it a signal, and returns what was sent. One that was sent before counts.
  ///
  /// - Parameters:
  ///   - name: The signal's name.
  ///   - type: What was sent is decoded to.
  ///   - timeout: After which it is not waited for any more.
  /// - Throws: ``WaitTimedOut``; ``Parked`` while it has to wait.
  public func signal<Value: Decodable & Sendable>(
    _ name: String, as type: Value.Type = Value.self, timeout: Duration? = nil
  ) async throws -> Value {
    try await signal(anyOf: [name], timeout: timeout).decode(as: type)
  }

  /// Parks the job until the first of several signals comes; else as ``signal(_:as:timeout:)``.
  public func signal(anyOf names: [String], timeout: Duration? = nil) async throws -> ReceivedSignal {
    guard !names.isEmpty else { throw FlowError("Name at least one signal to wait for.") }
    for name in names { try StepName.check(name) }
    let name = names.sorted().joined(separator: "|")
    let key = try begin(name, key: nil, asks: true)
    defer { end(name, key: nil) }
    if let wait = try await engine.wait(key, of: id) {
      switch wait.state {
      case .satisfied:
        note(given: wait.payload)
        return ReceivedSignal(name: wait.name ?? name, payload: wait.payload ?? [])
      case .timedOut, .rejected, .withdrawn: throw WaitTimedOut(name: name)
      case .open: break
      }
    }
    var draft = WaitDraft(
      id: engine.makeID().rawValue, key: key, kind: .signal, dueAt: timeout.map { engine.clock.now + $0 })
    draft.names = names
    try park(draft)
  }

  /// Takes a name into use; throws once this task has asked to wait.
  ///
  /// - Parameter asks: Whether it is itself something to wait for: questions that are asked at the same time, by several
  ///   tasks, are all asked.
  func begin(_ name: String, key: String?, asks: Bool = false) throws -> String {
    // The first of several tasks that park throws, by which their group cancels the others, perhaps before they had a
    // turn: what they ask is asked all the same.
    let isCutOffByParking = asks && cancellationReason == nil && !parkedWaits.isEmpty
    if !isCutOffByParking { try checkCancellation() }
    let task = AttemptFlow.task
    return try flow.withLock { flow in
      guard flow.mayGoOn(task, asks: asks) else { throw Parked() }
      return try flow.begin(name, key: key)
    }
  }

  func end(_ name: String, key: String?) { flow.withLock { $0.end(name, key: key) } }

  /// Marks the attempt: whatever its handler does now, its job will be parked.
  func park(_ wait: WaitDraft) throws -> Never {
    let task = AttemptFlow.task
    flow.withLock { $0.park(wait, task) }
    throw Parked()
  }

  /// Throws once the attempt is parked: nothing more is to be done in it.
  func checkParked() throws { if !parkedWaits.isEmpty { throw Parked() } }

  /// What the attempt has asked to wait for.
  package var parkedWaits: [WaitDraft] { flow.withLock { $0.waits } }
}

/// A signal that a job has received.
public struct ReceivedSignal: Sendable {
  /// Which of those that were waited for.
  public let name: String
  let payload: [UInt8]

  /// What was sent with it.
  public func decode<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(payload))
    } catch {
      throw PermanentFailure("what was sent with the signal \"\(name)\" cannot be read as \(type): \(error)")
    }
  }
}

extension WaitDraft {
  static func checkpoint(_ draft: CheckpointDraft, id: Int64) -> WaitDraft {
    var wait = WaitDraft(id: id, key: draft.key, kind: .checkpoint)
    wait.checkpoint = draft
    return wait
  }
}
