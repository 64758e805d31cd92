import Crypto
import Foundation
import Logging
import Synchronization

extension Engine {
  /// Makes a token for the API. The secret is shown this once: only its hash is kept.
  ///
  /// - Throws: ``AccountError``, `forbidden` if it might do more or would live longer than the one who makes it.
  package func createToken(
    name: String, role: Role, expiresAt: Timestamp?, organization: String? = nil, scopes: Set<TokenScope>? = nil,
    by actor: Actor
  ) async throws -> (TokenSummary, secret: String) {
    try TokenSummary.check(name: name)
    let token = TokenSummary(
      id: Identifier.text(makeID().rawValue, prefix: "tok"), name: name, role: role, organization: organization,
      scopes: scopes, createdAt: clock.now, createdBy: actor.id, expiresAt: expiresAt)
    try actor.checkGrant(of: token)
    return try await makeToken(token, by: actor) { transaction in
      try Self.check(organization: organization, transaction)
      let taken = try transaction.query(
        "SELECT 1 FROM nightshift_tokens WHERE name = ? AND revoked_at IS NULL", [.text(name)])
      guard !taken.isEmpty else {
        try Self.checkHeritage(of: token, transaction)
        return true
      }
      throw StoreError(.conflict, "There is a token called \"\(name)\" already. Revoke it first, or use another name.")
    }!
  }

  /// A member sees the jobs that bear its name: those of a token that was revoked are not for the next one.
  private static func checkHeritage(of token: TokenSummary, _ transaction: any ReadTransaction) throws {
    guard token.role == .member else { return }
    let jobs = try transaction.query(
      "SELECT 1 FROM nightshift_payloads WHERE owner = ? LIMIT 1", [.text(Actor.tokenPrefix + token.name)])
    guard !jobs.isEmpty else { return }
    throw AccountError(
      .conflict,
      "There are still jobs of a former token \"\(token.name)\", and a new member of that name would see them. Use "
        + "another name, or discard those jobs first: `GET /api/jobs?owner=token:\(token.name)` lists them.")
  }

