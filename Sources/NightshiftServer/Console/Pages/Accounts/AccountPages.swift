import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Who may come in: people, tokens, organizations.
  static let accountPages: [Route] = [
    .page("/users", .role(.admin)) { try await AccountPages.list($0) },
    .form("/users", .role(.admin), audit: "add-user", AccountPages.addUser),
    .page("/users/{name}", .role(.admin)) { try await AccountPages.show($0) },
    .form("/users/{name}/change", .role(.admin), audit: "change-user", AccountPages.change),
    .form("/users/{name}/password", .role(.admin), audit: "set-password", AccountPages.password),
    .form("/users/{name}/sessions/end", .role(.admin), audit: "end-sessions") { request in
      let name = request.parameters["name"] ?? ""
      _ = try await request.engine.endSessions(of: name, by: request.actor)
      return request.see("/users/\(name)", Flash(.changed))
    },
    .form("/users/{name}/remove", .role(.admin), audit: "remove-user") { request in
      try await request.engine.removeUser(request.parameters["name"] ?? "", by: request.actor)
      return request.see("/users", Flash(.removed))
    },
    .form("/tokens", .role(.admin), audit: "create-token", AccountPages.addToken),
    .form("/tokens/{id}/revoke", .role(.admin), audit: "revoke-token") { request in
      let id = request.parameters["id"] ?? ""
      guard try await request.engine.revokeToken(id, by: request.actor) else {
        throw Problem.notFound("There is no valid token \"\(id.truncatedUTF8(to: 100))\".")
      }
      return request.see("/users", Flash(.revoked))
    },
    .form("/organizations", .role(.admin), audit: "add-organization", AccountPages.addOrganization),
    .form("/organizations/{name}/remove", .role(.admin), audit: "remove-organization") { request in
      try await request.engine.removeOrganization(request.parameters["name"] ?? "", by: request.actor)
      return request.see("/users", Flash(.removed))
    },
  ]
}

/// What the pages of accounts show, and what their forms do.
enum AccountPages {
  static func list(
    _ request: APIRequest, made: MadeSecret? = nil, fault: String? = nil, status: HTTPResponse.Status = .ok
  ) async throws -> Response {
    try await request.page(
      try await UsersPage(request, made: made, fault: fault), at: .users, status: status)
  }

  static func show(
    _ request: APIRequest, made: MadeSecret? = nil, fault: String? = nil, status: HTTPResponse.Status = .ok
  ) async throws -> Response {
    let name = request.parameters["name"] ?? ""
    guard let user = try await request.engine.user(name) else {
      throw Problem.notFound("There is no user \"\(name.truncatedUTF8(to: 40))\".")
    }
    return try await request.page(
      try await UserPage(user, request, made: made, fault: fault), at: .users, status: status)
  }

  static func addUser(_ request: APIRequest) async throws -> Response {
    let name = request.form["name"] ?? ""
    return try await orAgain(request) {
      let password = try await request.engine.addUser(
        name, role: try role(request), title: request.form["title"], organization: request.form["organization"],
        by: request.actor)
      return try await list(request, made: password.map { MadeSecret("The password of \(name)", $0) }, status: .created)
    }
  }

  static func change(_ request: APIRequest) async throws -> Response {
    let name = request.parameters["name"] ?? ""
    var change = UserChange()
    change.role = try role(request)
    change.title = .some(request.form["title"])
    change.organization = .some(request.form["organization"])
    change.isDisabled = request.form["disabled"] != nil
    do {
      _ = try await request.engine.changeUser(name, change, by: request.actor)
    } catch let error as AccountError {
      return try await show(request, fault: text(error), status: Problem(error).status)
    }
    return request.see("/users/\(name)", Flash(.saved))
  }

  static func password(_ request: APIRequest) async throws -> Response {
    let name = request.parameters["name"] ?? ""
    do {
      let made = try await request.engine.setPassword(of: name, to: nil, by: request.actor)
      return try await show(request, made: made.map { MadeSecret("The new password of \(name)", $0) })
    } catch let error as AccountError {
      return try await show(request, fault: text(error), status: Problem(error).status)
    }
  }

  static func addToken(_ request: APIRequest) async throws -> Response {
    guard let name = request.form["name"], name.utf8.count <= 100 else {
      return try await list(request, fault: "A token needs a name of 1 to 100 bytes.", status: .unprocessableContent)
    }
    let days = request.form["days"].flatMap { Int($0) }.map { min(max($0, 1), 3650) }
    let scopes = Set(request.form.values("scopes").compactMap { TokenScope($0) })
    return try await orAgain(request) {
      do {
        let (_, secret) = try await request.engine.createToken(
          name: name, role: try role(request), expiresAt: days.map { request.engine.now + .seconds($0 * 86_400) },
          organization: request.form["organization"], scopes: scopes.isEmpty ? nil : scopes, by: request.actor)
        return try await list(request, made: MadeSecret("The token \(name)", secret), status: .created)
      } catch let error as StoreError where error.code == .conflict {
        return try await list(request, fault: error.message, status: .conflict)
      }
    }
  }

  static func addOrganization(_ request: APIRequest) async throws -> Response {
    try await orAgain(request) {
      try await request.engine.addOrganization(
        request.form["name"] ?? "", title: request.form["title"], by: request.actor)
      return request.see("/users", Flash(.saved))
    }
  }

  /// The same page with what is wrong, when the form was.
  private static func orAgain(
    _ request: APIRequest, _ work: () async throws -> Response
  ) async throws -> Response {
    do { return try await work() } catch let error as AccountError {
      return try await list(request, fault: text(error), status: Problem(error).status)
    }
  }

