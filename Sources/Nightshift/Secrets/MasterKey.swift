import Crypto
import Foundation

/// The key under which the values of secrets are encrypted.
public struct MasterKey: Sendable {
  /// Tells keys apart, and says nothing about the key.
  public let id: String
  let key: SymmetricKey

  /// 32 random bytes in base64, as `openssl rand -base64 32` makes them.
  ///
  /// - Throws: ``SecretError`` if it is anything else.
  public init(base64 text: String) throws(SecretError) {
    guard let data = Data(base64Encoded: text.trimmingCharacters(in: .whitespacesAndNewlines)), data.count == 32 else {
      // Never the text itself: it is a key with a slip in it, most likely.
      throw SecretError(
        .badKey, "A master key is 32 random bytes in base64 (44 characters): `openssl rand -base64 32` makes one.")
    }
    self.init(data)
  }

  private init(_ data: Data) {
    key = SymmetricKey(data: data)
    id = Array(SHA256.hash(data: Data("nightshift master key".utf8) + data).prefix(8)).hexadecimal
  }

  /// A new one.
  package static func random() -> (key: MasterKey, base64: String) {
    let data = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
    return (MasterKey(data), data.base64EncodedString())
  }

  /// Several, with commas, spaces or line ends between: the first one encrypts, the others only decrypt.
  package static func list(_ text: String) throws(SecretError) -> [MasterKey] {
    var keys: [MasterKey] = []
    for part in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
      keys.append(try MasterKey(base64: String(part)))
    }
    guard !keys.isEmpty, keys.count <= 10 else {
      throw SecretError(.badKey, "There must be 1 to 10 master keys, each of 32 random bytes in base64.")
    }
    return keys
  }

  // MARK: Values

  /// A fresh nonce, the encrypted value and its tag. Bound to its name and version: a value that is copied to another
  /// row of the database, or an old one that is put back, does not open.
  func seal(_ value: String, name: String, version: Int64) throws -> [UInt8] {
    let box = try AES.GCM.seal(Data(value.utf8), using: key, authenticating: Self.bond(name, version))
    // With the nonce of 12 bytes, which it has chosen, there always is a combined form.
    return Array(box.combined!)
  }

  /// - Throws: What CryptoKit throws when the key is another one, or the bytes, the name or the version are.
  func open(_ bytes: [UInt8], name: String, version: Int64) throws -> String {
    let box = try AES.GCM.SealedBox(combined: bytes)
    return String(decoding: try AES.GCM.open(box, using: key, authenticating: Self.bond(name, version)), as: UTF8.self)
  }

  private static func bond(_ name: String, _ version: Int64) -> Data {
    Data("nightshift secret \(version) \(name)".utf8)
  }
}
