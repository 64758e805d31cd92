import Nightshift

extension JSONValue {
  /// - Parameter password: One that was made just now, and is shown this once.
  init(_ user: User, password: String? = nil, sessions: [SessionSummary]? = nil) {
    self = .fields([
      "name": .string(user.name), "role": .string(user.role.rawValue), "title": user.title.map(JSONValue.string),
      "organization": user.organization.map(JSONValue.string), "createdAt": JSONValue(user.createdAt),
      "createdBy": .string(user.createdBy), "passwordAt": JSONValue(user.passwordAt),
      "mustChangePassword": .bool(user.mustChangePassword), "signedInAt": user.signedInAt.map { JSONValue($0) },
      "disabledAt": user.disabledAt.map { JSONValue($0) }, "password": password.map(JSONValue.string),
      "sessions": sessions.map { .array($0.map { JSONValue($0) }) },
    ])
  }

  init(_ session: SessionSummary) {
    self = .fields([
      "id": .string(session.id), "createdAt": JSONValue(session.createdAt), "usedAt": JSONValue(session.usedAt),
      "expiresAt": JSONValue(session.expiresAt), "address": session.address.map(JSONValue.string),
      "agent": session.agent.map(JSONValue.string),
    ])
  }

  init(_ organization: Organization) {
    self = .fields([
      "name": .string(organization.name), "title": organization.title.map(JSONValue.string),
      "createdAt": JSONValue(organization.createdAt), "createdBy": .string(organization.createdBy),
      "users": JSONValue(organization.users),
    ])
  }

  init(_ actor: Actor) {
    self = .fields([
      "id": .string(actor.id), "role": .string(actor.role.rawValue),
      "organization": actor.organization.map(JSONValue.string),
      "scopes": actor.scopes.map { .array($0.map(\.description).sorted().map(JSONValue.string)) },
    ])
  }
}
