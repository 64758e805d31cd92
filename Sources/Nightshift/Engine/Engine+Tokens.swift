import Crypto
import Foundation
import Logging
import Synchronization

extension Engine {
  /// Makes a token for the API. The secret is shown this once: only its hash is kept.
  package func createToken(
    name: String, role: Role, expiresAt: Timestamp?, by actor: Actor
  ) async throws -> (TokenSummary, secret: String) {
    try await makeToken(name: name, role: role, expiresAt: expiresAt, by: actor) { transaction throws(StoreError) in
      let taken = try transaction.query(
        "SELECT 1 FROM nightshift_tokens WHERE name = ? AND revoked_at IS NULL", [.text(name)])
      guard !taken.isEmpty else { return true }
      throw StoreError(.conflict, "There is a token called \"\(name)\" already. Revoke it first, or use another name.")
    }!
  }

  /// - Parameter isWanted: Asked within the transaction, and while no other process makes a token.
  /// - Returns: `nil` if it was not wanted.
  private func makeToken(
    name: String, role: Role, expiresAt: Timestamp?, by actor: Actor,
    if isWanted: @escaping @Sendable (any WriteTransaction) throws(StoreError) -> Bool
  ) async throws -> (TokenSummary, secret: String)? {
    let secret = Self.makeSecret()
    let digest = Self.fingerprint(Array(secret.utf8))
    let (id, now) = (makeID().rawValue, clock.now)
    let isMade = try await store.write { transaction in
      try transaction.takeTurns(on: "nightshift tokens")
      guard try isWanted(transaction) else { return false }
      try transaction.execute(
        """
        INSERT INTO nightshift_tokens(id, name, sha256, role, created_at, created_by, expires_at)
        VALUES(?, ?, ?, ?, ?, ?, ?)
        """,
        [
          .integer(id), .text(name), .text(digest), .text(role.rawValue), SQLValue(now), .text(actor.id),
          SQLValue(expiresAt),
        ])
      try transaction.audit(
        "create-token", "token \(name)", by: actor, at: now, detail: ["role": .string(role.rawValue)])
      return true
    }
    guard isMade else { return nil }
    let summary = TokenSummary(
      id: Identifier.text(id, prefix: "tok"), name: name, role: role, createdAt: now, createdBy: actor.id,
      expiresAt: expiresAt, lastUsedAt: nil, revokedAt: nil)
    return (summary, secret)
  }

  /// 32 random bytes, with a prefix by which a leaked one is recognised.
  private static func makeSecret() -> String {
    let key = SymmetricKey(size: .bits256)
    let text = key.withUnsafeBytes { Data($0) }.base64EncodedString()
    return "nst_" + text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// All tokens, the newest first.
  package func tokens() async throws(StoreError) -> [TokenSummary] {
    try await store.read { transaction in
      try transaction.query(
        """
        SELECT id, name, role, created_at, created_by, expires_at, last_used_at, revoked_at FROM nightshift_tokens
        ORDER BY id DESC
        """
      ).map { row in
        TokenSummary(
          id: Identifier.text(row.integer(0)!, prefix: "tok"), name: row.text(1)!,
          role: row.text(2).flatMap(Role.init(rawValue:)) ?? .viewer, createdAt: row.timestamp(3)!,
          createdBy: row.text(4)!, expiresAt: row.timestamp(5), lastUsedAt: row.timestamp(6),
          revokedAt: row.timestamp(7))
      }
    }
  }

  /// Ends a token, named by its id or name. `false` if there is none that is in force.
  package func revokeToken(_ idOrName: String, by actor: Actor) async throws -> Bool {
    let now = clock.now
    let id = Identifier.parse(idOrName, prefix: "tok")
    let revoked = try await store.write { transaction in
      try Self.keepAnAdmin(besides: id, idOrName, transaction)
      let count = try transaction.execute(
        "UPDATE nightshift_tokens SET revoked_at = ? WHERE revoked_at IS NULL AND (id = ? OR name = ?)",
        [SQLValue(now), SQLValue(id), .text(idOrName)])
      if count > 0 { try transaction.audit("revoke-token", "token \(idOrName)", by: actor, at: now) }
      return count > 0
    }
    caches.withLock { $0.tokens.removeAll() }
    return revoked
  }

  /// Without an admin's token nobody could make another one.
  private static func keepAnAdmin(
    besides id: Int64?, _ name: String, _ transaction: any WriteTransaction
  ) throws(StoreError) {
    let admins = try transaction.query(
      "SELECT id, name FROM nightshift_tokens WHERE role = 'admin' AND revoked_at IS NULL AND expires_at IS NULL")
    let others = admins.filter { $0.integer(0) != id && $0.text(1) != name }
    guard others.isEmpty, !admins.isEmpty else { return }
    throw StoreError(
      .conflict, "\"\(name)\" is the last admin token: without it nobody could make another. Create one first.")
  }

  /// Who presents this secret; `nil` if it is not in force. Looked up once, until anything in the store changes hands.
  package func authenticate(_ secret: String) async throws(StoreError) -> Actor? {
    // The hash is compared by the index: its timing says nothing about a secret of 256 random bits.
    let digest = Self.fingerprint(Array(secret.utf8))
    let now = clock.now
    if let known = caches.withLock({ $0.tokens[digest] }) {
      return known.expiresAt.map { $0 > now } ?? true ? known.actor : nil
    }
    let row = try await store.read { transaction in
      try transaction.query(
        "SELECT name, role, expires_at, id FROM nightshift_tokens WHERE sha256 = ? AND revoked_at IS NULL",
        [.text(digest)]
      ).first
    }
    guard let row, let role = row.text(1).flatMap(Role.init(rawValue:)) else { return nil }
    let token = CachedToken(actor: Actor(id: "token:\(row.text(0)!)", role: role), expiresAt: row.timestamp(2))
    guard token.expiresAt.map({ $0 > now }) ?? true else { return nil }
    caches.withLock { $0.tokens[digest] = token }
    await noteUse(of: row.integer(3)!, now)
    return token.actor
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
    return try await makeToken(name: "admin", role: .admin, expiresAt: nil, by: .system) {
      transaction throws(StoreError) in try transaction.query(hasAdmin).isEmpty
    }?.secret
  }
}
