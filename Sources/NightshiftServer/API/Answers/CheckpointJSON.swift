import Nightshift

extension JSONValue {
  /// A question to people with all that is known of it.
  init(_ checkpoint: Checkpoint) {
    let isEdited = checkpoint.answer != nil && checkpoint.answer != checkpoint.data
    self = .fields([
      "id": .string("\(checkpoint.id)"), "job": .string("\(checkpoint.job)"), "kind": .string(checkpoint.kind),
      "queue": .string(checkpoint.queue), "attempt": JSONValue(checkpoint.attempt), "key": .string(checkpoint.key),
      "type": .string(checkpoint.type.rawValue), "state": .string(checkpoint.state.rawValue),
      "title": .string(checkpoint.title), "body": checkpoint.body.isEmpty ? nil : .string(checkpoint.body),
      "data": checkpoint.data, "approvedData": isEdited ? checkpoint.answer : nil, "schema": checkpoint.schema,
      "risk": .string(checkpoint.risk), "digest": checkpoint.digest.isEmpty ? nil : .string(checkpoint.digest),
      "choices": checkpoint.choices.isEmpty ? nil : .array(checkpoint.choices.map(JSONValue.string)),
      "choice": checkpoint.choice.map(JSONValue.string), "editable": .bool(checkpoint.isEditable),
      "reviewers": Self.reviewers(of: checkpoint), "owner": checkpoint.owner.map(JSONValue.string),
      "onExpiry": .string(checkpoint.onExpiry.rawValue), "createdAt": JSONValue(checkpoint.createdAt),
      "expiresAt": checkpoint.expiresAt.map { JSONValue($0) },
      "escalatedAt": checkpoint.escalatedAt.map { JSONValue($0) },
      "decidedAt": checkpoint.decidedAt.map { JSONValue($0) },
      "decisions": .array(checkpoint.decisions.map { JSONValue($0) }),
      "jobUrl": .string(Links.status(of: checkpoint.job)),
    ])
  }

  private static func reviewers(of checkpoint: Checkpoint) -> JSONValue {
    [
      "users": .array(checkpoint.users.map(JSONValue.string)), "roles": .array(checkpoint.roles.map(JSONValue.string)),
      "required": JSONValue(checkpoint.required), "excludesRequester": .bool(checkpoint.excludesRequester),
    ]
  }

  private init(_ decision: DecisionRecord) {
    self = .fields([
      "verdict": .string(decision.verdict), "by": .string(decision.actor), "role": .string(decision.role),
      "address": decision.address.map(JSONValue.string), "via": .string(decision.via), "at": JSONValue(decision.at),
      "comment": decision.comment.map(JSONValue.string), "choice": decision.choice.map(JSONValue.string),
      "changes": decision.changes,
    ])
  }

  init(_ step: StepRecord) {
    self = .fields([
      "name": .string(step.key), "state": .string("\(step.state)"), "attempt": JSONValue(step.attempt),
      "startedAt": JSONValue(step.startedAt), "endedAt": step.endedAt.map { JSONValue($0) },
      "result": step.result.map { JSONValue(stored: $0) }, "error": step.error.map(JSONValue.string),
    ])
  }

  /// A signal that waits to be waited for.
  init(_ signal: KeptSignal) {
    self = .fields([
      "name": .string(signal.name), "at": JSONValue(signal.sentAt), "by": .string(signal.sentBy),
      "size": JSONValue(signal.size), "payload": signal.payload.map { JSONValue(stored: $0) },
    ])
  }

  init(_ wait: Wait) {
    self = .fields([
      "name": .string(wait.key), "type": .string("\(wait.kind)"), "state": .string("\(wait.state)"),
      "since": JSONValue(wait.createdAt), "until": wait.dueAt.map { JSONValue($0) },
      "endedAt": wait.endedAt.map { JSONValue($0) },
      "signals": wait.names.isEmpty ? nil : .array(wait.names.map(JSONValue.string)),
      "checkpoint": wait.kind == .checkpoint ? .string("\(CheckpointID(rawValue: wait.id))") : nil,
      "child": wait.target.map { .string("\($0)") },
    ])
  }
}
