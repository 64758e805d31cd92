/// A person who signs in with a password.
package struct User: Sendable, Hashable {
  /// The name by which it signs in and is known: in lower case, no colon, so that no token is called the same.
  package var name: String
  /// The name for people's eyes.
  package var title: String?
  package var role: Role
  /// The one whose work it may see and do; `nil` for all.
  package var organization: String?
  /// Whether somebody else has chosen the password, so that it is to be changed first.
  package var mustChangePassword: Bool
  package var createdAt: Timestamp
  package var createdBy: String
  package var passwordAt: Timestamp
  package var signedInAt: Timestamp?
  package var disabledAt: Timestamp?
  let id: Int64

  static let columns = """
    id, name, title, role, organization, is_temporary, created_at, created_by, password_at, signed_in_at, disabled_at
    """

  init(_ row: SQLRow) {
    id = row.integer(0)!
    name = row.text(1)!
    title = row.text(2)
    // A role that only a newer Nightshift knows gives no more rights than the least.
    role = row.text(3).flatMap(Role.init(rawValue:)) ?? .viewer
    organization = row.text(4)
    mustChangePassword = row.integer(5) != 0
    createdAt = row.timestamp(6)!
    createdBy = row.text(7)!
    passwordAt = row.timestamp(8)!
    signedInAt = row.timestamp(9)
    disabledAt = row.timestamp(10)
  }

  /// Names are used in URLs, logs and rules of checkpoints; addresses of mail are welcome as names.
  static let nameRule = "1 to 100 of a–z, 0–9, '.', '_', '-' and '@', beginning with a letter or digit"

  /// Who is not a person in the audit log, in decisions and in the fields `by`: the program, a caller without an
  /// account, nobody because a time ran out, a name that nobody has, and whoever works on the machine itself.
  private static let reservedNames: Set<String> = ["system", "anonymous", "nobody", "unknown", "root"]

  static func check(name: String) throws(AccountError) {
    let bytes = Array(name.utf8)
    let found = name.truncatedUTF8(to: 40)
    guard (1...100).contains(bytes.count), isWord(bytes[0]),
      bytes.allSatisfy({ isWord($0) || "._-@".utf8.contains($0) })
    else { throw AccountError(.invalid(field: "name"), "must be \(nameRule); got \"\(found)\"") }
    guard !reservedNames.contains(name) else {
      throw AccountError(
        .invalid(field: "name"),
        "must not be \(reservedNames.sorted().joined(separator: ", ")), which would be mistaken for a person; "
          + "got \"\(found)\"")
    }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  /// Long rather than strange (NIST SP 800-63B, 5.1.1.2).
  static func check(password: String, of name: String) throws(AccountError) {
    guard (12...256).contains(password.utf8.count) else {
      throw AccountError(.invalid(field: "password"), "must have 12 to 256 bytes: a few words make a good one")
    }
    guard Set(password.unicodeScalars).count >= 5, !password.lowercased().contains(name) || name.utf8.count < 3 else {
      throw AccountError(.invalid(field: "password"), "must hold at least 5 different characters, and not the name")
    }
  }
}

/// What an administrator changes of a user; `nil` leaves a thing as it is.
package struct UserChange: Sendable {
  package var role: Role?
  /// `.some(nil)` takes the organization away.
  package var organization: String??
  package var title: String??
  package var isDisabled: Bool?

  package init() {}
}
