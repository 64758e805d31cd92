import HTTPTypes
import Nightshift

extension RouteTable {
  /// Streams: server-sent events, or a WebSocket when the request asks for one.
  static let liveRoutes: [Route] = [
    .live("/api/jobs/{id}/events", .viewer, query: [LiveRoutes.parameter]) { try await JobFeed($0) },
    .live("/ws/jobs/{id}", .viewer, query: [LiveRoutes.parameter]) { try await JobFeed($0) },
    .live("/api/events", .viewer, query: ["kind", "queue", "state", LiveRoutes.parameter]) {
      try EventFeed($0)
    },
  ]
}

enum LiveRoutes {
  /// For WebSockets of browsers, which cannot set the header.
  static let parameter = "lastEventId"

  /// After what the stream shall go on. The header wins: a browser's `EventSource` keeps the URL when it
  /// comes back.
  ///
  /// - Parameter read: Takes an id of this stream apart; `nil` if it cannot be one.
  /// - Throws: A 400 for an id that no stream of ours has ever given: whoever sends it would wait for what it missed.
  static func lastEventID<Position>(
    _ request: APIRequest, _ form: String, _ read: (String) -> Position?
  ) throws(Problem) -> Position? {
    let header = request.headers[.lastEventID].flatMap { $0.isEmpty ? nil : $0 }
    let asked = try request.query.value(parameter)
    guard let text = header ?? asked else { return nil }
    guard let position = read(text) else {
      let name = header == nil ? "query parameter `\(parameter)`" : "header `Last-Event-ID`"
      throw .badRequest(
        "malformed_event_id",
        "The \(name) must be the id of a message of this stream, such as \(form); "
          + "got \"\(text.truncatedUTF8(to: 40))\". Leave it out to begin anew.")
    }
    return position
  }
}
