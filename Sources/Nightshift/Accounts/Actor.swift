/// On whose behalf something is done. Every mutation by a person or a program outside carries one.
package struct Actor: Sendable, Hashable {
  /// The user, or the token's name.
  package var id: String
  package var role: Role
  /// Where the request came from; `nil` inside the process.
  package var address: String?
  /// The one whose work it may see and do; `nil` for all.
  package var organization: String?
  /// To what a token is confined; `nil` for all that its role may do.
  package var scopes: Set<TokenScope>?
  /// When its token ends; `nil` for one without an end, and for whoever has signed in.
  package var expiresAt: Timestamp?

  package init(
    id: String, role: Role, address: String? = nil, organization: String? = nil, scopes: Set<TokenScope>? = nil,
    expiresAt: Timestamp? = nil
  ) {
    self.id = id
    self.role = role
    self.address = address
    self.organization = organization
    self.scopes = scopes
    self.expiresAt = expiresAt
  }

  /// Whether its scopes let it do what needs this one.
  package func has(_ scope: TokenScope) -> Bool { scopes?.contains { $0.covers(scope) } ?? true }

  /// The program that embeds the engine.
  package static let system = Actor(id: "system", role: .admin)
}

/// What somebody may do. Each role may do what the ones before it may, but that a member sees its own jobs only.
package enum Role: String, Sendable, Codable, CaseIterable, Comparable {
  case viewer, member, approver, `operator`, admin

  package static func < (left: Role, right: Role) -> Bool {
    allCases.firstIndex(of: left)! < allCases.firstIndex(of: right)!
  }
}

extension WriteTransaction {
  /// Adds a row to the audit log: one for each action, however many jobs it touched.
  package func audit(
    _ verb: String, _ subject: String, by actor: Actor, at now: Timestamp, detail: JSONValue? = nil
  ) throws(StoreError) {
    try execute(
      "INSERT INTO nightshift_audit(at, actor, role, address, verb, subject, detail) VALUES(?, ?, ?, ?, ?, ?, ?)",
      [
        SQLValue(now), .text(actor.id), .text(actor.role.rawValue), SQLValue(actor.address), .text(verb),
        .text(subject), SQLValue(detail?.description),
      ])
  }
}
