import HTTPTypes
import HummingbirdCore

/// What tells browsers to trust our answers with as little as possible.
enum SecurityHeaders {
  /// Our pages have no script, style or picture but those that we serve as files of their own.
  private static let pages = """
    default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; \
    manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'
    """
  private static let others = "default-src 'none'; frame-ancestors 'none'"

  static func add(to response: inout Response) {
    let isPage = response.headers[.contentType]?.hasPrefix("text/html") == true
    response.headers[.xContentTypeOptions] = "nosniff"
    response.headers[name("Referrer-Policy")] = "same-origin"
    response.headers[name("X-Frame-Options")] = "DENY"
    response.headers[name("Cross-Origin-Resource-Policy")] = "same-origin"
    // A job's artifact has a stricter one of its own.
    if response.headers[.contentSecurityPolicy] == nil {
      response.headers[.contentSecurityPolicy] = isPage ? pages : others
    }
    guard isPage else { return }
    response.headers[name("Cross-Origin-Opener-Policy")] = "same-origin"
    response.headers[name("Permissions-Policy")] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
  }

  /// From now on browsers come over TLS only. They ignore it where the certificate is not in order.
  static func addTransportSecurity(to response: inout Response) {
    response.headers[name("Strict-Transport-Security")] = "max-age=31536000"
  }

  private static func name(_ text: String) -> HTTPField.Name { HTTPField.Name(text)! }
}
