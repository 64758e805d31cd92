import Foundation
package import Nightshift
package import Logging

/// What a script says while it runs, and to whom. A ``JobContext`` is one.
package protocol ScriptReporter: Sendable {
  func progress(_ fraction: Double, _ message: String?)
  func log(_ message: String, level: Logger.Level)
  func attach(_ name: String, type: String, _ bytes: [UInt8]) async throws
  /// Tells people, or asks them once the attempt is over. Throws a no that the script was told when it began.
  func checkpoint(_ draft: CheckpointDraft) async throws -> QuestionsLeft
  /// Keeps the result of a step.
  func keep(step name: String, result: JSONValue) async throws
  /// Waits for a signal once the attempt is over.
  func waitFor(_ signal: SignalDraft)
  /// Enqueues a job, once, and waits for its end once the attempt is over; `false` if it has ended already.
  func childLater(_ child: ChildDraft) async throws -> Bool
  /// Waits, once the attempt is over, for what others have asked on the job's behalf.
  func waitForOpenQuestions() async throws -> QuestionsLeft
  /// Parks the attempt for what it has asked for: without this, nothing was asked.
  func parkForAsked()
  /// Why the attempt was asked to stop, when it was.
  var cancellationReason: CancellationReason? { get }
}

extension JobContext: ScriptReporter {
  package func checkpoint(_ draft: CheckpointDraft) async throws -> QuestionsLeft {
    guard draft.type == .info else { return try await askLater(draft) }
    try await tell(draft)
    return .none
  }
}

/// What a script is told of its attempt.
package struct ScriptAttempt: Sendable {
  package var id: String
  package var kind: String
  package var queue: String
  package var attempt: Int
  package var failures: Int
  package var maxAttempts: Int
  package var deadline: Timestamp?
  package var tags: [String]
  package var traceparent: String?
  /// The jobs that it has waited for, with their results.
  package var dependencies: JSONValue = []
  /// The slot of the schedule that the job was enqueued for.
  package var slot: Timestamp?
  /// The process that runs it: should that die, its successor finds the script by this.
  package var worker: String
  /// What has come of its steps, signals and checkpoints so far.
  package var flow: [String: JSONValue] = [:]
  /// The values of the secrets that its manifest names.
  package var secrets: [String: String] = [:]

  package init(
    id: String, kind: String, queue: String = "default", attempt: Int = 1, failures: Int = 0,
    maxAttempts: Int = 4, deadline: Timestamp? = nil, tags: [String] = [],
    traceparent: String? = nil, slot: Timestamp? = nil, worker: String
  ) {
    self.id = id
    self.kind = kind
    self.queue = queue
    self.attempt = attempt
    self.failures = failures
    self.maxAttempts = maxAttempts
    self.deadline = deadline
    self.tags = tags
    self.traceparent = traceparent
    self.slot = slot
    self.worker = worker
  }

  package init(_ context: JobContext, slot: Timestamp?) {
    self.init(
      id: "\(context.id)", kind: context.kind.rawValue, queue: context.queue.rawValue,
      attempt: context.attempt, failures: context.failures, maxAttempts: context.maxAttempts,
      deadline: context.deadline.map(Timestamp.init), tags: context.tags,
      traceparent: context.activeTraceparent, slot: slot, worker: "\(context.worker)")
  }

  /// The contents of `$NIGHTSHIFT_CONTEXT`.
  var json: JSONValue { .object(fields.merging(flow) { own, _ in own }) }

  private var fields: [String: JSONValue] {
    [
      "id": .string(id), "kind": .string(kind), "queue": .string(queue), "attempt": .integer(Int64(attempt)),
      "failures": .integer(Int64(failures)), "maxAttempts": .integer(Int64(maxAttempts)),
      "deadline": deadline.map { .string($0.rfc3339) } ?? .null,
      "tags": .array(tags.map(JSONValue.string)), "traceparent": traceparent.map(JSONValue.string) ?? .null,
      "dependencies": dependencies,
      "slot": slot.map { .string($0.rfc3339) } ?? .null,
    ]
  }
}
