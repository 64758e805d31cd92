import Nightshift
import NightshiftServer

extension ServerOptions {
  /// As the settings have it.
  ///
  /// - Throws: ``CommandFailure`` for settings that do not go together.
  init(_ settings: Settings) throws(CommandFailure) {
    self.init()
    allowedOrigins = settings.list(.allowedOrigins) ?? []
    // They were checked with the settings.
    trustedProxies = settings.list(.trustedProxies)?.compactMap { AddressBlock($0) } ?? []
    rateLimit = RequestRate(settings.required(.rateLimit))
    tls = try Self.tls(settings)
    jwt = try Self.jwt(settings)
  }

  private static func tls(_ settings: Settings) throws(CommandFailure) -> TLSFiles? {
    switch (settings.text(.tlsCertificate), settings.text(.tlsKey)) {
    case (nil, nil): return nil
    case (let certificate?, let key?): return TLSFiles(certificate: certificate, key: key)
    case (_?, nil): throw missing(.tlsKey, because: .tlsCertificate)
    case (nil, _?): throw missing(.tlsCertificate, because: .tlsKey)
    }
  }

  private static func jwt(_ settings: Settings) throws(CommandFailure) -> JWTSettings? {
    guard let keys = settings.text(.jwtKeys) else { return nil }
    guard let issuer = settings.text(.jwtIssuer) else { throw missing(.jwtIssuer, because: .jwtKeys) }
    guard let audience = settings.text(.jwtAudience) else { throw missing(.jwtAudience, because: .jwtKeys) }
    return JWTSettings(
      keys: keys, issuer: issuer, audience: audience, clockSkew: settings.duration(.jwtClockSkew),
      roleClaim: settings.required(.jwtRoleClaim), organizationClaim: settings.required(.jwtOrganizationClaim))
  }

  private static func missing(_ key: SettingKey, because other: SettingKey) -> CommandFailure {
    CommandFailure(
      "`\(other.rawValue)` is set and `\(key.rawValue)` is not: they go together (\(key.environmentName)).",
      status: ExitStatus.usage)
  }
}
