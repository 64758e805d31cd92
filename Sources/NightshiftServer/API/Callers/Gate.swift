import Foundation
import HTTPTypes
import Nightshift

/// Lets a request in: finds its route, its caller and the caller's right to it. Plain requests and WebSockets
/// pass the same gate.
struct Gate: Sendable {
  let api: API
  let head: HTTPRequest
  let origin: Origin

  private var engine: Engine { api.engine }
  private var headers: HTTPFields { head.headerFields }
  private var target: Substring { Substring(head.path ?? "/") }

  /// The segments of the path, unescaped.
  func path() throws(Problem) -> [String] {
    let path = target.prefix { $0 != "?" && $0 != "#" }
    var segments: [String] = []
    for part in path.split(separator: "/") {
      guard let segment = part.removingPercentEncoding else {
        throw .badRequest(
          "malformed_path", "The path holds a `%` that does not begin an escaped UTF-8 character.")
      }
      segments.append(segment)
    }
    return segments
  }

  private func query() throws(Problem) -> Query {
    let parts = target.prefix { $0 != "#" }.split(separator: "?", maxSplits: 1)
    return try Query(parsing: parts.count > 1 ? parts[1] : nil)
  }

  /// The route and the request as its handler sees it, without the body.
  func admit() async throws -> (Route, APIRequest) {
    try api.limits.admit(origin, hasCredentials: Credentials.isThere(in: headers))
    let match = try api.table.match(head.method, path())
    let query = try query()
    // Before anything else about the query: a token in a URL ends up in logs and histories, so it must not
    // work.
    if query.names.contains(where: { ["token", "access_token"].contains($0.lowercased()) }) {
      throw Problem.badRequest(
        "token_in_url",
        "A token never goes into the URL. Send `Authorization: Bearer TOKEN`, or on a WebSocket offer the "
          + "protocols `nightshift.v1, bearer.TOKEN`. Revoke this token, since it may be in logs now.")
    }
    if headers.isWebSocketUpgrade, !api.crossOrigin.allowsWebSocket(from: head) {
      throw Problem(.forbidden, "origin_not_allowed", "Pages of this origin may not open WebSockets here.")
    }
    let caller = try await admittedCaller(for: match.route)
    if caller.actor.id != Actor.anonymous.id { try api.limits.admit(caller.actor, origin) }
    try await ReachCheck(engine: engine, actor: caller.actor).check(match)
    try query.check(known: match.route.query)
    var request = APIRequest(
      engine: engine, readiness: api.readiness, method: head.method, headers: headers,
      parameters: match.parameters, query: query,
      actor: caller.actor, isStillAllowed: isStillAllowed(match.route, caller.actor))
    request.session = caller.session
    request.settings = api.settings
    do { try ForgeryCheck.checkSite(head, api.crossOrigin) } catch { request.siteFault = error }
    request.isSecure = origin.isSecure
    if case .socket(let address, _, _) = origin { request.address = address }
    request.path = target.prefix { $0 != "?" && $0 != "#" }.description
    if case .inProcess = origin { request.isInProcess = true }
    request.statistics = api.statistics
    return (match.route, request)
  }

  /// Who asks, and how it has shown so.
  struct Caller: Sendable {
    var actor: Actor
    /// The session, if a browser's cookie has shown it.
    var session: Session?
  }

  private func admittedCaller(for route: Route) async throws -> Caller {
    switch route.access {
    case .open: return try await openCaller(for: route)
    case .roleOrLoopback where isFromThisHost: return Caller(actor: .anonymous)
    case .role(let role), .roleOrLoopback(let role):
      let caller = try await caller()
      guard caller.actor.role >= role else { throw Problem.forbidden(caller.actor, needs: role) }
      guard caller.actor.has(route.scope) else { throw Problem.forbidden(caller.actor, needs: route.scope) }
      if let session = caller.session { try check(session, for: route) }
      return caller
    }
  }

