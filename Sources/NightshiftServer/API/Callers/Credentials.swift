import HTTPTypes
import Nightshift

/// Finds the token in a request.
enum Credentials {
  /// The protocol that a WebSocket speaks here.
  static let webSocketProtocol = "nightshift.v1"

  private static let bearer = "bearer."

  /// The token's secret; `nil` if there is none.
  ///
  /// Browsers cannot set headers on a WebSocket, so there it may also be offered as one of the protocols:
  /// `Sec-WebSocket-Protocol: nightshift.v1, bearer.TOKEN`.
  static func secret(in headers: HTTPFields) throws(Problem) -> String? {
    if let field = headers[.authorization] {
      let parts = field.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, parts[0].lowercased() == "bearer" else {
        throw .unauthorized("`Authorization` must be `Bearer TOKEN`.", error: "invalid_request")
      }
      return parts[1].trimmingSpaces
    }
    guard headers.isWebSocketUpgrade else { return nil }
    return headers.webSocketProtocols.first { $0.hasPrefix(bearer) }.map {
      String($0.dropFirst(bearer.count))
    }
  }
}

extension Credentials {
  /// Whether a request bears any token, be it a good one or not.
  static func isThere(in headers: HTTPFields) -> Bool {
    headers[.authorization] != nil || headers.webSocketProtocols.contains { $0.hasPrefix(bearer) }
  }
}

extension Problem {
  static func unauthorized(_ detail: String, error: String? = nil) -> Problem {
    let challenge = "Bearer realm=\"nightshift\"" + (error.map { ", error=\"\($0)\"" } ?? "")
    return Problem(.unauthorized, "unauthorized", detail, headers: [.wwwAuthenticate: challenge])
  }

  static func forbidden(_ actor: Actor, needs role: Role) -> Problem {
    Problem(
      .forbidden, "forbidden",
      "This takes the role `\(role.rawValue)`; \"\(actor.id)\" has `\(actor.role.rawValue)`.",
      headers: [.wwwAuthenticate: "Bearer realm=\"nightshift\", error=\"insufficient_scope\""])
  }
}

extension Problem {
  static func forbidden(_ actor: Actor, needs scope: TokenScope) -> Problem {
    Problem(
      .forbidden, "forbidden",
      "This takes the scope `\(scope)`, which the token \"\(actor.id)\" was not given.",
      headers: [.wwwAuthenticate: "Bearer realm=\"nightshift\", error=\"insufficient_scope\", scope=\"\(scope)\""])
  }
}

extension HTTPFields {
  /// Whether the request asks to become a WebSocket.
  var isWebSocketUpgrade: Bool {
    self[values: .upgrade].contains {
      $0.lowercased().split(separator: ",").contains { $0.trimmingSpaces == "websocket" }
    }
  }

  /// The protocols that a WebSocket client offers.
  var webSocketProtocols: [String] {
    self[values: .secWebSocketProtocol].flatMap { $0.split(separator: ",").map(\.trimmingSpaces) }
  }
}

extension StringProtocol {
  /// Without the optional white space that HTTP allows around values.
  var trimmingSpaces: String {
    let start = drop { $0 == " " || $0 == "\t" }
    let end = start.lastIndex { $0 != " " && $0 != "\t" }
    return end.map { String(start[...$0]) } ?? ""
  }
}
