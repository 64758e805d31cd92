/// On whose behalf something is done. Every mutation by a person or a program outside carries one.
package struct Actor: Sendable, Hashable {
  /// The user, or the token's name.
  package var id: String
  package var role: Role
  /// Where the request came from; `nil` inside the process.
  package var address: String?

  package init(id: String, role: Role, address: String? = nil) {
    self.id = id
    self.role = role
    self.address = address
  }

  /// The program that embeds the engine.
  package static let system = Actor(id: "system", role: .admin)
}

/// What somebody may do. Each role may do what the ones before it may.
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
