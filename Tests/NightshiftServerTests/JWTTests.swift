import Crypto
import CryptoExtras
import Foundation
import HTTPTypes
import Logging
import Nightshift
import NightshiftTesting
import Testing

@testable import NightshiftServer

/// Somebody who issues tokens, and a file with the keys.
private final class Issuer: Sendable {
  let path = FileManager.default.temporaryDirectory.appending(path: "jwks-\(UUID().uuidString).json").path
  let secret = SymmetricKey(size: .bits256)
  let rsa: _RSA.Signing.PrivateKey
  let curve = P256.Signing.PrivateKey()

  init() throws {
    rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    try write()
  }

  deinit { unlink(path) }

  var modulus: [UInt8] {
    get throws { Array(try rsa.publicKey.getKeyPrimitives().modulus) }
  }

  func write(curveID: String = "c") throws {
    let primitives = try rsa.publicKey.getKeyPrimitives()
    let point = Array(curve.publicKey.x963Representation.dropFirst())
    let keys: JSONValue = [
      "keys": [
        ["kty": "oct", "kid": "s", "k": .string(Self.encode(secret.withUnsafeBytes { Array($0) }))],
        [
          "kty": "RSA", "kid": "r", "alg": "RS256", "n": .string(Self.encode(Array(primitives.modulus))),
          "e": .string(Self.encode(Array(primitives.publicExponent))),
        ],
        [
          "kty": "EC", "crv": "P-256", "kid": .string(curveID), "x": .string(Self.encode(Array(point.prefix(32)))),
          "y": .string(Self.encode(Array(point.suffix(32)))),
        ],
      ]
    ]
    try Data(keys.serialized()).write(to: URL(filePath: path))
  }

  static func encode(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  func token(
    _ algorithm: String, _ claims: JSONValue, header: JSONValue = [:], sign: ((Data) throws -> [UInt8])? = nil
  ) throws -> String {
    var head = header.objectValue ?? [:]
    head["alg"] = .string(algorithm)
    let message = Self.encode(JSONValue.object(head).serialized()) + "." + Self.encode(claims.serialized())
    return message + "." + Self.encode(try (sign ?? signature(algorithm))(Data(message.utf8)))
  }

  private func signature(_ algorithm: String) -> (Data) throws -> [UInt8] {
    { [secret, rsa, curve] message in
      switch algorithm {
      case "HS256": Array(HMAC<SHA256>.authenticationCode(for: message, using: secret))
      case "RS256":
        Array(try rsa.signature(for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5).rawRepresentation)
      case "ES256": Array(try curve.signature(for: SHA256.hash(data: message)).rawRepresentation)
      default: []
      }
    }
  }
}

@Suite struct `Tokens of an identity provider` {
  private let issuer: Issuer
  private let clock = TestClock()
  private let settings: JWTSettings

  init() throws {
    issuer = try Issuer()
    settings = JWTSettings(keys: issuer.path, issuer: "https://id.example", audience: "nightshift")
  }

  private func claims(_ change: (inout [String: JSONValue]) -> Void = { _ in }) -> JSONValue {
    let now = clock.now.microseconds / 1_000_000
    var claims: [String: JSONValue] = [
      "iss": "https://id.example", "aud": "nightshift", "sub": "anna", "role": "operator", "exp": .integer(now + 600),
    ]
    change(&claims)
    return .object(claims)
  }

  private func verifier() throws -> JWTVerifier {
    try JWTVerifier(settings, clock: clock, logger: .init(label: "test"))
  }

  @Test(arguments: ["HS256", "RS256", "ES256"])
  func `say who somebody is, with which role and for whom`(_ algorithm: String) throws {
    let verifier = try verifier()
    let token = try issuer.token(algorithm, claims { $0["organization"] = "acme" })
    #expect(JWT.isOne(token))
    #expect(verifier.actor(token) == Actor(id: "jwt:anna", role: .operator, organization: "acme"))
    var bytes = Array(token.utf8)
    bytes[bytes.count - 20] ^= 1
    #expect(verifier.actor(String(decoding: bytes, as: UTF8.self)) == nil)
    let parts = token.split(separator: ".")
    let other = Issuer.encode(claims { $0["role"] = "admin" }.serialized())
    #expect(verifier.actor("\(parts[0]).\(other).\(parts[2])") == nil)
  }

