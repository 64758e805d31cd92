/// A secret as lists show it: without its value.
package struct SecretSummary: Sendable, Hashable {
  package var name: String
  /// Counted from 1; each new value is one more.
  package var version: Int64
  /// The master key that opens it.
  package var keyID: String
  package var createdAt: Timestamp
  package var createdBy: String
  package var updatedAt: Timestamp
  package var updatedBy: String
  /// When a job has asked for it last, to about a minute.
  package var usedAt: Timestamp?

  static let columns = "name, version, key_id, created_at, created_by, updated_at, updated_by, used_at"

  init(_ row: SQLRow) {
    name = row.text(0)!
    version = row.integer(1)!
    keyID = row.text(2)!
    createdAt = row.timestamp(3)!
    createdBy = row.text(4)!
    updatedAt = row.timestamp(5)!
    updatedBy = row.text(6)!
    usedAt = row.timestamp(7)
  }
}

/// What a secret may be called, and hold.
package enum SecretRule {
  package static let name = "1 to 64 of a–z, 0–9, '.', '_' and '-', beginning with a letter"
  package static let value = "UTF-8 text of 1 to 65536 bytes without the character 0"

  package static func isName(_ text: String) -> Bool {
    guard (1...64).contains(text.utf8.count), ("a"..."z").contains(text.first!) else { return false }
    return text.utf8.allSatisfy { byte in
      (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || [0x2E, 0x5F, 0x2D].contains(byte)
    }
  }

  static func check(name: String, value: String) throws(SecretError) {
    guard isName(name) else {
      throw SecretError(.invalid(field: "name"), "must be \(Self.name); got \"\(name.truncatedUTF8(to: 80))\"")
    }
    guard (1...65_536).contains(value.utf8.count), !value.utf8.contains(0) else {
      throw SecretError(.invalid(field: "value"), "must be \(Self.value)")
    }
  }
}
