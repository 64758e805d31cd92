import Crypto
import Foundation
import Synchronization

extension Engine {
  /// All users, by name.
  package func users() async throws(StoreError) -> [User] {
    try await store.read { transaction in
      try transaction.query("SELECT \(User.columns) FROM nightshift_users ORDER BY name").map(User.init)
    }
  }

  package func user(_ name: String) async throws(StoreError) -> User? {
    try await store.read { try Self.user(name, $0) }
  }

  static func user(_ name: String, _ transaction: any ReadTransaction) throws(StoreError) -> User? {
    try transaction.query("SELECT \(User.columns) FROM nightshift_users WHERE name = ?", [.text(name)])
      .first.map(User.init)
  }

  /// Adds a user.
  ///
  /// - Parameter password: `nil` makes one, which is to be changed at the first sign-in.
  /// - Returns: The password that was made; `nil` if it was given.
  /// - Throws: ``AccountError``.
  package func addUser(
    _ name: String, role: Role, title: String? = nil, organization: String? = nil, password: String? = nil,
    by actor: Actor
  ) async throws -> String? {
    try actor.checkGrantToPeople(organization: organization)
    try User.check(name: name)
    try DisplayedText.check(title, field: "title")
    if let password { try User.check(password: password, of: name) }
    let made = password == nil ? Self.makePassword() : nil
    let hash = try await hash(password ?? made!)
    try await insert(name, role, title, organization, hash, isTemporary: made != nil, by: actor) { _ in true }
    return made
  }

