import Foundation

/// Where a project's reports go, and its key: `https://KEY@HOST/PROJECT`.
package struct SentryDSN: Sendable, Hashable {
  /// Where envelopes are posted.
  package let endpoint: String
  let publicKey: String
  let secretKey: String?

  /// - Returns: `nil` if the text is no DSN.
  package init?(_ text: String) {
    guard let url = URLComponents(string: text), let scheme = url.scheme, ["http", "https"].contains(scheme),
      let host = url.host, !host.isEmpty, let user = url.user, !user.isEmpty
    else { return nil }
    // The last segment is the project, what comes before is the server's own prefix.
    var segments = url.path.split(separator: "/").map(String.init)
    guard let project = segments.popLast() else { return nil }
    let port = url.port.map { ":\($0)" } ?? ""
    let prefix = segments.map { "/\($0)" }.joined()
    endpoint = "\(scheme)://\(host)\(port)\(prefix)/api/\(project)/envelope/"
    publicKey = user
    secretKey = url.password
  }

  /// What the request says of who sends it.
  func authorization(client: String) -> String {
    let secret = secretKey.map { ", sentry_secret=\($0)" } ?? ""
    return "Sentry sentry_version=7, sentry_client=\(client), sentry_key=\(publicKey)\(secret)"
  }
}
