import Crypto
import Foundation
import Logging
import Synchronization

/// A person's stay in the console, from signing in to signing out.
package struct Session: Sendable, Hashable {
  package var id: Int64
  package var actor: Actor
  /// What the forms of its pages send back: derived from the secret in the cookie, which no other site can read.
  package var csrf: String
  package var mustChangePassword: Bool
  package var expiresAt: Timestamp

  /// A session ends when nobody has used it for so long,
  static let idle = Duration.seconds(12 * 3600)
  /// and at the latest after this time.
  package static let lifetime = Duration.seconds(7 * 86_400)

  static func csrf(of secret: String) -> String {
    let key = SymmetricKey(data: SHA256.hash(data: Data(secret.utf8)))
    let code = HMAC<SHA256>.authenticationCode(for: Data("nightshift csrf".utf8), using: key)
    return Data(code.prefix(24)).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
  }
}

/// A session as lists show it.
package struct SessionSummary: Sendable, Hashable {
  package var id: String
  package var createdAt: Timestamp
  package var usedAt: Timestamp
  package var expiresAt: Timestamp
  package var address: String?
  package var agent: String?
}

extension Engine {
  /// Whose session it is; `nil` if it has ended.
  package func session(_ secret: String) async throws(StoreError) -> Session? {
    let digest = Self.fingerprint(Array(secret.utf8))
    let now = clock.now
    let (known, ticket) = caches.withLock { ($0.callers.session(digest, at: now), $0.callers.ticket) }
    if let known { return known.expiresAt > now ? known : nil }
    let row = try await store.read { transaction in
      try transaction.query(
        """
        SELECT s.id, s.used_at, s.expires_at, u.name, u.role, u.organization, u.is_temporary
        FROM nightshift_sessions s JOIN nightshift_users u ON u.id = s.account
        WHERE s.sha256 = ? AND u.disabled_at IS NULL
        """, [.text(digest)]
      ).first
    }
    guard let row, let role = row.text(4).flatMap(Role.init(rawValue:)), let usedAt = row.timestamp(1),
      let end = row.timestamp(2), end > now, usedAt + Session.idle > now
    else { return nil }
    let session = Session(
      id: row.integer(0)!, actor: Actor(id: row.text(3)!, role: role, organization: row.text(5)),
      csrf: Session.csrf(of: secret), mustChangePassword: row.integer(6) != 0, expiresAt: end)
    caches.withLock { $0.callers.remember(session, as: digest, since: ticket, readAt: now) }
    if now - usedAt >= .seconds(60) { await noteUse(ofSession: session.id, now) }
    return session
  }

  /// At most once a minute, so that looking at a page is not a write.
  private func noteUse(ofSession id: Int64, _ now: Timestamp) async {
    do {
      _ = try await store.write { transaction in
        try transaction.execute(
          "UPDATE nightshift_sessions SET used_at = ? WHERE id = ?", [SQLValue(now), .integer(id)])
      }
    } catch {
      logger.debug("the use of a session could not be noted", metadata: ["error": "\(error)"])
    }
  }

  /// Begins a session, and gives the secret for its cookie. The secret is always new: one that a stranger has put into
  /// the browser beforehand never becomes a session.
  func beginSession(
    of user: User, address: String?, agent: String?, _ transaction: any WriteTransaction, _ id: Int64, _ secret: String,
    at now: Timestamp
  ) throws(StoreError) {
    try transaction.execute(
      """
      INSERT INTO nightshift_sessions(id, sha256, account, created_at, used_at, expires_at, address, agent)
      VALUES(?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        .integer(id), .text(Self.fingerprint(Array(secret.utf8))), .integer(user.id), SQLValue(now), SQLValue(now),
        SQLValue(now + Session.lifetime), SQLValue(address), SQLValue(agent?.truncatedUTF8(to: 200)),
      ])
  }

  /// Ends a session. Ending one that has ended is no error.
  package func endSession(_ secret: String, by actor: Actor) async throws {
    let digest = Self.fingerprint(Array(secret.utf8))
    let now = clock.now
    try await store.write { transaction in
      let count = try transaction.execute("DELETE FROM nightshift_sessions WHERE sha256 = ?", [.text(digest)])
      if count > 0 { try transaction.audit("sign-out", "user \(actor.id)", by: actor, at: now) }
    }
    forgetCallers()
  }

  /// Ends all sessions of a user, and tells how many.
  package func endSessions(of name: String, by actor: Actor) async throws -> Int {
    let now = clock.now
    let count = try await store.write { transaction in
      guard let user = try Self.user(name, transaction) else { throw Self.noSuchUser(name) }
      let count = try transaction.execute(
        "DELETE FROM nightshift_sessions WHERE account = ?", [.integer(user.id)])
      if count > 0 { try transaction.audit("end-sessions", "user \(name)", by: actor, at: now) }
      return count
    }
    forgetCallers()
    return count
  }

  /// The sessions of a user, the newest first.
  package func sessions(of name: String) async throws -> [SessionSummary] {
    let now = clock.now
    let sessions: [SessionSummary]? = try await store.read { transaction in
      guard let user = try Self.user(name, transaction) else { return nil }
      return try transaction.query(
        """
        SELECT id, created_at, used_at, expires_at, address, agent FROM nightshift_sessions
        WHERE account = ? AND expires_at > ? ORDER BY id DESC LIMIT 200
        """, [.integer(user.id), SQLValue(now)]
      ).map { row in
        SessionSummary(
          id: Identifier.text(row.integer(0)!, prefix: "ses"), createdAt: row.timestamp(1)!, usedAt: row.timestamp(2)!,
          expiresAt: row.timestamp(3)!, address: row.text(4), agent: row.text(5))
      }
    }
    guard let sessions else { throw Self.noSuchUser(name) }
    return sessions
  }
}

extension Pruner {
  /// Deletes what ended sessions and forgotten failures to sign in have left behind.
  func pruneSessions(_ now: Timestamp) async throws {
    let forgotten = now - SignInThrottle.memory
    let isNeeded = try await engine.store.read { transaction in
      try !transaction.query(
        """
        SELECT 1 WHERE EXISTS(SELECT 1 FROM nightshift_sessions WHERE expires_at <= ?)
          OR EXISTS(SELECT 1 FROM nightshift_sign_in_failures WHERE last_at <= ?)
        """, [SQLValue(now), SQLValue(forgotten)]
      ).isEmpty
    }
    guard isNeeded else { return }
    try await engine.store.write { transaction in
      try transaction.execute("DELETE FROM nightshift_sessions WHERE expires_at <= ?", [SQLValue(now)])
      try transaction.execute("DELETE FROM nightshift_sign_in_failures WHERE last_at <= ?", [SQLValue(forgotten)])
    }
  }
}
