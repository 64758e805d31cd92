import HTTPTypes
import HummingbirdCore
import NIOCore
import Nightshift

/// Reads a request's body: as much as its route allows, in the time it may take, as the JSON object it must
/// be.
struct BodyReader: Sendable {
  /// How long a body may take to arrive; a client that dribbles must not keep a connection for ever.
  static let patience = Duration.seconds(60)

  let engine: Engine

  func read(_ request: Request, for route: Route) async throws -> JSONValue? {
    let isOptional: Bool
    let limit: Int
    switch route.body {
    case .none, .form: (isOptional, limit) = (true, bytes(.small))
    case .object(let size): (isOptional, limit) = (false, bytes(size))
    case .optionalObject(let size): (isOptional, limit) = (true, bytes(size))
    }
    // What comes with a GET has no meaning (RFC 9110, 9.3.1), and is left alone.
    guard route.method != .get else { return nil }
    let buffer = try await collect(request, limit: limit)
    if buffer.readableBytes == 0, isOptional { return nil }
    try check(request.headers, isOf: "application/json")
    let body = try parse(buffer)
    // Whoever sends fields where none are expected means something by them.
    if route.body == .none { try FieldReader(body, known: []).check() }
    return body
  }

  /// Reads the fields of a form.
  func readForm(_ request: Request) async throws -> FormFields {
    // The largest field is a payload, of which each byte may be escaped as three.
    let buffer = try await collect(request, limit: engine.configuration.payloadLimit * 3 + (64 << 10))
    guard buffer.readableBytes > 0 else { return FormFields() }
    try check(request.headers, isOf: "application/x-www-form-urlencoded")
    guard let text = String(validating: buffer.readableBytesView, as: UTF8.self) else {
      throw Problem.badRequest("malformed_form", "The form is not UTF-8.")
    }
    return try FormFields(parsing: text[...])
  }

  private func bytes(_ limit: Route.BodyLimit) -> Int {
    switch limit {
    // A payload may be written with escapes and white space, and comes with fields of its own.
    case .job: engine.configuration.payloadLimit * 2 + (64 << 10)
    case .batch: max(64 << 20, engine.configuration.payloadLimit * 2)
    case .small: 256 << 10
    }
  }

  private func collect(_ request: Request, limit: Int) async throws -> ByteBuffer {
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw tooLarge(limit)
    }
    do {
      return try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
        group.addTask { try await request.body.collect(upTo: limit) }
        group.addTask {
          try await engine.clock.sleep(for: Self.patience)
          return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let buffer = first else { throw Self.tooSlow }
        return buffer
      }
    } catch is NIOTooManyBytesError {
      throw tooLarge(limit)
    }
  }

  private func tooLarge(_ limit: Int) -> Problem {
    // Closing spares both sides the rest of the body.
    Problem(
      .contentTooLarge, "too_large", "The body is larger than the \(limit) bytes that this route allows.",
      headers: [.connection: "close"])
  }

  private static var tooSlow: Problem {
    Problem(
      .requestTimeout, "too_slow", "The body did not arrive within \(patience.text).",
      headers: [.connection: "close"])
  }

  private func check(_ headers: HTTPFields, isOf type: String) throws(Problem) {
    let sent = headers[.contentType]?.split(separator: ";").first?.trimmingSpaces.lowercased()
    guard sent == type else {
      let found = headers[.contentType].map { "`\($0.truncatedUTF8(to: 80))`" } ?? "none"
      throw Problem(
        .unsupportedMediaType, "unsupported_type", "`Content-Type` must be `\(type)`; got \(found).",
        headers: [.accept: type])
    }
    guard let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" else { return }
    throw Problem(
      .unsupportedMediaType, "unsupported_encoding",
      "The body must come as it is; got `Content-Encoding: \(encoding.truncatedUTF8(to: 80))`.",
      headers: [.acceptEncoding: "identity"])
  }

  private func parse(_ buffer: ByteBuffer) throws(Problem) -> JSONValue {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: buffer.readableBytesView)
    } catch {
      throw .badRequest("malformed_json", "The body is not JSON: \(error).")
    }
    guard value.objectValue != nil else {
      throw .badRequest("malformed_json", "The body must be a JSON object; got \(value.excerpt).")
    }
    return value
  }
}
