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
    try DisplayedText.check(title, field: "title")
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

  /// Removes an organization that has no users, no tokens in force, no jobs and no schedules any more: whoever made
  /// another one of the same name would be shown them, and what those schedules enqueue.
  package func removeOrganization(_ name: String, by actor: Actor) async throws {
    let now = clock.now
    try await store.write { transaction in
      try transaction.takeTurns(on: "nightshift accounts")
      // Jobs that are being enqueued for it are in the store afterwards, and those to come find it gone.
      try transaction.lock("nightshift_organizations", where: "name = ?", [.text(name)])
      let known = try transaction.query("SELECT title FROM nightshift_organizations WHERE name = ?", [.text(name)])
      guard !known.isEmpty else { throw Self.noSuchOrganization(name) }
      let rest = try Self.whatBelongs(to: name, transaction)
      guard rest.isEmpty else {
        throw AccountError(
          .conflict,
          "The organization \"\(name)\" still has \(rest.joined(separator: " and ")). Move or remove its users, revoke "
            + "its tokens, edit or remove its schedules (those of a file in the file), and discard its jobs or wait "
            + "until they are pruned.")
      }
      // What was allowed for its jobs is allowed for no other's.
      if try transaction.session.hasTaken(Migration.ownedGrants.step) {
        try transaction.execute("DELETE FROM nightshift_grants WHERE organization = ?", [.text(name)])
      }
      try transaction.execute("DELETE FROM nightshift_organizations WHERE name = ?", [.text(name)])
      let change = AuditedChange(from: Self.audited(title: known[0].text(0)), to: nil)
      try transaction.audit("remove-organization", "organization \(name)", by: actor, at: now, detail: change.detail())
    }
  }

  /// Counted up to so many: a person needs no more to see that there are some.
  private static let mostCounted = 1_000

  /// `2 users`, `1 token`, `more than 1000 jobs`.
  private static func whatBelongs(
    to organization: String, _ transaction: any ReadTransaction
  ) throws(StoreError) -> [String] {
    let values: [SQLValue] = [.text(organization), SQLValue(mostCounted + 1)]
    let users = try transaction.query(
      "SELECT count(*) FROM (SELECT 1 FROM nightshift_users WHERE organization = ? LIMIT ?) AS counted", values)
    let tokens = try transaction.query(
      """
      SELECT count(*) FROM (
        SELECT 1 FROM nightshift_tokens WHERE organization = ? AND revoked_at IS NULL LIMIT ?) AS counted
      """, values)
    let jobs = try transaction.query(
      "SELECT count(*) FROM (SELECT 1 FROM nightshift_payloads WHERE organization = ? LIMIT ?) AS counted", values)
    func count(_ rows: [SQLRow]) -> Int { Int(rows.first?.integer(0) ?? 0) }
    let schedules = try ScheduleRecord.count(for: organization, transaction)
    return [
      (count(users), "user"), (count(tokens), "token"), (schedules, "schedule"), (count(jobs), "job"),
    ].compactMap { count, word in
      guard count > 0 else { return nil }
      guard count <= mostCounted else { return "more than \(mostCounted) \(word)s" }
      return "\(count) \(word)\(count == 1 ? "" : "s")"
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
