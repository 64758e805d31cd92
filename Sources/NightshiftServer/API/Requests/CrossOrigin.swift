import HTTPTypes
import HummingbirdCore

/// Which web pages of other origins may use the API.
///
/// A token is needed in any case and browsers send none by themselves, so this guards nothing of ours: it
/// tells browsers which pages may read the answers, and keeps strangers' pages from opening WebSockets.
struct CrossOrigin: Sendable {
  /// Origins such as `https://console.example.com`; `*` allows all.
  let allowed: [String]

  func allows(_ origin: String) -> Bool {
    allowed.contains { $0 == "*" || $0.lowercased() == origin.lowercased() }
  }

  /// Whether a WebSocket may be opened. Programs send no `Origin`, browsers always do.
  func allowsWebSocket(from request: HTTPRequest) -> Bool {
    guard let origin = request.headerFields[.origin] else { return true }
    let host = origin.split(separator: "/", omittingEmptySubsequences: true).last.map(String.init)
    return host?.lowercased() == request.authority?.lowercased() || allows(origin)
  }

  /// What a browser needs to let a page read the answer.
  func decorate(_ response: inout Response, for request: HTTPRequest) {
    guard !allowed.isEmpty else { return }
    response.headers[.vary] = "Origin"
    guard let origin = request.headerFields[.origin], allows(origin) else { return }
    response.headers[.accessControlAllowOrigin] = origin
    response.headers[.accessControlExposeHeaders] =
      "Location, ETag, Retry-After, X-Request-ID, Idempotency-Replayed, Preference-Applied"
  }

  /// The answer to a browser that asks first.
  func preflight(_ request: HTTPRequest, allow: String) -> Response {
    var headers: HTTPFields = [.allow: allow]
    if let origin = request.headerFields[.origin], allows(origin) {
      headers[.accessControlAllowMethods] = allow
      headers[.accessControlAllowHeaders] =
        "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, Prefer, Traceparent, "
        + "X-Request-ID"
      headers[.accessControlMaxAge] = "600"
    }
    return Response(status: .noContent, headers: headers)
  }
}
