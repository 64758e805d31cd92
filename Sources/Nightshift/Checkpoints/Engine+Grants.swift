/// The name of an answer that was given beforehand: `grt_` and 13 characters.
package struct GrantID: Hashable, Sendable, CustomStringConvertible {
  package let rawValue: Int64

  package init(rawValue: Int64) { self.rawValue = rawValue }

  package init?(_ text: String) {
    guard let rawValue = Identifier.parse(text, prefix: "grt") else { return nil }
    self.rawValue = rawValue
  }

  package var description: String { Identifier.text(rawValue, prefix: "grt") }
}

/// What a reviewer has allowed beforehand, with "remember this".
package struct Grant: Sendable {
  package var id: GrantID
  package var kind: String
  /// The name of the question.
  package var key: String
  /// The only job that it counts for; `nil` for any of the kind.
  package var job: JobID?
  /// The only data that it counts for; `nil` for whatever data.
  package var digest: String?
  package var risk: String
  package var expiresAt: Timestamp?
  /// The question that was answered.
  package var checkpoint: CheckpointID
  package var grantedBy: String
  package var role: String
  package var createdAt: Timestamp
  /// The one whose jobs it counts for; `nil` for those of none.
  package var organization: String?

  package var scope: Verdict.Remember.Scope { job != nil ? .job : digest != nil ? .arguments : .kind }

  fileprivate static let columns = """
    g.id, g.kind, g.key, g.job, g.digest, g.risk, g.expires_at, g.checkpoint, g.granted_by, g.role, g.created_at,
    g.organization
    """

  fileprivate init(_ row: SQLRow) {
    id = GrantID(rawValue: row.integer(0)!)
    kind = row.text(1)!
    key = row.text(2)!
    job = row.job(3)
    digest = row.text(4)
    risk = row.text(5)!
    expiresAt = row.timestamp(6)
    checkpoint = CheckpointID(rawValue: row.integer(7)!)
    grantedBy = row.text(8)!
    role = row.text(9)!
    createdAt = row.timestamp(10)!
    organization = row.text(11)
  }
}

extension Engine {
  /// The answers given beforehand that are in force and within somebody's reach, newest first.
  package func grants(
    before id: GrantID? = nil, limit: Int = 50, for actor: Actor = .system
  ) async throws(StoreError) -> (grants: [Grant], next: GrantID?) {
    let now = clock.now
    let (condition, values) = Grant.within(reachOf: actor)
    let found = try await store.read { transaction throws(StoreError) in
      guard try transaction.hasTables(of: Migration.ownedGrants.step) else { return [Grant]() }
      // One for a single job is over with the job.
      return try transaction.query(
        """
        SELECT \(Grant.columns) FROM nightshift_grants g LEFT JOIN nightshift_jobs j ON j.id = g.job
        WHERE g.id < ? AND (g.expires_at IS NULL OR g.expires_at > ?) AND (g.job IS NULL OR j.state < 5)
          AND \(condition) ORDER BY g.id DESC LIMIT ?
        """, [.integer(id?.rawValue ?? .max), SQLValue(now)] + values + [SQLValue(limit + 1)]
      ).map { Grant($0) }
    }
    let page = Array(found.prefix(limit))
    return (page, found.count > limit ? page.last?.id : nil)
  }

  /// Ends an answer given beforehand: from now on people are asked again. What it has approved stays approved.
  ///
  /// - Returns: What was revoked; `nil` if there is none with this id within reach.
  /// - Throws: ``CheckpointError`` unless somebody may who could decide, or has given it.
  package func revokeGrant(_ id: GrantID, by actor: Actor) async throws -> Grant? {
    let now = clock.now
    let (condition, values) = Grant.within(reachOf: actor)
    return try await store.write { transaction in
      guard try transaction.hasTables(of: Migration.ownedGrants.step) else { return nil }
      let rows = try transaction.query(
        "SELECT \(Grant.columns) FROM nightshift_grants g WHERE g.id = ? AND \(condition)",
        [.integer(id.rawValue)] + values)
      guard let grant = rows.first.map({ Grant($0) }) else { return nil }
      guard actor.role >= .approver || actor.isCalled(grant.grantedBy) else {
        throw CheckpointError.notAllowed(
          "\(actor.id) (\(actor.role.rawValue)) may not revoke this; an approver may, and \(grant.grantedBy).")
      }
      // Of two that revoke it at once the second finds nothing.
      let deleted = try transaction.execute("DELETE FROM nightshift_grants WHERE id = ?", [.integer(id.rawValue)])
      guard deleted == 1 else { return nil }
      try transaction.audit(
        "revoke-grant", "grant \(id)", by: actor, at: now,
        detail: [
          "kind": .string(grant.kind), "key": .string(grant.key), "scope": .string(grant.scope.rawValue),
          "by": .string(grant.grantedBy),
        ])
      return grant
    }
  }
}

extension Grant {
  /// Which of them somebody may see: those for the jobs of its organization; a member those for jobs of its own, and what
  /// it has given itself.
  fileprivate static func within(reachOf actor: Actor) -> (condition: String, values: [SQLValue]) {
    var conditions: [String] = []
    var values: [SQLValue] = []
    if let organization = actor.reach.organization {
      conditions.append("g.organization = ?")
      values.append(.text(organization))
    }
    if let owner = actor.reach.owner {
      conditions.append(
        """
        (g.granted_by = ? OR EXISTS (
          SELECT 1 FROM nightshift_payloads p WHERE p.id = g.job AND p.owner = ?))
        """)
      values += [.text(owner), .text(owner)]
    }
    return (conditions.isEmpty ? "1 = 1" : conditions.joined(separator: " AND "), values)
  }
}
