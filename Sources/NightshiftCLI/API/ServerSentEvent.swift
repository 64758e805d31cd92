/// One message of a `text/event-stream`.
struct ServerSentEvent: Sendable, Equatable {
  var id: String?
  var event: String
  var data: String
}

/// Reads a `text/event-stream` (https://html.spec.whatwg.org/multipage/server-sent-events.html) piece by piece.
struct ServerSentEventParser {
  private var line: [UInt8] = []
  private var endedInReturn = false
  private var id: String?
  private var event = ""
  private var data: [String] = []
  private var size = 0

  /// A server that sends more in one event is not ours.
  private static let limit = 8 << 20

  /// Takes the next bytes and returns the events that they completed.
  mutating func feed(_ bytes: some Sequence<UInt8>) throws(CommandFailure) -> [ServerSentEvent] {
    var events: [ServerSentEvent] = []
    for byte in bytes {
      defer { endedInReturn = byte == UInt8(ascii: "\r") }
      switch byte {
      case UInt8(ascii: "\n") where endedInReturn: continue  // the second half of a line end
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        if let event = endLine() { events.append(event) }
      default:
        size += 1
        guard size <= Self.limit else {
          throw CommandFailure("The server sent an event that is too long to be one.")
        }
        line.append(byte)
      }
    }
    return events
  }

  private mutating func endLine() -> ServerSentEvent? {
    defer { line.removeAll(keepingCapacity: true) }
    guard !line.isEmpty else { return dispatch() }
    let text = String(decoding: line, as: UTF8.self)
    let colon = text.firstIndex(of: ":") ?? text.endIndex
    var value = text[colon...].dropFirst()
    if value.first == " " { value.removeFirst() }
    switch text[..<colon] {
    case "data": data.append(String(value))
    case "event": event = String(value)
    case "id": id = String(value)
    default: break  // a comment, or a field that does not concern us
    }
    return nil
  }

  private mutating func dispatch() -> ServerSentEvent? {
    defer {
      event = ""
      data = []
      size = 0
    }
    guard !data.isEmpty else { return nil }
    return ServerSentEvent(
      id: id, event: event.isEmpty ? "message" : event, data: data.joined(separator: "\n"))
  }
}
