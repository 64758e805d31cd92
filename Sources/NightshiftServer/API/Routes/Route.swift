import HTTPTypes
import HummingbirdCore
import Nightshift

/// One line of the table from which router, roles, audit and the test of `docs/openapi.yaml` are fed.
struct Route: Sendable {
  /// Who may come in.
  enum Access: Sendable, Hashable {
    /// Anybody, without a token.
    case open
    /// Whoever has at least this role.
    case role(Role)
    /// Whoever has at least this role, or comes from this host.
    case roleOrLoopback(Role)
  }

  /// What body belongs to a request.
  enum Body: Sendable, Hashable {
    case none
    /// A JSON object.
    case object(BodyLimit)
    /// A JSON object, or nothing.
    case optionalObject(BodyLimit)
    /// The fields of an HTML form.
    case form
  }

  /// For whom the answers are.
  enum Surface: Sendable, Hashable {
    /// Programs: JSON, and problem details when something is wrong.
    case api
    /// People with a browser: pages, and pages again when something is wrong.
    case console
  }

  enum BodyLimit: Sendable, Hashable {
    /// One payload and what goes with it.
    case job
    /// Many payloads.
    case batch
    /// A few fields.
    case small
  }

  enum Handler: Sendable {
    case answer(@Sendable (APIRequest) async throws -> Response)
    /// A stream, as server-sent events or as WebSocket, whichever is asked for.
    case live(@Sendable (APIRequest) async throws -> any LiveFeed)
  }

  let method: HTTPRequest.Method
  let path: PathTemplate
  let access: Access
  /// What the audit log calls it; `nil` for what changes nothing.
  let audit: String?
  /// The query parameters it knows.
  let query: [String]
  let body: Body
  let handler: Handler
  var surface = Surface.api
  /// What it is about: tokens may be confined to some of these.
  var area = TokenScope.Area.console

  /// What a token must have for it.
  var scope: TokenScope { TokenScope(area, isWrite: method != .get) }
}

extension [Route] {
  /// The same routes, about this.
  func about(_ area: TokenScope.Area) -> [Route] {
    map { route in
      var route = route
      route.area = area
      return route
    }
  }
}

extension Route {
  static func get(
    _ path: String, _ access: Access, query: [String] = [],
    _ handler: @escaping @Sendable (APIRequest) async throws -> Response
  ) -> Route {
    Route(
      method: .get, path: PathTemplate(path), access: access, audit: nil, query: query, body: .none,
      handler: .answer(handler))
  }

  static func post(
    _ path: String, _ role: Role, audit: String, body: Body = .none,
    _ handler: @escaping @Sendable (APIRequest) async throws -> Response
  ) -> Route {
    Route(
      method: .post, path: PathTemplate(path), access: .role(role), audit: audit, query: [], body: body,
      handler: .answer(handler))
  }

  static func put(
    _ path: String, _ role: Role, audit: String, body: Body,
    _ handler: @escaping @Sendable (APIRequest) async throws -> Response
  ) -> Route {
    Route(
      method: .put, path: PathTemplate(path), access: .role(role), audit: audit, query: [], body: body,
      handler: .answer(handler))
  }

  static func patch(
    _ path: String, _ role: Role, audit: String, body: Body,
    _ handler: @escaping @Sendable (APIRequest) async throws -> Response
  ) -> Route {
    Route(
      method: .patch, path: PathTemplate(path), access: .role(role), audit: audit, query: [], body: body,
      handler: .answer(handler))
  }

  static func delete(
    _ path: String, _ role: Role, audit: String,
    _ handler: @escaping @Sendable (APIRequest) async throws -> Response
  ) -> Route {
    Route(
      method: .delete, path: PathTemplate(path), access: .role(role), audit: audit, query: [], body: .none,
      handler: .answer(handler))
  }

  static func live(
    _ path: String, _ role: Role, query: [String],
    _ handler: @escaping @Sendable (APIRequest) async throws -> any LiveFeed
  ) -> Route {
    Route(
      method: .get, path: PathTemplate(path), access: .role(role), audit: nil, query: query, body: .none,
      handler: .live(handler))
  }

  /// A page of the console.
  static func page(
    _ path: String, _ access: Access, query: [String] = [],
    _ handler: @escaping @Sendable (APIRequest) async throws -> Response
  ) -> Route {
    Route(
      method: .get, path: PathTemplate(path), access: access, audit: nil, query: query, body: .none,
      handler: .answer(handler), surface: .console)
  }

  /// What a form of a page does: it changes something, and answers with the way to the next page.
  static func form(
    _ path: String, _ access: Access, audit: String,
    _ handler: @escaping @Sendable (APIRequest) async throws -> Response
  ) -> Route {
    Route(
      method: .post, path: PathTemplate(path), access: access, audit: audit, query: [], body: .form,
      handler: .answer(handler), surface: .console)
  }
}