  /// - Parameter isWanted: Asked within the transaction, and while no other process makes a token.
  /// - Returns: `nil` if it was not wanted.
  private func makeToken(
    _ token: TokenSummary, by actor: Actor, if isWanted: @escaping @Sendable (any WriteTransaction) throws -> Bool
  ) async throws -> (TokenSummary, secret: String)? {
    let secret = Self.makeSecret(prefix: "nst_")
    let digest = Self.fingerprint(Array(secret.utf8))
    let isMade = try await store.write { transaction in
      try transaction.takeTurns(on: "nightshift tokens")
      guard try isWanted(transaction) else { return false }
      try transaction.execute(
        """
        INSERT INTO nightshift_tokens(id, name, sha256, role, created_at, created_by, expires_at, scopes, organization)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          SQLValue(Identifier.parse(token.id, prefix: "tok")), .text(token.name), .text(digest),
          .text(token.role.rawValue), SQLValue(token.createdAt), .text(actor.id), SQLValue(token.expiresAt),
          SQLValue(token.scopes?.map(\.description).sorted().joined(separator: " ")), SQLValue(token.organization),
        ])
      let change = AuditedChange(from: nil, to: token.rights)
      try transaction.audit(
        "create-token", "token \(token.name)", by: actor, at: token.createdAt, detail: change.detail(and: token.rights))
      return true
    }
    return isMade ? (token, secret) : nil
  }

  /// 32 random bytes, with a prefix by which a leaked one is recognised.
  static func makeSecret(prefix: String) -> String {
    let key = SymmetricKey(size: .bits256)
    let text = key.withUnsafeBytes { Data($0) }.base64EncodedString()
    return prefix + text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// All tokens, the newest first.
  package func tokens() async throws(StoreError) -> [TokenSummary] {
    try await store.read { transaction in
      try transaction.query(
        "SELECT \(Self.tokenColumns) FROM nightshift_tokens ORDER BY id DESC"
      ).map(Self.token)
    }
  }

  private static let tokenColumns =
    "id, name, role, created_at, created_by, expires_at, last_used_at, revoked_at, organization, scopes"

  private static func token(_ row: SQLRow) -> TokenSummary {
    TokenSummary(
      id: Identifier.text(row.integer(0)!, prefix: "tok"), name: row.text(1)!,
      role: row.text(2).flatMap(Role.init(rawValue:)) ?? .viewer, organization: row.text(8),
      scopes: row.text(9).map(scopes), createdAt: row.timestamp(3)!, createdBy: row.text(4)!,
      expiresAt: row.timestamp(5), lastUsedAt: row.timestamp(6), revokedAt: row.timestamp(7))
  }

  /// The one in force that has this id or name.
  private static func token(
    _ id: Int64?, _ name: String, _ transaction: any ReadTransaction
  ) throws(StoreError) -> TokenSummary? {
    try transaction.query(
      "SELECT \(tokenColumns) FROM nightshift_tokens WHERE revoked_at IS NULL AND (id = ? OR name = ?)",
      [SQLValue(id), .text(name)]
    ).first.map(token)
  }

  /// One that only a newer Nightshift knows gives no rights.
  private static func scopes(_ text: String) -> Set<TokenScope> {
    Set(text.split(separator: " ").compactMap { TokenScope(String($0)) })
  }

  /// Ends a token, named by its id or name. `false` if there is none that is in force.
  package func revokeToken(_ idOrName: String, by actor: Actor) async throws -> Bool {
    let now = clock.now
    let id = Identifier.parse(idOrName, prefix: "tok")
    let revoked = try await store.write { transaction in
      try Self.keepAnAdmin(besides: id, idOrName, transaction)
      let former = try Self.token(id, idOrName, transaction)
      let count = try transaction.execute(
        "UPDATE nightshift_tokens SET revoked_at = ? WHERE revoked_at IS NULL AND (id = ? OR name = ?)",
        [SQLValue(now), SQLValue(id), .text(idOrName)])
      if count > 0 {
        try transaction.audit(
          "revoke-token", "token \(idOrName)", by: actor, at: now,
          detail: AuditedChange(from: former?.rights, to: nil).detail(and: former.map { ["name": .string($0.name)] }))
      }
      return count > 0
    }
    forgetCallers()
    return revoked
  }

  /// Without an admin's token nobody could make another one.
  private static func keepAnAdmin(
    besides id: Int64?, _ name: String, _ transaction: any WriteTransaction
  ) throws {
    let admins = try transaction.query(
      "SELECT id, name FROM nightshift_tokens WHERE role = 'admin' AND revoked_at IS NULL AND expires_at IS NULL AND scopes IS NULL"
    )
    let others = admins.filter { $0.integer(0) != id && $0.text(1) != name }
    guard others.isEmpty, !admins.isEmpty else { return }
    throw AccountError(
      .conflict, "\"\(name)\" is the last admin token: without it nobody could make another. Create one first.")
  }

  /// Who presents this secret; `nil` if it is not in force. Looked up once in a few seconds, and anew as soon as anybody
  /// has changed something.
  package func authenticate(_ secret: String) async throws(StoreError) -> Actor? {
    // The hash is compared by the index: its timing says nothing about a secret of 256 random bits.
    let digest = Self.fingerprint(Array(secret.utf8))
    let now = clock.now
    let (known, ticket) = caches.withLock { ($0.callers.token(digest, at: now), $0.callers.ticket) }
    if let known { return known.expiresAt.map { $0 > now } ?? true ? known : nil }
    let row = try await store.read { transaction in
      try transaction.query(
        """
        SELECT name, role, expires_at, id, organization, scopes, last_used_at FROM nightshift_tokens
        WHERE sha256 = ? AND revoked_at IS NULL
        """, [.text(digest)]
      ).first
    }
    guard let row, let role = row.text(1).flatMap(Role.init(rawValue:)) else { return nil }
    let actor = Actor(
      id: "token:\(row.text(0)!)", role: role, organization: row.text(4), scopes: row.text(5).map(Self.scopes),
      expiresAt: row.timestamp(2))
    guard actor.expiresAt.map({ $0 > now }) ?? true else { return nil }
    caches.withLock { $0.callers.remember(actor, as: digest, since: ticket, readAt: now) }
    if row.timestamp(6).map({ now - $0 >= .seconds(60) }) ?? true { await noteUse(of: row.integer(3)!, now) }
    return actor
  }

  /// At most once a minute, so that a request is not a write.
  private func noteUse(of id: Int64, _ now: Timestamp) async {
    do {
      _ = try await store.write { transaction in
        try transaction.execute(
          "UPDATE nightshift_tokens SET last_used_at = ? WHERE id = ? AND coalesce(last_used_at, 0) < ?",
          [SQLValue(now), .integer(id), SQLValue(now - .seconds(60))])
      }
    } catch {
      logger.debug("the use of a token could not be noted", metadata: ["error": "\(error)"])
    }
  }

  /// Makes the store's admin token, if it has none in force; the secret, when this call made it. Of several servers
  /// that start at the same moment on an empty store one makes it.
  package func ensureAdminToken() async throws -> String? {
    let hasAdmin = "SELECT 1 FROM nightshift_tokens WHERE role = 'admin' AND revoked_at IS NULL LIMIT 1"
    guard try await store.read({ try $0.query(hasAdmin) }).isEmpty else { return nil }
    let token = TokenSummary(
      id: Identifier.text(makeID().rawValue, prefix: "tok"), name: "admin", role: .admin, createdAt: clock.now,
      createdBy: Actor.system.id)
    return try await makeToken(token, by: .system) { try $0.query(hasAdmin).isEmpty }?.secret
  }
}

extension TokenSummary {
  /// Names stand in logs, in the audit log and in rules of checkpoints.
  static let nameRule = "1 to 100 of a–z, A–Z, 0–9, '.', '_', '-' and '@', beginning with a letter or digit"

  static func check(name: String) throws(AccountError) {
    let bytes = Array(name.utf8)
    func isWord(_ byte: UInt8) -> Bool {
      let letter = byte | 0x20
      return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
    guard (1...100).contains(bytes.count), isWord(bytes[0]),
      bytes.allSatisfy({ isWord($0) || "._-@".utf8.contains($0) })
    else {
      // What cannot be seen is written out.
      let found = name.truncatedUTF8(to: 40).unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
      throw AccountError(.invalid(field: "name"), "must be \(nameRule); got \"\(found)\"")
    }
  }

  /// What the audit log keeps of it.
  fileprivate var rights: JSONValue {
    .fields([
      "role": .string(role.rawValue), "organization": organization.map(JSONValue.string),
      "scopes": scopes.map { .array($0.map(\.description).sorted().map(JSONValue.string)) },
      "expiresAt": expiresAt.map { .string($0.rfc3339) },
    ])
  }
}