  private static func text(_ error: AccountError) -> String {
    guard case .invalid(let field) = error.reason else { return error.description }
    return "The \(field) \(error.description)."
  }

  private static func role(_ request: APIRequest) throws(Problem) -> Role {
    guard let role = request.form["role"].flatMap(Role.init(rawValue:)) else {
      throw .invalid([.init("#/role", "must be one of \(Role.allCases.map(\.rawValue).joined(separator: ", "))")])
    }
    return role
  }
}

/// A password or token that was made just now. It is shown this once.
struct MadeSecret: Sendable {
  let what: String
  let secret: String

  init(_ what: String, _ secret: String) {
    self.what = what
    self.secret = secret
  }
}

/// One of several in a list to choose from.
struct Choice: Sendable {
  let value: String
  let name: String
  let isChosen: Bool

  static func roles(_ chosen: Role) -> [Choice] {
    Role.allCases.map { Choice(value: $0.rawValue, name: $0.rawValue, isChosen: $0 == chosen) }
  }

  static func organizations(_ all: [Organization], _ chosen: String? = nil) -> [Choice] {
    all.map { Choice(value: $0.name, name: $0.title ?? $0.name, isChosen: $0.name == chosen) }
  }
}

/// Everybody and everything that may come in.
struct UsersPage: PageModel {
  struct Person: Sendable {
    let name: String
    let fullName: String
    let role: String
    let organization: String
    let signedIn: TimeView?
    let isDisabled: Bool
    let isTemporary: Bool
  }

  struct Token: Sendable {
    let id: String
    let name: String
    let role: String
    let reach: String
    let status: String
    let isValid: Bool
    let created: TimeView
    let used: TimeView?
  }

  struct Group: Sendable {
    let name: String
    let title: String
    let users: String
    let isEmpty: Bool
  }

  static let template = "users"
  let title = "Users and tokens"
  let csrf: String?
  let made: MadeSecret?
  let fault: String?
  let people: [Person]
  let tokens: [Token]
  let groups: [Group]
  let roles: [Choice]
  let tokenRoles: [Choice]
  let organizations: [Choice]
  let scopes: [Choice]

  init(_ request: APIRequest, made: MadeSecret?, fault: String?) async throws {
    csrf = request.csrf
    self.made = made
    self.fault = fault
    let (engine, now) = (request.engine, request.engine.now)
    people = try await engine.users().map { user in
      Person(
        name: user.name, fullName: user.title ?? "", role: user.role.rawValue, organization: user.organization ?? "all",
        signedIn: TimeView(user.signedInAt, now: now), isDisabled: user.disabledAt != nil,
        isTemporary: user.mustChangePassword)
    }
    tokens = try await engine.tokens().map { Token($0, now: now) }
    let all = try await engine.organizations()
    groups = all.map { group in
      Group(
        name: group.name, title: group.title ?? "", users: group.users == 1 ? "1 user" : "\(group.users.grouped) users",
        isEmpty: group.users == 0)
    }
    roles = Choice.roles(.member)
    tokenRoles = Choice.roles(.operator)
    organizations = Choice.organizations(all)
    scopes = TokenScope.Area.allCases.filter { $0 != .console }.flatMap { area in
      [TokenScope(area, isWrite: false), TokenScope(area, isWrite: true)].map { scope in
        Choice(value: scope.description, name: scope.description, isChosen: false)
      }
    }
  }
}

extension UsersPage.Token {
  fileprivate init(_ token: TokenSummary, now: Timestamp) {
    id = token.id
    name = token.name
    role = token.role.rawValue
    let scopes = token.scopes.map { $0.map(\.description).sorted().joined(separator: ", ") }
    reach = [scopes, token.organization.map { "organization \($0)" }].compactMap(\.self).joined(separator: "; ")
    let isExpired = token.expiresAt.map { $0 <= now } ?? false
    isValid = token.revokedAt == nil && !isExpired
    status =
      if token.revokedAt != nil { "revoked" } else if isExpired { "expired" } else {
        token.expiresAt.map { "ends \(TimeView($0, now: now).about)" } ?? "valid"
      }
    created = TimeView(token.createdAt, now: now)
    used = TimeView(token.lastUsedAt, now: now)
  }
}

/// One person.
struct UserPage: PageModel {
  static let template = "user"
  let title: String
  let csrf: String?
  let made: MadeSecret?
  let fault: String?
  let name: String
  let fullName: String
  let isOneself: Bool
  let isDisabled: Bool
  let created: TimeView
  let createdBy: String
  let signedIn: TimeView?
  let roles: [Choice]
  let organizations: [Choice]
  let stays: [AccountPage.Stay]

  init(_ user: User, _ request: APIRequest, made: MadeSecret?, fault: String?) async throws {
    let (engine, now) = (request.engine, request.engine.now)
    title = user.name
    csrf = request.csrf
    self.made = made
    self.fault = fault
    name = user.name
    fullName = user.title ?? ""
    isOneself = user.name == request.actor.id
    isDisabled = user.disabledAt != nil
    created = TimeView(user.createdAt, now: now)
    createdBy = user.createdBy
    signedIn = TimeView(user.signedInAt, now: now)
    roles = Choice.roles(user.role)
    organizations = Choice.organizations(try await engine.organizations(), user.organization)
    stays = try await engine.sessions(of: user.name).map { AccountPage.Stay($0, now: now) }
  }
}

extension AccountPage.Stay {
  init(_ session: SessionSummary, now: Timestamp) {
    began = TimeView(session.createdAt, now: now)
    used = TimeView(session.usedAt, now: now)
    address = session.address ?? "unknown"
    agent = session.agent ?? "unknown"
  }
}
