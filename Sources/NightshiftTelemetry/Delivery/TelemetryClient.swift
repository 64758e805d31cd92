import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Nightshift

/// Sends what is collected. It is not traced itself: a span for each delivery of spans would never end.
final class TelemetryClient: Sendable {
  struct Answer: Sendable {
    var status: Int
    var headers: HTTPHeaders
  }

  /// How much of an answer is read: nothing in it is of use but to whoever looks at the wire.
  private static let mostAnswer = 64 << 10

  private let client: HTTPClient
  private let timeout: Duration

  init(timeout: Duration) {
    var configuration = HTTPClient.Configuration()
    configuration.timeout = HTTPClient.Configuration.Timeout(connect: .seconds(5), read: .seconds(30))
    configuration.redirectConfiguration = .disallow
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.tracing.tracer = nil
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    self.timeout = timeout
  }

  deinit {
    // It ends its idle connections by itself; there is nobody to tell if one does not close in good order.
    client.shutdown { _ in }
  }

  func post(_ url: String, headers: [(String, String)], body: [UInt8]) async throws -> Answer {
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
    request.headers.replaceOrAdd(name: "User-Agent", value: "nightshift/\(NightshiftVersion.current)")
    request.body = .bytes(ByteBuffer(bytes: body))
    let response = try await client.execute(request, timeout: .nanoseconds(timeout.microseconds * 1000))
    // Read to its end, so that the connection can be used again; a longer one is given up with its connection.
    _ = try await response.body.collect(upTo: Self.mostAnswer)
    return Answer(status: Int(response.status.code), headers: response.headers)
  }
}
