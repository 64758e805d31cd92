import Nightshift

/// One message of a stream, the same as server-sent event and as WebSocket text.
struct LiveMessage: Sendable {
  /// `snapshot`, `state`, `progress`, `log`, `event`, `end` or `reset`.
  var type: String
  /// From where to go on after it; `nil` to leave that as it was.
  var id: String?
  var data: JSONValue
  /// When it was said; `nil` for what is made of the job as it now is.
  var at: Timestamp?
}

enum LiveItem: Sendable {
  case message(LiveMessage)
  /// Nothing happened for a while: a sign of life, which also finds out whether the peer still lives.
  case keepAlive
}

/// Why a stream came to its end.
enum LiveEnd: Sendable, Hashable {
  /// Everything was sent.
  case finished
  /// The server is stopping.
  case stopping
  /// The caller's token is no longer good.
  case notAllowed
}

/// Something to follow. A feed reads from the engine and knows nothing of how it is sent.
protocol LiveFeed: Sendable {
  /// Whether the client has everything already and nothing can follow.
  var isOver: Bool { get }

  /// Sends what there is, then what comes. Each `send` returns when the peer's connection has taken the item.
  ///
  /// - Throws: ``SlowSubscriber`` if the peer takes items more slowly than they come.
  func run(_ send: (LiveItem) async throws -> Void) async throws -> LiveEnd
}
