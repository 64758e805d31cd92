import HTTPTypes
import Nightshift

/// The API, as commands use it: over HTTP, or through the same router in this process.
protocol APIClient: Sendable {
  /// What to do about a token that is refused.
  var tokenRemedy: String { get }

  func send(_ request: APIRequest) async throws -> APIResponse

  /// Hands over the events of a stream one after the other, until the server ends it or `each` has seen enough.
  /// It throws when the stream breaks off.
  func events(
    _ path: String, lastEventID: String?, each: (ServerSentEvent) async throws -> Following
  ) async throws

  /// Hands over an answer's body piece by piece, however long it is.
  func download(_ request: APIRequest, each: ([UInt8]) throws -> Void) async throws

  func close() async
}

/// Whether whoever listens wants more.
enum Following: Sendable { case goOn, stop }

struct APIRequest: Sendable {
  var method: HTTPRequest.Method
  var path: String
  var query: [(name: String, value: String)] = []
  var headers: [(name: String, value: String)] = []
  var body: JSONValue?
  /// When to give up. A little more than the longest wait that a request may ask for.
  var timeout: Duration = .seconds(40)

  /// The path with its query, escaped.
  var target: String {
    guard !query.isEmpty else { return path }
    return path + "?"
      + query.map { "\(Self.escape($0.name))=\(Self.escape($0.value))" }.joined(separator: "&")
  }

  /// Percent-encodes all but RFC 3986's unreserved characters.
  static func escape(_ text: String) -> String {
    var escaped = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        escaped.append(Character(Unicode.Scalar(byte)))
      default: escaped += byte < 16 ? "%0\(String(byte, radix: 16))" : "%\(String(byte, radix: 16))"
      }
    }
    return escaped.replacing(/%[0-9a-f]{2}/) { $0.output.uppercased() }
  }
}

struct APIResponse: Sendable {
  var status: Int
  var body: [UInt8]

  var isSuccess: Bool { (200..<300).contains(status) }
}

extension APIClient {
  /// An answer that is an error, in the words of the command line.
  func failure(_ response: APIResponse, _ path: String) -> CommandFailure {
    ProblemDetails(response, path: path, tokenRemedy: tokenRemedy).failure
  }

  /// Sends a request and reads its answer; an answer that is an error is thrown with the words of the command line.
  func call(_ request: APIRequest) async throws -> JSONValue {
    let response = try await send(request)
    guard response.isSuccess else { throw failure(response, request.path) }
    guard !response.body.isEmpty else { return .null }
    do {
      return try JSONValue(parsing: response.body)
    } catch {
      throw CommandFailure(
        "The server's answer is no JSON: \(error). Check that NIGHTSHIFT_URL names a Nightshift server.")
    }
  }

  func get(_ path: String, _ query: [(name: String, value: String)] = []) async throws -> JSONValue {
    try await call(APIRequest(method: .get, path: path, query: query))
  }

  func post(_ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
    try await call(APIRequest(method: .post, path: path, body: body))
  }
}
