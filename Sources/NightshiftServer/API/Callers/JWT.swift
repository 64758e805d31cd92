import Foundation
import Nightshift

/// A JSON Web Token in its compact form (RFC 7519, RFC 7515).
struct JWT: Sendable {
  /// Longer ones have no business in a header.
  private static let limit = 8_192

  let algorithm: JWTAlgorithm
  let keyID: String?
  let claims: JSONValue
  let message: [UInt8]
  let signature: [UInt8]

  /// Whether a bearer token may be one; our own look different.
  static func isOne(_ text: String) -> Bool { text.hasPrefix("ey") && text.utf8.count(where: { $0 == 0x2E }) == 2 }

  /// `nil` for whatever is not quite one: a caller is not told how to mend a forgery.
  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard text.utf8.count <= Self.limit, parts.count == 3, let head = Self.decode(String(parts[0])),
      let body = Self.decode(String(parts[1])), let signature = Self.decode(String(parts[2])), !signature.isEmpty,
      // What does not parse is none.
      let header = try? JSONValue(parsing: head), let claims = try? JSONValue(parsing: body),
      claims.objectValue != nil, let algorithm = header["alg"]?.stringValue.flatMap(JWTAlgorithm.init(rawValue:)),
      // An extension that must be understood, and is not (RFC 7515, 4.1.11).
      header["crit"] == nil
    else { return nil }
    self.algorithm = algorithm
    keyID = header["kid"]?.stringValue
    self.claims = claims
    self.signature = signature
    message = Array("\(parts[0]).\(parts[1])".utf8)
  }

  /// Base64url without padding, and nothing else.
  static func decode(_ text: String) -> [UInt8]? {
    let isPlain = text.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D
        || byte == 0x5F
    }
    guard isPlain else { return nil }
    let padded = text.replacing("-", with: "+").replacing("_", with: "/")
    let missing = (4 - padded.utf8.count % 4) % 4
    return Data(base64Encoded: padded + String(repeating: "=", count: missing)).map { Array($0) }
  }
}
