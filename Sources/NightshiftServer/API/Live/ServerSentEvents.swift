import HTTPTypes
import HummingbirdCore
import NIOCore
import Nightshift

/// Sends a feed as server-sent events (WHATWG HTML, section 9.2).
enum ServerSentEvents {
  static func response(_ feed: any LiveFeed) -> Response {
    // 204 is the one answer at which a browser's `EventSource` stops coming back.
    guard !feed.isOver else { return Response(status: .noContent) }
    let headers: HTTPFields = [
      .contentType: "text/event-stream", .cacheControl: "no-store",
      // nginx would keep the stream back until it has a bufferful.
      HTTPField.Name("X-Accel-Buffering")!: "no",
    ]
    return Response(status: .ok, headers: headers, body: body(feed))
  }

  private static func body(_ feed: any LiveFeed) -> ResponseBody {
    ResponseBody { writer in
      try await writer.write(ByteBuffer(string: "retry: 2000\n\n"))
      do {
        _ = try await feed.run { item in try await writer.write(text(item)) }
      } catch is SlowSubscriber {
        // The stream just ends: the client comes back with its last id and goes on from there.
      }
      try await writer.finish(nil)
    }
  }

  static func text(_ item: LiveItem) -> ByteBuffer {
    guard case .message(let message) = item else { return ByteBuffer(string: ": keep-alive\n\n") }
    var buffer = ByteBuffer(string: "event: \(message.type)\n")
    if let id = message.id { buffer.writeString("id: \(id)\n") }
    // JSON is written without line breaks, so it is one line of data.
    buffer.writeString("data: ")
    buffer.writeBytes(message.data.serialized())
    buffer.writeString("\n\n")
    return buffer
  }
}
