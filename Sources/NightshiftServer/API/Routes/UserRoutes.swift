import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// People with a password, and what they may do.
  static let userRoutes: [Route] = [
    .get("/api/users", .role(.admin)) { request in
      .json(["users": .array(try await request.engine.users().map { JSONValue($0) })])
    },
    .post("/api/users", .admin, audit: "add-user", body: .object(.small), addUser),
    .get("/api/users/{name}", .role(.admin)) { request in
      let name = request.parameters["name"] ?? ""
      guard let user = try await request.engine.user(name) else { throw noSuchUser(name) }
      let sessions = try await request.engine.sessions(of: name)
      return .json(JSONValue(user, sessions: sessions))
    },
    .patch("/api/users/{name}", .admin, audit: "change-user", body: .object(.small), changeUser),
    .delete("/api/users/{name}", .admin, audit: "remove-user") { request in
      try await request.engine.removeUser(request.parameters["name"] ?? "", by: request.actor)
      return Response(status: .noContent)
    },
    .post("/api/users/{name}/password", .admin, audit: "set-password", body: .optionalObject(.small), setPassword),
    .delete("/api/users/{name}/sessions", .admin, audit: "end-sessions") { request in
      let count = try await request.engine.endSessions(of: request.parameters["name"] ?? "", by: request.actor)
      return .json(["count": JSONValue(count)])
    },
  ]

  /// Whose work it is.
  static let organizationRoutes: [Route] = [
    .get("/api/organizations", .role(.admin)) { request in
      .json(["organizations": .array(try await request.engine.organizations().map { JSONValue($0) })])
    },
    .post("/api/organizations", .admin, audit: "add-organization", body: .object(.small), addOrganization),
    .delete("/api/organizations/{name}", .admin, audit: "remove-organization") { request in
      try await request.engine.removeOrganization(request.parameters["name"] ?? "", by: request.actor)
      return Response(status: .noContent)
    },
  ]

  /// Who the caller is, as the server sees it.
  static let identityRoutes: [Route] = [
    .get("/api/me", .role(.viewer)) { request in .json(JSONValue(request.actor)) }
  ]

  private static func addUser(_ request: APIRequest) async throws -> Response {
    var reader = FieldReader(request.body, known: ["name", "role", "title", "organization", "password"])
    for name in ["name", "role"] where !reader.has(name) { reader.refuse(name, "is missing") }
    let name = reader.text("name", upTo: 100)
    let role = reader.choice("role", Role.self)
    let title = reader.text("title", upTo: 100)
    let organization = reader.text("organization", upTo: 100)
    let password = reader.text("password", upTo: 256)
    try reader.check()
    guard let name, let role else { throw Problem.invalid(reader.faults) }
    let made = try await request.engine.addUser(
      name, role: role, title: title, organization: organization, password: password, by: request.actor)
    guard let user = try await request.engine.user(name) else { throw noSuchUser(name) }
    return .json(
      JSONValue(user, password: made), status: .created, headers: [.location: "/api/users/\(name)"])
  }

  private static func changeUser(_ request: APIRequest) async throws -> Response {
    var reader = FieldReader(request.body, known: ["role", "title", "organization", "disabled"])
    var change = UserChange()
    change.role = reader.choice("role", Role.self)
    change.isDisabled = reader.flag("disabled")
    // `null` takes it away, and leaving it out leaves it.
    if let title = reader.text("title", upTo: 100) {
      change.title = .some(title)
    } else if reader.raw("title") == .null {
      change.title = .some(nil)
    }
    if let organization = reader.text("organization", upTo: 100) {
      change.organization = .some(organization)
    } else if reader.raw("organization") == .null {
      change.organization = .some(nil)
    }
    try reader.check()
    let name = request.parameters["name"] ?? ""
    return .json(JSONValue(try await request.engine.changeUser(name, change, by: request.actor)))
  }

  private static func setPassword(_ request: APIRequest) async throws -> Response {
    var reader = FieldReader(request.body, known: ["password"])
    let password = reader.text("password", upTo: 256)
    try reader.check()
    let made = try await request.engine.setPassword(
      of: request.parameters["name"] ?? "", to: password, by: request.actor)
    return .json(.fields(["password": made.map(JSONValue.string)]))
  }

  private static func addOrganization(_ request: APIRequest) async throws -> Response {
    var reader = FieldReader(request.body, known: ["name", "title"])
    if !reader.has("name") { reader.refuse("name", "is missing") }
    let name = reader.text("name", upTo: 100)
    let title = reader.text("title", upTo: 100)
    try reader.check()
    guard let name else { throw Problem.invalid(reader.faults) }
    try await request.engine.addOrganization(name, title: title, by: request.actor)
    return .json(.fields(["name": .string(name), "title": title.map(JSONValue.string)]), status: .created)
  }

  private static func noSuchUser(_ name: String) -> Problem {
    .notFound("There is no user \"\(name.truncatedUTF8(to: 40))\".", remedy: "`GET /api/users` lists those there are.")
  }
}
