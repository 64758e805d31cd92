import Foundation
import Logging
import Nightshift
import Synchronization

/// Whose tokens are believed, and what in them says who somebody is.
package struct JWTSettings: Sendable, Hashable {
  /// A JWKS file.
  package var keys: String
  package var issuer: String
  package var audience: String
  /// How much the clocks may differ.
  package var clockSkew: Duration
  package var roleClaim: String
  package var organizationClaim: String

  package init(
    keys: String, issuer: String, audience: String, clockSkew: Duration = .seconds(60), roleClaim: String = "role",
    organizationClaim: String = "organization"
  ) {
    self.keys = keys
    self.issuer = issuer
    self.audience = audience
    self.clockSkew = clockSkew
    self.roleClaim = roleClaim
    self.organizationClaim = organizationClaim
  }
}

/// Lets callers in whose identity somebody else vouches for.
final class JWTVerifier: Sendable {
  /// How often the file of keys is looked at.
  private static let interval: Int64 = 5_000_000_000

  private struct State {
    var keys: [JWTKey]
    var stamp: [Int]
    var lookedAt: Int64
  }

  private let settings: JWTSettings
  private let clock: any WallClock
  private let logger: Logger
  private let state: Mutex<State>

  /// - Throws: ``ServerError`` if the keys cannot be read.
  init(_ settings: JWTSettings, clock: any WallClock, logger: Logger) throws(ServerError) {
    self.settings = settings
    self.clock = clock
    self.logger = logger
    state = Mutex(
      State(keys: try JWTKey.read(settings.keys), stamp: FileStamp.of([settings.keys]), lookedAt: clock.monotonic))
  }

  /// Who presents the token; `nil` if it is not to be believed, or does not say who and with which role.
  func actor(_ text: String) -> Actor? {
    guard let token = JWT(text), isSigned(token), isInForce(token.claims) else { return nil }
    let claims = token.claims
    guard let subject = claims["sub"]?.stringValue, Self.isName(subject),
      let role = claims[settings.roleClaim]?.stringValue.flatMap(Role.init(rawValue:))
    else { return nil }
    var actor = Actor(id: Actor.identityProviderPrefix + subject, role: role)
    // One that is there and is no text must not be read as "all organizations".
    if let organization = claims[settings.organizationClaim], organization != .null {
      guard let name = organization.stringValue, Self.isName(name) else { return nil }
      actor.organization = name
    }
    return actor
  }

  /// What stands in the audit log, in lists and beside jobs must not pass for another name there.
  private static func isName(_ text: String) -> Bool {
    (1...200).contains(text.utf8.count) && DisplayedText.isValid(text) && text.first?.isWhitespace == false
      && text.last?.isWhitespace == false
  }

  private func isSigned(_ token: JWT) -> Bool {
    keys().contains { key in
      // The key says how it is used, not the token; and a token that names its key means that one.
      key.algorithm == token.algorithm && (token.keyID == nil || key.id == nil || key.id == token.keyID)
        && key.signed(token.message, token.signature)
    }
  }

  private func isInForce(_ claims: JSONValue) -> Bool {
    let (now, skew) = (clock.now.date.timeIntervalSince1970, settings.clockSkew.seconds)
    guard claims["iss"]?.stringValue == settings.issuer, isForUs(claims["aud"]) else { return false }
    guard let end = Self.moment(claims["exp"]), end + skew > now else { return false }
    for name in ["nbf", "iat"] {
      guard let claim = claims[name] else { continue }
      guard let begin = Self.moment(claim), begin - skew <= now else { return false }
    }
    return true
  }

  private func isForUs(_ audience: JSONValue?) -> Bool {
    switch audience {
    case .string(let name): name == settings.audience
    case .array(let names): names.contains(.string(settings.audience))
    default: false
    }
  }

  private static func moment(_ value: JSONValue?) -> Double? {
    switch value {
    case .integer(let seconds): Double(seconds)
    case .number(let seconds): seconds
    default: nil
    }
  }

  /// The keys as the file has them now, or a few seconds ago.
  private func keys() -> [JWTKey] {
    state.withLock { state in
      let now = clock.monotonic
      guard now - state.lookedAt >= Self.interval else { return state.keys }
      state.lookedAt = now
      let stamp = FileStamp.of([settings.keys])
      guard stamp != state.stamp else { return state.keys }
      do throws(ServerError) {
        state.keys = try JWTKey.read(settings.keys)
        state.stamp = stamp
        logger.notice("the keys for JWT were read again", metadata: ["file": "\(settings.keys)"])
      } catch {
        // It may be half written: the next look is soon.
        logger.warning("the keys for JWT cannot be read; the old ones stay", metadata: ["error": "\(error)"])
      }
      return state.keys
    }
  }
}

/// What changes when somebody writes files.
enum FileStamp {
  static func of(_ paths: [String]) -> [Int] {
    paths.flatMap { path -> [Int] in
      var status = stat()
      guard stat(path, &status) == 0 else { return [-1] }
      return [Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec), Int(status.st_size), Int(status.st_ino)]
    }
  }
}