  @Test func `are refused without a signature, or with one that was made by what is public`() throws {
    let verifier = try verifier()
    for name in ["none", "None", "NONE", "HS512", ""] {
      #expect(verifier.actor(try issuer.token(name, claims())) == nil, "\(name)")
    }
    let unsigned = try issuer.token("none", claims())
    #expect(verifier.actor(String(unsigned.dropLast(unsigned.hasSuffix(".") ? 0 : 1))) == nil)
    // The public key taken for the secret of an HMAC.
    let modulus = SymmetricKey(data: try issuer.modulus)
    for header in [["kid": "r"], [:]] as [JSONValue] {
      let forged = try issuer.token("HS256", claims(), header: header) { message in
        Array(HMAC<SHA256>.authenticationCode(for: message, using: modulus))
      }
      #expect(verifier.actor(forged) == nil)
    }
    // A key of its own in the header is not asked for.
    let mine = P256.Signing.PrivateKey()
    let own = try issuer.token("ES256", claims(), header: ["jwk": ["kty": "EC"], "jku": "https://evil.example"]) {
      message in
      Array(try mine.signature(for: SHA256.hash(data: message)).rawRepresentation)
    }
    #expect(verifier.actor(own) == nil)
    #expect(verifier.actor(try issuer.token("ES256", claims(), header: ["kid": "r"])) == nil)
    #expect(verifier.actor(try issuer.token("ES256", claims(), header: ["crit": ["exp"]])) == nil)
  }

  @Test func `are refused that are not for us, not in force, or do not say who`() throws {
    let verifier = try verifier()
    let now = clock.now.microseconds / 1_000_000
    let changes: [(String, JSONValue?)] = [
      ("iss", "https://evil.example"), ("iss", nil), ("aud", "other"), ("aud", nil), ("aud", ["other"]), ("exp", nil),
      ("exp", .integer(now - 61)), ("exp", "tomorrow"), ("nbf", .integer(now + 61)), ("nbf", "now"),
      ("iat", .integer(now + 61)), ("sub", nil), ("sub", ""), ("sub", "a\nb"), ("sub", "a\u{85}b"),
      ("sub", "anna\u{202E}"), ("sub", " anna"), ("sub", "anna\u{A0}"), ("role", nil), ("role", "root"),
      ("role", ["admin"]), ("organization", 7), ("organization", ""), ("organization", ["acme"]),
      ("organization", "ac\0me"), ("organization", "acme\u{200F}"), ("organization", " acme"),
    ]
    for (name, value) in changes {
      #expect(verifier.actor(try issuer.token("ES256", claims { $0[name] = value })) == nil, "\(name)")
    }
    for (name, value) in [("exp", now - 59), ("nbf", now + 59), ("iat", now + 59)] {
      #expect(verifier.actor(try issuer.token("ES256", claims { $0[name] = .integer(value) })) != nil, "\(name)")
    }
    #expect(verifier.actor(try issuer.token("ES256", claims { $0["aud"] = ["x", "nightshift"] })) != nil)
    for text in ["", "ey..", "a.b.c", "ey.ey.ey.ey", "eyJ9.e30.", String(repeating: "e", count: 9_000)] {
      #expect(verifier.actor(text) == nil)
    }
  }

  @Test func `follow the file of keys`() throws {
    let verifier = try verifier()
    let named = try issuer.token("ES256", claims { $0["exp"] = 99_999_999_999 }, header: ["kid": "c2"])
    #expect(verifier.actor(named) == nil)
    try issuer.write(curveID: "c2")
    clock.advance(by: .seconds(6))
    #expect(verifier.actor(named) != nil)
    try Data("{".utf8).write(to: URL(filePath: issuer.path))
    clock.advance(by: .seconds(6))
    #expect(verifier.actor(named) != nil, "the old ones stay")
  }

  @Test(arguments: [
    "", "{}", #"{"keys": []}"#, #"{"keys": [{"kty": "oct", "k": "c2hvcnQ"}]}"#, #"{"keys": [{"kty": "RSA"}]}"#,
    #"{"keys": [{"kty": "EC", "crv": "P-384"}]}"#, #"{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}"#,
  ])
  func `need a file with keys that can be used`(_ text: String) throws {
    try Data(text.utf8).write(to: URL(filePath: issuer.path))
    #expect(throws: ServerError.self) { try verifier() }
  }

  @Test func `come in through the same gate as our own`() async throws {
    var options = ServerOptions()
    options.jwt = settings
    let (issuer, viewer) = (issuer, claims { $0["role"] = "viewer" })
    let member = claims { $0["role"] = "member" }
    try await TestAPI.run(worker: false, options: options, clock: clock) { test in
      func call(_ claims: JSONValue, _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil) async throws
        -> TestAnswer
      {
        let headers: HTTPFields = [.authorization: "Bearer \(try issuer.token("ES256", claims))"]
        return try await test.call(method, path, as: nil, headers: headers, body: body)
      }
      #expect(try await call(viewer, .get, "/api/me").json["id"] == "jwt:anna")
      #expect(try await call(viewer, .post, "/api/jobs", #"{"kind": "echo"}"#).status == 403)
      #expect(try await call(member, .post, "/api/jobs", #"{"kind": "echo"}"#).status == 202)
      #expect(try await call(member, .get, "/api/jobs").json["jobs"]?.arrayValue?.count == 1)
      #expect(try await test.call(.get, "/api/me").status == 200, "our own tokens are good all the same")
      let answer = try await test.call(.get, "/api/me", as: nil, headers: [.authorization: "Bearer eyJ.e30.x"])
      #expect(answer.status == 401)
    }
  }
}
