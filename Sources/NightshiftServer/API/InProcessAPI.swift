package import HTTPTypes
import HummingbirdCore
package import Logging
package import NIOCore
package import Nightshift

/// The API without a socket: the same routes, checks and answers, on behalf of somebody who is known already.
/// The command line uses it when no server runs.
package struct InProcessAPI: Sendable {
  package struct Answer: Sendable {
    package var status: HTTPResponse.Status
    package var headers: HTTPFields
    package var body: [UInt8]
  }

  private let api: API
  private let actor: Actor

  package init(engine: Engine, actor: Actor, logger: Logger) {
    api = API(engine: engine, logger: logger)
    self.actor = actor
  }

  /// Sends a request and waits for the whole answer.
  ///
  /// - Parameters:
  ///   - path: The path with its query, escaped as in a URL.
  ///   - headers: With a body, `Content-Type` is set to JSON unless it is there.
  package func send(
    method: HTTPRequest.Method, path: String, headers: HTTPFields = [:], body: [UInt8] = []
  ) async throws -> Answer {
    var collected = ByteBuffer()
    var answer = try await stream(method: method, path: path, headers: headers, body: body) { _, piece in
      collected.writeImmutableBuffer(piece)
    }
    answer.body = Array(collected.readableBytesView)
    return answer
  }

  /// Sends a request and hands over the answer's body piece by piece, for streams of events. The answer's own
  /// body is empty. Cancelling the task ends the stream.
  package func stream(
    method: HTTPRequest.Method, path: String, headers: HTTPFields = [:], body: [UInt8] = [],
    _ receive: (HTTPResponse.Status, ByteBuffer) async throws -> Void
  ) async throws -> Answer {
    var headers = headers
    if !body.isEmpty, headers[.contentType] == nil { headers[.contentType] = "application/json" }
    let head = HTTPRequest(method: method, scheme: nil, authority: nil, path: path, headerFields: headers)
    let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(bytes: body)))
    let response = await api.respond(to: request, from: .inProcess(actor))
    try await withoutActuallyEscaping(receive) { receive in
      try await response.body.write(PieceWriter { piece in try await receive(response.status, piece) })
    }
    return Answer(status: response.status, headers: response.headers, body: [])
  }
}

private struct PieceWriter: ResponseBodyWriter {
  let receive: (ByteBuffer) async throws -> Void

  mutating func write(_ buffer: ByteBuffer) async throws { try await receive(buffer) }

  consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
