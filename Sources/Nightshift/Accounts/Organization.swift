/// Whose work it is. People and tokens that belong to one see and touch its jobs only.
package struct Organization: Sendable, Hashable {
  package var name: String
  package var title: String?
  package var createdAt: Timestamp
  package var createdBy: String
  package var users: Int
}

extension Engine {
  /// All organizations, by name.
  package func organizations() async throws(StoreError) -> [Organization] {
    try await store.read { transaction in
      try transaction.query(
        """
        SELECT o.name, o.title, o.created_at, o.created_by,
          (SELECT count(*) FROM nightshift_users u WHERE u.organization = o.name)
        FROM nightshift_organizations o ORDER BY o.name
        """
      ).map { row in
        Organization(
          name: row.text(0)!, title: row.text(1), createdAt: row.timestamp(2)!, createdBy: row.text(3)!,
          users: Int(row.integer(4) ?? 0))
      }
    }
  }

  /// Adds an organization.
  package func addOrganization(_ name: String, title: String?, by actor: Actor) async throws {
    guard ValidatedName.isValid(name) else {
      throw AccountError(
        .invalid(field: "name"), "must be \(ValidatedName.rule); got \"\(name.truncatedUTF8(to: 40))\"")
    }
    let now = clock.now
    try await store.write { transaction in
      try transaction.takeTurns(on: "nightshift accounts")
      let known = try transaction.query("SELECT 1 FROM nightshift_organizations WHERE name = ?", [.text(name)])
      guard known.isEmpty else {
        throw AccountError(.conflict, "There is an organization \"\(name)\" already.")
      }
      try transaction.execute(
        "INSERT INTO nightshift_organizations(name, title, created_at, created_by) VALUES(?, ?, ?, ?)",
        [.text(name), SQLValue(title), SQLValue(now), .text(actor.id)])
      let change = AuditedChange(from: nil, to: Self.audited(title: title))
      try transaction.audit("add-organization", "organization \(name)", by: actor, at: now, detail: change.detail())
    }
  }

  private static func audited(title: String?) -> JSONValue { .fields(["title": title.map(JSONValue.string)]) }

  /// Removes an organization that no user and no valid token belongs to. Its jobs stay.
  package func removeOrganization(_ name: String, by actor: Actor) async throws {
    let now = clock.now
    try await store.write { transaction in
      try transaction.takeTurns(on: "nightshift accounts")
      let users = try transaction.query(
        """
        SELECT name FROM nightshift_users WHERE organization = ?
        UNION ALL SELECT name FROM nightshift_tokens WHERE organization = ? AND revoked_at IS NULL LIMIT 1
        """, [.text(name), .text(name)])
      if let user = users.first?.text(0) {
        throw AccountError(
          .conflict, "\"\(user)\" belongs to the organization \"\(name)\". Move or remove its users and tokens first.")
      }
      let former = try transaction.query("SELECT title FROM nightshift_organizations WHERE name = ?", [.text(name)])
      let count = try transaction.execute("DELETE FROM nightshift_organizations WHERE name = ?", [.text(name)])
      guard count > 0 else { throw Self.noSuchOrganization(name) }
      let change = AuditedChange(from: former.first.map { Self.audited(title: $0.text(0)) }, to: nil)
      try transaction.audit("remove-organization", "organization \(name)", by: actor, at: now, detail: change.detail())
    }
  }

  static func check(organization name: String?, _ transaction: any WriteTransaction) throws {
    guard let name else { return }
    let known = try transaction.query("SELECT 1 FROM nightshift_organizations WHERE name = ?", [.text(name)])
    guard known.isEmpty else { return }
    throw AccountError(
      .invalid(field: "organization"),
      "must be one of the organizations there are; there is no \"\(name.truncatedUTF8(to: 40))\": add it first")
  }

  private static func noSuchOrganization(_ name: String) -> AccountError {
    AccountError(.missing, "There is no organization \"\(name.truncatedUTF8(to: 40))\".")
  }
}
