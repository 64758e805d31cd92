import Crypto
import CryptoExtras
import Foundation
import Synchronization

/// What of a password is kept: scrypt (RFC 7914) with a salt of its own, written as
/// `$scrypt$ln=15,r=8,p=1$SALT$HASH` (the PHC string format, unpadded base64).
struct PasswordHash: Sendable, Hashable {
  /// How dear one guess is: the base-2 logarithm of scrypt's rounds. 15 takes 32 MiB and about 100 ms.
  var cost: Int
  var salt: [UInt8]
  var hash: [UInt8]

  private static let (blockSize, parallelism, size) = (8, 1, 32)

  /// Hashes a password. Takes a tenth of a second and much memory: call it through ``PasswordGate`` only.
  init(_ password: String, cost: Int, salt: [UInt8]? = nil) throws {
    let salt = salt ?? SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) }
    // Normalised, so that a password with accents is the same from each keyboard (RFC 8265, 4.2.2).
    let bytes = Data(password.precomposedStringWithCanonicalMapping.utf8)
    let key = try KDF.Scrypt.deriveKey(
      from: bytes, salt: salt, outputByteCount: Self.size, rounds: 1 << cost, blockSize: Self.blockSize,
      parallelism: Self.parallelism)
    self.cost = cost
    self.salt = salt
    hash = key.withUnsafeBytes { Array($0) }
  }

  /// Reads what ``text`` wrote; `nil` for anything else.
  init?(_ text: String) {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
    let settings = parts[2].split(separator: ",")
    guard settings.count == 3, settings[0].hasPrefix("ln="), settings[1] == "r=8", settings[2] == "p=1",
      let cost = Int(settings[0].dropFirst(3)), (1...20).contains(cost),
      let salt = Data(base64Encoded: Self.padded(parts[3])), let hash = Data(base64Encoded: Self.padded(parts[4])),
      hash.count == Self.size
    else { return nil }
    self.cost = cost
    self.salt = Array(salt)
    self.hash = Array(hash)
  }

  var text: String {
    "$scrypt$ln=\(cost),r=\(Self.blockSize),p=\(Self.parallelism)$\(Self.base64(salt))$\(Self.base64(hash))"
  }

  /// Whether it is the same password, found out in the same time whatever differs.
  func matches(_ password: String) throws -> Bool {
    let other = try PasswordHash(password, cost: cost, salt: salt)
    return zip(hash, other.hash).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString().replacing("=", with: "")
  }

  private static func padded(_ text: Substring) -> String {
    text + String(repeating: "=", count: (4 - text.count % 4) % 4)
  }
}

/// Hashes passwords one after the other on a thread of its own: the cooperative pool is for what does not block, and
/// whoever tries many passwords must not take all cores and memory.
final class PasswordGate: Sendable {
  /// More than these wait for some seconds: they are sent away instead.
  private static let mostWaiting = 32

  private let queue = DispatchQueue(label: "nightshift.passwords")
  private let waiting = Mutex(0)

  /// - Throws: ``AccountError/overloaded`` if too many wait already.
  func hash<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    let isAdmitted = waiting.withLock { waiting in
      guard waiting < Self.mostWaiting else { return false }
      waiting += 1
      return true
    }
    guard isAdmitted else { throw AccountError(.overloaded, "Too many people are signing in at this moment.") }
    defer { waiting.withLock { $0 -= 1 } }
    return try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result { try work() }) }
    }
  }
}
