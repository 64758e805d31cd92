import AsyncHTTPClient
import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOSSL
import Nightshift

/// The API of a server that runs elsewhere.
final class HTTPAPIClient: APIClient {
  /// Where a server is, and what is said when nobody answers there.
  struct Place: Sendable {
    var url: String
    var remedy: String
  }

  private let token: String?
  private let client: HTTPClient
  /// Asked for each request: a server may go and another take its place while a command waits.
  private let place: @Sendable () -> Place
  let tokenRemedy: String

  private static let answerLimit = 64 << 20

  /// - Parameter isOwnServer: Whether the store's folder names the server. Its certificate is not for the address under
  ///   which it is reached on this machine, most likely, and nobody stands between.
  init(
    token: String?, tokenRemedy: String, isOwnServer: Bool = false, at place: @escaping @Sendable () -> Place
  ) {
    self.token = token
    self.place = place
    self.tokenRemedy = tokenRemedy
    var configuration = HTTPClient.Configuration()
    configuration.timeout.connect = .seconds(5)
    // Longer than any wait that is asked for, and than the pause between two heartbeats of an event stream.
    configuration.timeout.read = .seconds(60)
    // Whoever is refused is told so at once, and not after five seconds of trying again.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.redirectConfiguration = .disallow
    if isOwnServer {
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.certificateVerification = .none
      configuration.tlsConfiguration = tls
    }
    client = HTTPClient(configuration: configuration)
  }

  func send(_ request: APIRequest) async throws -> APIResponse {
    try await reporting(request) { prepared in
      let timeout = TimeAmount.microseconds(request.timeout.microseconds)
      let response = try await self.client.execute(prepared, timeout: timeout)
      var body = try await response.body.collect(upTo: Self.answerLimit)
      return APIResponse(
        status: Int(response.status.code), body: body.readBytes(length: body.readableBytes) ?? [])
    }
  }

  func events(
    _ path: String, lastEventID: String?, each: (ServerSentEvent) async throws -> Following
  ) async throws {
    var request = APIRequest(method: .get, path: path, headers: [("Accept", "text/event-stream")])
    if let lastEventID { request.headers.append(("Last-Event-ID", lastEventID)) }
    // No deadline for the whole, since a job may take hours: a server that has gone is noticed by its missing
    // heartbeats (the read timeout).
    let response = try await reporting(request) { try await self.client.execute($0, deadline: .distantFuture) }
    guard (200..<300).contains(Int(response.status.code)) else {
      var body = try await response.body.collect(upTo: 1 << 20)
      throw failure(
        APIResponse(status: Int(response.status.code), body: body.readBytes(length: body.readableBytes) ?? []), path)
    }
    var parser = ServerSentEventParser()
    for try await part in response.body {
      for event in try parser.feed(part.readableBytesView) {
        guard try await each(event) == .goOn else { return }
      }
    }
  }

  func download(_ request: APIRequest, each: ([UInt8]) throws -> Void) async throws {
    // No deadline for the whole: a server that has gone is noticed by the read timeout.
    let response = try await reporting(request) { try await self.client.execute($0, deadline: .distantFuture) }
    guard (200..<300).contains(Int(response.status.code)) else {
      var body = try await response.body.collect(upTo: 1 << 20)
      throw failure(
        APIResponse(status: Int(response.status.code), body: body.readBytes(length: body.readableBytes) ?? []),
        request.path)
    }
    for try await part in response.body { try each(Array(part.readableBytesView)) }
  }

  func close() async {
    try? await client.shutdown()  // it fails only when it was shut down before
  }

  private func prepare(_ request: APIRequest, _ url: String) -> HTTPClientRequest {
    var prepared = HTTPClientRequest(url: (url.hasSuffix("/") ? String(url.dropLast()) : url) + request.target)
    prepared.method = HTTPMethod(rawValue: request.method.rawValue)
    if let token { prepared.headers.add(name: "Authorization", value: "Bearer \(token)") }
    for header in request.headers { prepared.headers.add(name: header.name, value: header.value) }
    if let body = request.body {
      prepared.headers.add(name: "Content-Type", value: "application/json")
      prepared.body = .bytes(ByteBuffer(bytes: body.serialized()))
    }
    return prepared
  }

  private func reporting<Value>(
    _ request: APIRequest, _ body: (HTTPClientRequest) async throws -> Value
  ) async throws -> Value {
    let url = place().url
    do {
      return try await body(prepare(request, url))
    } catch let failure as CommandFailure {
      throw failure
    } catch is CancellationError {
      throw CancellationError()
    } catch let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout {
      throw CommandFailure(
        "The server at \(url) did not answer in time. Try again; `nightshift doctor` looks for causes.")
    } catch {
      let cause = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
      throw CommandFailure("The server at \(url) cannot be reached: \(cause). \(place().remedy)")
    }
  }
}
