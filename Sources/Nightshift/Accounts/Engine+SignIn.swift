/// How many wrong passwords are let pass, and for how long nobody is heard after them.
struct SignInThrottle: Sendable {
  /// A failure is forgotten after this time without another.
  static let memory = Duration.seconds(3600)
  private static let (shortest, longest) = (Duration.seconds(60), Duration.seconds(3600))

  /// What failures are counted of.
  let subject: String
  /// So many may fail before the first wait.
  let allowance: Int

  /// Three at once: a person's slips from one place, one guesser of many names, and many places that guess one name. The
  /// last is lenient, or a stranger could keep people out by failing under their names.
  static func all(name: String, address: String?) -> [SignInThrottle] {
    let place = address.map(network) ?? "unknown"
    return [
      SignInThrottle(subject: "pair:\(name)|\(place)", allowance: 5),
      SignInThrottle(subject: "place:\(place)", allowance: 20),
      SignInThrottle(subject: "name:\(name)", allowance: 100),
    ]
  }

  /// An IPv6 address by its /64, which is what one customer has.
  static func network(of address: String) -> String {
    guard address.contains(":"), !address.hasPrefix("::ffff:") else { return address }
    return address.split(separator: ":", omittingEmptySubsequences: false).prefix(4).joined(separator: ":") + "::/64"
  }

  /// Until when nobody is heard after so many failures; each further one doubles the wait.
  func lock(after failures: Int, at now: Timestamp) -> Timestamp? {
    guard failures >= allowance else { return nil }
    return now + min(Self.longest, Self.shortest * (1 << min(failures - allowance, 10)))
  }
}

extension Engine {
  /// Lets somebody in who knows the password.
  ///
  /// - Returns: The secret for the session's cookie.
  /// - Throws: ``AccountError``: `wrongPassword`, `locked` or `overloaded`.
  package func signIn(
    _ name: String, password: String, address: String?, agent: String?
  ) async throws -> String {
    let name = name.lowercased()
    let throttles = SignInThrottle.all(name: name, address: address)
    try await checkLock(throttles)
    let (user, stored) = try await store.read { transaction in
      let row = try transaction.query(
        "SELECT \(User.columns), password FROM nightshift_users WHERE name = ?", [.text(name)]
      ).first
      return (row.map(User.init), row?.text(11))
    }
    let isRight = try await isRight(password, stored)
    guard let user, isRight, user.disabledAt == nil else {
      try await noteFailure(throttles, name: user?.name, address: address)
      throw AccountError(.wrongPassword, "The name or the password is wrong.")
    }
    return try await begin(user, throttles, address: address, agent: agent)
  }

  /// Takes as long for a name that nobody has as for one that somebody has.
  private func isRight(_ password: String, _ stored: String?) async throws -> Bool {
    guard password.utf8.count <= 256 else { return false }
    let cost = configuration.passwordCost
    return try await passwords.hash {
      guard let hash = stored.flatMap(PasswordHash.init) else {
        _ = try PasswordHash(password, cost: cost)
        return false
      }
      return try hash.matches(password)
    }
  }

  private func checkLock(_ throttles: [SignInThrottle]) async throws {
    let now = clock.now
    let locked = try await store.read { transaction in
      try transaction.query(
        """
        SELECT max(locked_until) FROM nightshift_sign_in_failures
        WHERE subject IN (\(throttles.map { _ in "?" }.joined(separator: ", ")))
        """, throttles.map { .text($0.subject) }
      ).first?.timestamp(0)
    }
    guard let locked, locked > now else { return }
    throw AccountError(
      .locked(until: locked), "Too many attempts have failed. Wait for \((locked - now).rounded.text), then try again.")
  }

  private func noteFailure(_ throttles: [SignInThrottle], name: String?, address: String?) async throws {
    let now = clock.now
    try await store.write { transaction in
      for throttle in throttles {
        try transaction.takeTurns(on: "nightshift sign-in \(throttle.subject)")
        let row = try transaction.query(
          "SELECT failures, last_at FROM nightshift_sign_in_failures WHERE subject = ?", [.text(throttle.subject)]
        ).first
        let isRecent = row?.timestamp(1).map { now - $0 < SignInThrottle.memory } ?? false
        let failures = isRecent ? Int(row?.integer(0) ?? 0) + 1 : 1
        try transaction.execute(
          """
          INSERT INTO nightshift_sign_in_failures(subject, failures, last_at, locked_until) VALUES(?, ?, ?, ?)
          ON CONFLICT(subject) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at,
            locked_until = excluded.locked_until
          """,
          [
            .text(throttle.subject), SQLValue(failures), SQLValue(now),
            SQLValue(throttle.lock(after: failures, at: now)),
          ])
      }
      // What was typed as a name is not written down: people type passwords there.
      let nobody = Actor(id: name ?? "unknown", role: .viewer, address: address)
      try transaction.audit("sign-in-failed", name.map { "user \($0)" } ?? "unknown user", by: nobody, at: now)
    }
  }

  private func begin(
    _ user: User, _ throttles: [SignInThrottle], address: String?, agent: String?
  ) async throws -> String {
    let secret = Self.makeSecret(prefix: "nss_")
    let (id, now) = (makeID().rawValue, clock.now)
    try await store.write { transaction in
      // Between the look at the password and now somebody may have disabled the account.
      guard let current = try Self.user(user.name, transaction), current.disabledAt == nil,
        current.passwordAt == user.passwordAt
      else { throw AccountError(.wrongPassword, "The name or the password is wrong.") }
      try self.beginSession(of: current, address: address, agent: agent, transaction, id, secret, at: now)
      try transaction.execute(
        "UPDATE nightshift_users SET signed_in_at = ? WHERE name = ?", [SQLValue(now), .text(user.name)])
      try transaction.execute(
        "DELETE FROM nightshift_sign_in_failures WHERE subject = ?", [.text(throttles[0].subject)])
      let actor = Actor(id: user.name, role: user.role, address: address)
      try transaction.audit("sign-in", "user \(user.name)", by: actor, at: now)
    }
    return secret
  }

  /// Changes one's own password.
  ///
  /// - Throws: ``AccountError`` with `wrongPassword` if `old` is not the present one.
  package func changePassword(
    of name: String, from old: String, to new: String, keeping session: Int64?, by actor: Actor
  ) async throws {
    let throttles = SignInThrottle.all(name: name, address: actor.address)
    try await checkLock(throttles)
    let stored = try await store.read { transaction in
      try transaction.query("SELECT password FROM nightshift_users WHERE name = ?", [.text(name)]).first?.text(0)
    }
    guard try await isRight(old, stored) else {
      try await noteFailure(throttles, name: name, address: actor.address)
      throw AccountError(.wrongPassword, "The present password is wrong.")
    }
    guard old != new else {
      throw AccountError(.invalid(field: "password"), "must differ from the present one")
    }
    _ = try await setPassword(of: name, to: new, keeping: session, by: actor)
  }
}

extension Duration {
  /// Without fractions of a second, upwards.
  fileprivate var rounded: Duration { .seconds(components.seconds + (components.attoseconds > 0 ? 1 : 0)) }
}
