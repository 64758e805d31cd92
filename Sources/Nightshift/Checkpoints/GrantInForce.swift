extension Migration {
  /// Whose jobs an answer given beforehand counts for, and who has given it.
  static let ownedGrants = Migration(
    module: "core", number: 13, name: "grants of organizations",
    statements: [
      // Nobody has written down for whose jobs these were meant: people are asked once more.
      "DELETE FROM nightshift_grants",
      "ALTER TABLE nightshift_grants ADD COLUMN organization {text}",
      // The user or token; `NULL` for whoever has no row: the program, the command line on the store, a subject of an
      // identity provider.
      "ALTER TABLE nightshift_grants ADD COLUMN account {int}",
    ])
}

/// The question that an answer given beforehand is looked for.
struct AskedBeforehand: Sendable {
  var job: JobID
  var kind: String
  /// The name of the question.
  var key: String
  var risk: String
  var digest: String
  var reviewers: CheckpointPolicy.Group

  /// Whoever has allowed it and may decide it alone to this day.
  ///
  /// What was allowed counts for jobs of the same organization, and as long as whoever allowed it is let in and may do
  /// so: with the role and organization of today, not of then.
  func granter(at now: Timestamp, _ transaction: any ReadTransaction) throws(StoreError) -> Actor? {
    guard try transaction.hasTables(of: Migration.ownedGrants.step) else { return nil }
    let excluded = reviewers.excludesRequester ? try transaction.requesters(of: job) : []
    let rows = try transaction.query(
      """
      SELECT g.granted_by, coalesce(u.role, t.role, g.role) FROM nightshift_grants g
      JOIN nightshift_payloads p ON p.id = ?
      LEFT JOIN nightshift_users u ON u.id = g.account LEFT JOIN nightshift_tokens t ON t.id = g.account
      WHERE g.kind = ? AND g.key = ? AND g.risk = ? AND coalesce(g.organization, '') = coalesce(p.organization, '')
        AND (g.expires_at IS NULL OR g.expires_at > ?) AND (g.job IS NULL OR g.job = p.id)
        AND (g.digest IS NULL OR g.digest = ?)
        AND (g.account IS NULL
          OR (u.id IS NOT NULL AND u.disabled_at IS NULL
            AND coalesce(u.organization, p.organization, '') = coalesce(p.organization, ''))
          OR (t.id IS NOT NULL AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > ?)
            AND coalesce(t.organization, p.organization, '') = coalesce(p.organization, '')))
      ORDER BY g.id LIMIT 100
      """,
      [SQLValue(job), .text(kind), .text(key), .text(risk), SQLValue(now), .text(digest), SQLValue(now)])
    for row in rows {
      let actor = Actor(id: row.text(0)!, role: row.text(1).flatMap(Role.init(rawValue:)) ?? .viewer)
      // Whoever may only look decides nothing, even where a question names it.
      if actor.role > .viewer, reviewers.allows(actor), !excluded.contains(where: actor.isCalled) { return actor }
    }
    return nil
  }
}

extension StoreSession {
  /// Writes down that a reviewer has allowed the same beforehand, for jobs of the organization of this one.
  func remember(
    _ id: GrantID, _ remember: Verdict.Remember, _ checkpoint: Checkpoint, by actor: Actor, at now: Timestamp
  ) throws(StoreError) {
    guard try hasTaken(Migration.ownedGrants.step) else {
      throw StoreError(
        .wrongVersion,
        "The database cannot say yet for whose jobs an answer is to be remembered. Run `nightshift db migrate`, then "
          + "try again.")
    }
    // Here, where one is added, since none is read for its end.
    try execute("DELETE FROM nightshift_grants WHERE expires_at <= ?", [SQLValue(now)])
    try execute(
      """
      INSERT INTO nightshift_grants(
        id, kind, key, job, digest, risk, expires_at, checkpoint, granted_by, role, created_at, organization, account)
      VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT organization FROM nightshift_payloads WHERE id = ?), ?)
      """,
      [
        .integer(id.rawValue), .text(checkpoint.kind), .text(StepName.base(of: checkpoint.key)),
        remember.scope == .job ? SQLValue(checkpoint.job) : .null,
        remember.scope == .arguments ? .text(checkpoint.digest) : .null, .text(checkpoint.risk),
        SQLValue(remember.until), .integer(checkpoint.id.rawValue), .text(actor.id), .text(actor.role.rawValue),
        SQLValue(now), SQLValue(checkpoint.job), SQLValue(try account(of: actor)),
      ])
  }

  /// The row of a user or of a token in force; `nil` for whoever has none.
  private func account(of actor: Actor) throws(StoreError) -> Int64? {
    if let token = actor.tokenName {
      return try query("SELECT id FROM nightshift_tokens WHERE name = ? AND revoked_at IS NULL", [.text(token)])
        .first?.integer(0)
    }
    return try query("SELECT id FROM nightshift_users WHERE name = ?", [.text(actor.id)]).first?.integer(0)
  }
}

extension Actor {
  static let tokenPrefix = "token:"
  /// What stands before the name of somebody whom an identity provider vouches for, and who has no account here.
  package static let identityProviderPrefix = "jwt:"

  var isOfIdentityProvider: Bool { id.hasPrefix(Self.identityProviderPrefix) }

  /// The name of the token that this is; `nil` if it is none.
  var tokenName: String? { id.hasPrefix(Self.tokenPrefix) ? String(id.dropFirst(Self.tokenPrefix.count)) : nil }
}
