import Nightshift

/// A stream, for a caller that may not see everything.
struct RedactingFeed: LiveFeed {
  /// For how long at most lines that were written before a look at the job need no other one.
  private static let lookHolds = Duration.seconds(1)

  let feed: any LiveFeed
  let redactor: Redactor
  let engine: Engine

  var isOver: Bool { feed.isOver }

  func run(_ send: (LiveItem) async throws -> Void) async throws -> LiveEnd {
    let job = (feed as? JobFeed)?.id
    var lookedAt: Timestamp?
    return try await feed.run { item in
      guard case .message(var message) = item else { return try await send(item) }
      if let job, mustLook(lookedAt, for: message) {
        lookedAt = engine.now
        try await redactor.learn(job, engine)
      }
      message.data = redactor.answer(message.data)
      if feed is EventFeed { Self.hideTexts(&message) }
      try await send(.message(message))
    }
  }

  /// Whether the job may have got something since it was looked at that this message repeats: an answer, a signal, a
  /// step's result. A handler has got it before it says anything of it.
  private func mustLook(_ lookedAt: Timestamp?, for message: LiveMessage) -> Bool {
    guard let lookedAt, let at = message.at, !["checkpoint", "signal"].contains(message.type) else { return true }
    // Another process may have written it, by a clock of its own.
    return at >= lookedAt || engine.now - lookedAt > Self.lookHolds
  }

  /// What all jobs say comes without their payloads, so that nothing tells what would have to be hidden in it.
  private static func hideTexts(_ message: inout LiveMessage) {
    guard case .object(var fields) = message.data else { return }
    switch message.type {
    case "log", "progress": if fields["message"] != nil { fields["message"] = Redaction.mark }
    case "checkpoint": fields["title"] = Redaction.mark
    case "event": fields["data"] = fields["data"].map(withoutTexts)
    default: return
    }
    message.data = .object(fields)
  }

  private static func withoutTexts(_ value: JSONValue) -> JSONValue {
    switch value {
    case .string: Redaction.mark
    case .array(let items): .array(items.map(withoutTexts))
    case .object(let fields): .object(fields.mapValues(withoutTexts))
    default: value
    }
  }
}
