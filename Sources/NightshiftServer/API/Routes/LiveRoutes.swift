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
  static func lastEventID(_ request: APIRequest) throws(Problem) -> String? {
    if let header = request.headers[.lastEventID] { return header }
    return try request.query.value(parameter)
  }
}