  /// The door is open, but a page may still greet by name.
  private func openCaller(for route: Route) async throws -> Caller {
    var nobody = Actor.anonymous
    if case .socket(let address, _, _) = origin { nobody.address = address }
    // The form of the sign-in comes from whoever has a session or none; it bears no session's token.
    guard route.surface == .console, route.method == .get, case .socket = origin, let session = try await session()
    else { return Caller(actor: nobody) }
    return Caller(actor: session.actor, session: session)
  }

  private func check(_ session: Session, for route: Route) throws(Problem) {
    if session.mustChangePassword, !["/account", "/account/password", "/sign-out"].contains("\(route.path)") {
      throw Problem(
        .forbidden, "password_change_needed", "Somebody else has chosen your password. Choose your own first.")
    }
    guard route.method != .get else { return }
    try ForgeryCheck.checkSite(head, api.crossOrigin)
    // What comes in a form is looked at once it is read.
    guard route.body != .form else { return }
    try ForgeryCheck.check(headers[ForgeryCheck.field], of: session)
  }

  private func caller() async throws -> Caller {
    switch origin {
    case .inProcess(let actor): return Caller(actor: actor)
    case .socket(let address, _, _):
      guard let secret = try Credentials.secret(in: headers) else {
        guard let session = try await session() else {
          throw Problem.unauthorized("A token is needed: send `Authorization: Bearer TOKEN`.")
        }
        return Caller(actor: session.actor, session: session)
      }
      guard var actor = try await actor(secret) else {
        api.limits.noteFailure(origin)
        throw Problem.unauthorized(
          "This token is not known here, has expired or was revoked: `nightshift tokens create` makes one.",
          error: "invalid_token")
      }
      actor.address = address
      return Caller(actor: actor)
    }
  }

  private func actor(_ secret: String) async throws(StoreError) -> Actor? {
    guard let jwt = api.jwt, JWT.isOne(secret) else { return try await engine.authenticate(secret) }
    return jwt.actor(secret)
  }

  private func session() async throws -> Session? {
    guard let secret = SessionCookie.secret(in: headers), var session = try await engine.session(secret) else {
      return nil
    }
    if case .socket(let address, _, _) = origin { session.actor.address = address }
    return session
  }

  /// A proxy on this host makes all the world look like this host; it says so in headers. A browser on this host may
  /// have been sent here by a page from elsewhere: it says so too, and a page whose own name was made to lead here
  /// (DNS rebinding) asks for that name.
  private var isFromThisHost: Bool {
    guard case .socket(_, isLoopback: true, _) = origin, namesThisHost else { return false }
    let signs: Set<String> = ["forwarded", "x-forwarded-for", "x-real-ip", "via", "origin"]
    return headers.allSatisfy { field in
      !signs.contains(field.name.canonicalName) && !field.name.canonicalName.hasPrefix("sec-fetch-")
    }
  }

  /// Whether the request asks for an address, or for a name that nobody can register: one without a dot.
  private var namesThisHost: Bool {
    let authority = head.authority ?? ""
    guard !authority.hasPrefix("[") else { return true }
    let host = authority.prefix { $0 != ":" }
    return !host.contains(".") || host.hasSuffix(".localhost") || host.allSatisfy { $0.isNumber || $0 == "." }
  }

  /// Whether the caller of a stream may still have what it came for. A stream keeps the view of whoever opened it, so
  /// any change of the caller's rights ends it; the client comes back and gets what it may have now.
  private func isStillAllowed(_ route: Route, _ admitted: Actor) -> @Sendable () async -> Bool {
    guard case .socket = origin, case .role = route.access else { return { true } }
    return {
      do {
        let now = try await caller().actor
        return now.role == admitted.role && now.organization == admitted.organization && now.scopes == admitted.scopes
      } catch is StoreError {
        // Nothing is known of the token just now, which is no reason to take it for revoked.
        return true
      } catch {
        return false
      }
    }
  }
}

extension Actor {
  /// Whoever needs no token.
  static let anonymous = Actor(id: "anonymous", role: .viewer)
}
