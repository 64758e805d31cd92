import HTTPTypes
import Nightshift

/// The cookie that holds a session's secret.
enum SessionCookie {
  /// The prefix has browsers refuse the cookie from any but this very host, over TLS (RFC 6265bis, 4.1.3.2).
  private static let (secureName, plainName) = ("__Host-nightshift_session", "nightshift_session")

  /// The secret; `nil` if there is none.
  static func secret(in headers: HTTPFields) -> String? {
    let pairs = headers[values: .cookie].flatMap { $0.split(separator: ";") }.map(\.trimmingSpaces)
    for name in [secureName, plainName] {
      if let pair = pairs.first(where: { $0.hasPrefix(name + "=") }) { return String(pair.dropFirst(name.count + 1)) }
    }
    return nil
  }

  /// Sets the cookie. Pages' scripts cannot read it, and other sites' requests do not bear it but for plain links.
  static func setting(_ secret: String, isSecure: Bool) -> String {
    "\(name(isSecure))=\(secret); Path=/; HttpOnly; SameSite=Lax; Max-Age=\(Session.lifetime.components.seconds)"
      + (isSecure ? "; Secure" : "")
  }

  static func removing(isSecure: Bool) -> String {
    "\(name(isSecure))=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0" + (isSecure ? "; Secure" : "")
  }

  private static func name(_ isSecure: Bool) -> String { isSecure ? secureName : plainName }
}
