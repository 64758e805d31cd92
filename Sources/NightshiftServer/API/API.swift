import HTTPTypes
import HummingbirdCore
import Logging
import Nightshift

/// From a request to its answer: finds the route, lets the caller in, reads the body, calls the handler, and
/// turns whatever is thrown into problem details. A socket and the process itself use the same one.
struct API: Sendable {
  let engine: Engine
  let table: RouteTable
  let crossOrigin: CrossOrigin
  let logger: Logger
  let readiness: ReadinessProbe
  let statistics = RequestStatistics()
  /// How the server is set up, for the page that shows it.
  var settings: [SettingLine] = []
  let limits: RequestLimits
  /// `nil` believes no tokens but our own.
  var jwt: JWTVerifier?
  private let proxies: TrustedProxies
  private let isTLS: Bool

  init(engine: Engine, table: RouteTable = .api, options: ServerOptions = ServerOptions(), logger: Logger) {
    self.engine = engine
    self.table = table
    crossOrigin = CrossOrigin(allowed: options.allowedOrigins)
    self.logger = logger
    readiness = ReadinessProbe(engine: engine)
    limits = RequestLimits(options.rateLimit, clock: engine.clock)
    proxies = TrustedProxies(blocks: options.trustedProxies)
    isTLS = options.tls != nil
  }

  /// From where a request really comes, if proxies that we trust say so.
  func origin(_ origin: Origin, of head: HTTPRequest) -> Origin {
    if case .socket(let peer?, isLoopback: true, _) = origin, TrustedProxies.speaks(in: head.headerFields),
      !proxies.trusts(peer)
    {
      statistics.noteUnknownProxy(peer)
    }
    return proxies.resolve(origin, head.headerFields, isTLS: isTLS)
  }

  /// Answers a request. It never throws: what goes wrong is an answer too.
  func respond(to request: Request, from origin: Origin) async -> Response {
    let id = RequestIdentifier.take(from: request.headers)
    let origin = self.origin(origin, of: request.head)
    let begin = engine.clock.monotonic
    let route = table.route(of: request.head)
    var response = await observing(request, id, route) { request in
      var failure: Failure?
      var response: Response
      do {
        response = try await answer(request, from: origin)
      } catch {
        let problem = Problem(error)
        report(problem, request, id)
        if problem.status == .internalServerError { failure = Failure(error) }
        response = answer(problem, to: request.head, id)
      }
      decorate(&response, for: request.head, id: id)
      logger.debug(
        "request",
        metadata: [
          "request": "\(id)", "method": "\(request.method)", "path": "\(request.uri.path)",
          "status": "\(response.status.code)", "microseconds": "\((engine.clock.monotonic - begin) / 1000)",
        ])
      return (response, ObservedAnswer(status: response.status.code, failure: failure))
    }
    if case .socket = origin {
      let microseconds = (engine.clock.monotonic - begin) / 1000
      statistics.record(request.method, route: route, status: response.status.code, microseconds: microseconds)
    }
    if origin.isSecure { SecurityHeaders.addTransportSecurity(to: &response) }
    return response
  }

  private func answer(_ request: Request, from origin: Origin) async throws -> Response {
    let gate = Gate(api: self, head: request.head, origin: origin)
    if request.method == .options {
      guard let allow = table.allow(try gate.path()) else {
        throw Problem.notFound("There is nothing at this path.")
      }
      return crossOrigin.preflight(request.head, allow: allow)
    }
    var (route, admitted) = try await gate.admit()
    switch route.handler {
    case .answer(let handler):
      let reader = BodyReader(engine: engine)
      if route.body == .form {
        admitted.form = try await reader.readForm(request)
        if let session = admitted.session { try ForgeryCheck.check(admitted.form["csrf"], of: session) }
      } else {
        admitted.body = try await reader.read(request, for: route)
      }
      let redactor = Redactor(engine.configuration.redaction, for: admitted.actor)
      return try await Redactor.$current.withValue(redactor) { [admitted] in try await handler(admitted) }
    case .live(let handler):
      let feed = try await redacted(handler(admitted), for: admitted.actor)
      guard !request.headers.isWebSocketUpgrade else { throw Self.lateUpgrade }
      return ServerSentEvents.response(feed)
    }
  }

  /// The feed as this caller may see it.
  func redacted(_ feed: any LiveFeed, for actor: Actor) -> any LiveFeed {
    guard let redactor = Redactor(engine.configuration.redaction, for: actor) else { return feed }
    return RedactingFeed(feed: feed, redactor: redactor, engine: engine)
  }

  /// Only the first request of a connection can become a WebSocket (`FirstRequestHandler`), and only a
  /// complete one.
  private static var lateUpgrade: Problem {
    Problem(
      .upgradeRequired, "websocket_handshake",
      "This is no complete WebSocket handshake: it takes `Sec-WebSocket-Key`, `Sec-WebSocket-Version: 13`, "
        + "`Connection: Upgrade` and a connection of its own.",
      headers: [.secWebSocketVersion: "13", .upgrade: "websocket"])
  }

  private func answer(_ problem: Problem, to head: HTTPRequest, _ id: String) -> Response {
    guard isForPeople(head) else { return .problem(problem, requestID: id) }
    switch problem.code {
    // Whoever has no session yet is sent where it gets one, and then on.
    case "unauthorized": return .seeOther(SignInPages.path(thenTo: head.method == .get ? head.path : nil))
    case "password_change_needed": return .seeOther("/account")
    default: return ErrorPage.response(problem, for: head, requestID: id)
    }
  }

  /// Whether a page is the answer if something goes wrong: that of a page's own address, and of any that only a
  /// browser's address bar asks for.
  private func isForPeople(_ head: HTTPRequest) -> Bool {
    let path = (head.path ?? "/").prefix { $0 != "?" && $0 != "#" }.split(separator: "/").map(String.init)
    if let surface = table.surface(of: path) { return surface == .console }
    return path.first != "api" && head.headerFields[.accept]?.contains("text/html") == true
  }

  private func report(_ problem: Problem, _ request: Request, _ id: String) {
    guard problem.status.code >= 500 else { return }
    logger.warning(
      "request failed",
      metadata: [
        "request": "\(id)", "method": "\(request.method)", "path": "\(request.uri.path)",
        "status": "\(problem.status.code)", "cause": "\(problem.cause ?? problem.detail)",
      ])
  }

  private func decorate(_ response: inout Response, for request: HTTPRequest, id: String) {
    response.headers[RequestIdentifier.field] = id
    SecurityHeaders.add(to: &response)
    if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
    crossOrigin.decorate(&response, for: request)
    // It would have to be the length of the body that is not sent.
    if response.status == .notModified { response.headers[.contentLength] = nil }
    guard request.method == .head else { return }
    let length = response.body.contentLength
    // Setting the body sets its length too; the one that GET would have had comes after it.
    response.body = ResponseBody()
    response.headers[.contentLength] = length.map { "\($0)" }
  }
}
