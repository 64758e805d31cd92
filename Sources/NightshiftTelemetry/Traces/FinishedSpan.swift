import Tracing

/// A span that is over, as it is sent.
struct FinishedSpan: Sendable {
  struct Event: Sendable {
    var name: String
    var at: UInt64
    var attributes: [String: SpanAttribute]
  }

  struct Link: Sendable {
    var context: TraceContext
    var attributes: [String: SpanAttribute]
  }

  /// As OpenTelemetry limits them: what is beyond is left out, and counted.
  static let mostAttributes = 128
  static let mostEvents = 128
  static let mostLinks = 128

  var context: TraceContext
  var parent: TraceContext?
  var name: String
  var kind: SpanKind
  /// Nanoseconds since 1970.
  var startedAt: UInt64
  var endedAt: UInt64
  var attributes: [String: SpanAttribute] = [:]
  var events: [Event] = []
  var links: [Link] = []
  var status: SpanStatus?
  var droppedAttributes = 0
  var droppedEvents = 0
}

extension SpanAttributes {
  /// At most so many of them, and how many were left out.
  func bounded(to limit: Int = FinishedSpan.mostAttributes) -> ([String: SpanAttribute], dropped: Int) {
    var kept: [String: SpanAttribute] = [:]
    var dropped = 0
    forEach { name, value in
      if kept.count < limit { kept[name] = value } else { dropped += 1 }
    }
    return (kept, dropped)
  }
}
