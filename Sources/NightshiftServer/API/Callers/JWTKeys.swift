import Crypto
import CryptoExtras
import Foundation
import Nightshift

/// How a token is signed. There is no `none`.
enum JWTAlgorithm: String, Sendable, CaseIterable { case hs256 = "HS256", rs256 = "RS256", es256 = "ES256" }

/// One key of a JWKS file (RFC 7517), which is good for one algorithm: a token cannot have a public RSA key taken for
/// the secret of an HMAC.
struct JWTKey: Sendable {
  private enum Material: Sendable {
    case secret(SymmetricKey)
    case rsa(_RSA.Signing.PublicKey)
    case curve(P256.Signing.PublicKey)
  }

  let id: String?
  let algorithm: JWTAlgorithm
  private let material: Material

  /// - Throws: ``ServerError`` that names what is wrong, and no part of the key.
  init(_ json: JSONValue) throws(ServerError) {
    id = json["kid"]?.stringValue
    let name = id.map { "The key \"\($0.truncatedUTF8(to: 80))\"" } ?? "A key without `kid`"
    func bytes(_ field: String) throws(ServerError) -> [UInt8] {
      guard let bytes = json[field]?.stringValue.flatMap(JWT.decode), !bytes.isEmpty else {
        throw ServerError("\(name) lacks `\(field)`, in base64url.")
      }
      return bytes
    }
    switch (json["kty"]?.stringValue, json["crv"]?.stringValue) {
    case ("oct", _):
      let secret = try bytes("k")
      guard secret.count >= 32 else { throw ServerError("\(name) is too short for HS256: it takes 32 bytes or more.") }
      (algorithm, material) = (.hs256, .secret(SymmetricKey(data: secret)))
    case ("RSA", _):
      let (modulus, exponent) = (try bytes("n"), try bytes("e"))
      // Less than 2048 bits are refused there too; why, is nobody's business.
      guard let key = try? _RSA.Signing.PublicKey(n: modulus, e: exponent) else {
        throw ServerError("\(name) is no RSA key of 2048 bits or more.")
      }
      (algorithm, material) = (.rs256, .rsa(key))
    case ("EC", "P-256"):
      let point = try bytes("x") + bytes("y")
      guard point.count == 64, let key = try? P256.Signing.PublicKey(x963Representation: [4] + point) else {
        throw ServerError("\(name) is no point of P-256.")  // what CryptoKit says would not help more
      }
      (algorithm, material) = (.es256, .curve(key))
    default:
      throw ServerError("\(name) has a `kty` that is not known: known are oct, RSA and EC with `crv` P-256.")
    }
    if let named = json["alg"]?.stringValue, named != algorithm.rawValue {
      throw ServerError("\(name) is for \(algorithm.rawValue), and its `alg` says \(named.truncatedUTF8(to: 20)).")
    }
    if let use = json["use"]?.stringValue, use != "sig" { throw ServerError("\(name) is not for signatures (`use`).") }
  }

  func signed(_ message: [UInt8], _ signature: [UInt8]) -> Bool {
    switch material {
    case .secret(let key):
      HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: message, using: key)
    case .rsa(let key):
      key.isValidSignature(
        _RSA.Signing.RSASignature(rawRepresentation: signature), for: SHA256.hash(data: message),
        padding: .insecurePKCS1v1_5)
    case .curve(let key):
      // One of another length is no signature.
      (try? P256.Signing.ECDSASignature(rawRepresentation: signature)).map {
        key.isValidSignature($0, for: SHA256.hash(data: message))
      } ?? false
    }
  }

  /// All keys of a file.
  static func read(_ path: String) throws(ServerError) -> [JWTKey] {
    guard let data = FileManager.default.contents(atPath: path), data.count <= 1 << 20 else {
      throw ServerError("The file of keys \(path) cannot be read. It is a JWKS: {\"keys\": [...]}.")
    }
    // What is no JSON has no keys.
    guard let items = (try? JSONValue(parsing: data))?["keys"]?.arrayValue, (1...100).contains(items.count) else {
      throw ServerError("The file of keys \(path) is no JWKS with 1 to 100 keys: {\"keys\": [...]}.")
    }
    do {
      return try items.map { item throws(ServerError) in try JWTKey(item) }
    } catch {
      throw ServerError("\(path): \(error)")
    }
  }
}
