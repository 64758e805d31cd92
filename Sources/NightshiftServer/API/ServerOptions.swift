/// How the server treats those who come.
package struct ServerOptions: Sendable, Hashable {
  /// The origins, such as `https://console.example.com`, whose pages may use the API.
  package var allowedOrigins: [String] = []
  /// Proxies that may say on whose behalf a request comes.
  package var trustedProxies: [AddressBlock] = []
  /// How many requests one address and one caller may send; `nil` for no limit.
  package var rateLimit: RequestRate?
  /// `nil` speaks plain HTTP.
  package var tls: TLSFiles?
  /// `nil` believes no tokens but our own.
  package var jwt: JWTSettings?

  package init() {}
}