  /// - Parameter isWanted: Asked within the transaction, while no other process adds a user.
  @discardableResult
  private func insert(
    _ name: String, _ role: Role, _ title: String?, _ organization: String?, _ hash: String, isTemporary: Bool,
    by actor: Actor, if isWanted: @escaping @Sendable (any WriteTransaction) throws -> Bool
  ) async throws -> Bool {
    let (id, now) = (makeID().rawValue, clock.now)
    return try await store.write { transaction in
      try transaction.takeTurns(on: "nightshift accounts")
      guard try isWanted(transaction) else { return false }
      guard try Self.user(name, transaction) == nil else {
        throw AccountError(.conflict, "There is a user \"\(name)\" already.")
      }
      try Self.check(organization: organization, transaction)
      try transaction.execute(
        """
        INSERT INTO nightshift_users(id, name, title, role, organization, password, is_temporary, created_at, created_by,
          password_at)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          .integer(id), .text(name), SQLValue(title), .text(role.rawValue), SQLValue(organization), .text(hash),
          SQLValue(isTemporary ? 1 : 0), SQLValue(now), .text(actor.id), SQLValue(now),
        ])
      try transaction.audit(
        "add-user", "user \(name)", by: actor, at: now,
        detail: .fields(["role": .string(role.rawValue), "organization": organization.map(JSONValue.string)]))
      return true
    }
  }

  /// Makes the first user, `admin`, in a store that has none; its password, when this call made it.
  package func ensureAdminUser() async throws -> (name: String, password: String)? {
    let anybody = "SELECT 1 FROM nightshift_users LIMIT 1"
    guard try await store.read({ try $0.query(anybody) }).isEmpty else { return nil }
    let password = Self.makePassword()
    let hash = try await hash(password)
    let isMade = try await insert("admin", .admin, nil, nil, hash, isTemporary: false, by: .system) { transaction in
      try transaction.query(anybody).isEmpty
    }
    return isMade ? ("admin", password) : nil
  }

  /// Changes what a user is and may do. Its sessions go on, with the new rights; those of a disabled one end.
  package func changeUser(_ name: String, _ change: UserChange, by actor: Actor) async throws -> User {
    try DisplayedText.check(change.title ?? nil, field: "title")
    let now = clock.now
    let user = try await store.write { transaction in
      try transaction.takeTurns(on: "nightshift accounts")
      guard let before = try Self.user(name, transaction) else { throw Self.noSuchUser(name) }
      var after = before
      after.role = change.role ?? before.role
      if let title = change.title { after.title = title }
      if let organization = change.organization { after.organization = organization }
      if let isDisabled = change.isDisabled {
        after.disabledAt = isDisabled ? before.disabledAt ?? now : nil
      }
      guard after != before else { return before }
      // Another title, or an account that is switched off, lets nobody do more.
      if after.role != before.role || after.organization != before.organization
        || after.disabledAt == nil && before.disabledAt != nil
      {
        try actor.checkGrantToPeople(organization: after.organization)
      }
      if after.organization != before.organization { try Self.check(organization: after.organization, transaction) }
      if after.role != .admin || after.disabledAt != nil || after.organization != nil {
        try Self.keepAnAdmin(besides: before, transaction)
      }
      try transaction.execute(
        "UPDATE nightshift_users SET role = ?, title = ?, organization = ?, disabled_at = ? WHERE name = ?",
        [
          .text(after.role.rawValue), SQLValue(after.title), SQLValue(after.organization), SQLValue(after.disabledAt),
          .text(name),
        ])
      if after.disabledAt != nil { try Self.endSessions(of: before, transaction) }
      try transaction.audit(
        "change-user", "user \(name)", by: actor, at: now,
        detail: ["before": before.rights, "after": after.rights])
      return after
    }
    forgetCallers()
    return user
  }

  /// Sets a password, and ends all sessions of the user but one.
  ///
  /// - Parameters:
  ///   - password: `nil` makes one, which is to be changed at the next sign-in.
  ///   - session: The one that stays.
  /// - Returns: The password that was made; `nil` if it was given.
  package func setPassword(
    of name: String, to password: String?, keeping session: Int64? = nil, by actor: Actor
  ) async throws -> String? {
    try actor.checkGrantToPeople(organization: actor.organization)
    if let password { try User.check(password: password, of: name) }
    let made = password == nil ? Self.makePassword() : nil
    let hash = try await hash(password ?? made!)
    let now = clock.now
    // One that was made stands in somebody's terminal. Whoever gives one itself is trusted to know what it does.
    let isTemporary = made != nil
    try await store.write { transaction in
      guard let user = try Self.user(name, transaction) else { throw Self.noSuchUser(name) }
      try transaction.execute(
        "UPDATE nightshift_users SET password = ?, is_temporary = ?, password_at = ? WHERE name = ?",
        [.text(hash), SQLValue(isTemporary ? 1 : 0), SQLValue(now), .text(name)])
      try transaction.execute(
        "DELETE FROM nightshift_sessions WHERE account = ? AND id <> ?", [.integer(user.id), .integer(session ?? 0)])
      try transaction.audit("set-password", "user \(name)", by: actor, at: now)
    }
    forgetCallers()
    return made
  }

  /// Removes a user for good. What it did stays in the audit log under its name, so disabling is the better choice
  /// where the name may be given to somebody else.
  package func removeUser(_ name: String, by actor: Actor) async throws {
    let now = clock.now
    try await store.write { transaction in
      try transaction.takeTurns(on: "nightshift accounts")
      guard let user = try Self.user(name, transaction) else { throw Self.noSuchUser(name) }
      try Self.keepAnAdmin(besides: user, transaction)
      try Self.endSessions(of: user, transaction)
      try transaction.execute("DELETE FROM nightshift_users WHERE name = ?", [.text(name)])
      let change = AuditedChange(from: user.rights, to: nil)
      try transaction.audit("remove-user", "user \(name)", by: actor, at: now, detail: change.detail())
    }
    forgetCallers()
  }

  static func endSessions(of user: User, _ transaction: any WriteTransaction) throws(StoreError) {
    try transaction.execute("DELETE FROM nightshift_sessions WHERE account = ?", [.integer(user.id)])
  }

  /// Without one nobody could manage users in the console.
  private static func keepAnAdmin(besides user: User, _ transaction: any ReadTransaction) throws {
    guard user.role == .admin, user.disabledAt == nil, user.organization == nil else { return }
    let others = try transaction.query(
      """
      SELECT 1 FROM nightshift_users
      WHERE role = 'admin' AND disabled_at IS NULL AND organization IS NULL AND name <> ? LIMIT 1
      """, [.text(user.name)])
    guard others.isEmpty else { return }
    throw AccountError(
      .conflict, "\"\(user.name)\" is the last administrator of all organizations. Add another one first.")
  }

  static func noSuchUser(_ name: String) -> AccountError {
    AccountError(.missing, "There is no user \"\(name.truncatedUTF8(to: 40))\".")
  }

  func hash(_ password: String) async throws -> String {
    let cost = configuration.passwordCost
    return try await passwords.hash { try PasswordHash(password, cost: cost).text }
  }

  /// 100 random bits in letters that cannot be mistaken for each other, in groups that can be read aloud.
  static func makePassword() -> String {
    let letters = Array("abcdefghjkmnpqrstvwxyz23456789ABCDEFGH".prefix(32))
    let bytes = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0.prefix(20)) }
    let text = bytes.map { letters[Int($0 & 31)] }
    return stride(from: 0, to: 20, by: 5).map { String(text[$0..<($0 + 5)]) }.joined(separator: "-")
  }
}

extension User {
  /// What the audit log keeps of it.
  fileprivate var rights: JSONValue {
    .fields([
      "role": .string(role.rawValue), "organization": organization.map(JSONValue.string),
      "title": title.map(JSONValue.string), "disabled": .bool(disabledAt != nil),
    ])
  }
}
