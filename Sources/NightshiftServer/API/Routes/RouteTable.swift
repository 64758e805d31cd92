import HTTPTypes
import Nightshift

/// All routes there are.
///
/// Matched here and not by Hummingbird's router, because a WebSocket is decided upon by the same table before
/// there is a request to route, and because a wrong method is answered with 405 and the right ones.
struct RouteTable: Sendable {
  let routes: [Route]

  static let api = RouteTable(routes: apiRoutes + consoleRoutes)

  private static let apiRoutes: [Route] = [
    (submitRoutes + jobRoutes + bulkRoutes + flowRoutes + liveRoutes).about(.jobs),
    (deadLetterRoutes + operationRoutes).about(.jobs),
    (checkpointRoutes + grantRoutes).about(.checkpoints),
    workflowRoutes.about(.workflows),
    scheduleRoutes.about(.schedules),
    (queueRoutes + kindRoutes).about(.queues),
    (limitRoutes + breakerRoutes).about(.limits),
    workerRoutes.about(.workers),
    (systemRoutes + profileRoutes).about(.metrics),
    (tokenRoutes + userRoutes + organizationRoutes + identityRoutes).about(.accounts),
    auditRoutes.about(.audit),
    secretRoutes.about(.secrets),
  ].flatMap { $0 }

  /// A route with what stands in its path's gaps.
  struct Match: Sendable {
    let route: Route
    let parameters: [String: String]
  }

  /// The route for a request.
  ///
  /// - Throws: 404 if there is no such path, 405 if it knows other methods only.
  func match(_ method: HTTPRequest.Method, _ path: [String]) throws(Problem) -> Match {
    let candidates = self.candidates(for: path)
    guard !candidates.isEmpty else {
      throw .notFound("There is nothing at this path.", remedy: "docs/openapi.yaml lists what there is.")
    }
    // What answers GET answers HEAD; the body is left out on the way back.
    let wanted = method == .head ? .get : method
    guard let match = candidates.first(where: { $0.route.method == wanted }) else {
      let allowed = Self.allow(candidates)
      throw Problem(
        .methodNotAllowed, "method_not_allowed", "This path answers \(allowed), not \(method).",
        headers: [.allow: allowed])
    }
    return match
  }

  /// For whom a path answers; `nil` if there is no such path.
  func surface(of path: [String]) -> Route.Surface? { candidates(for: path).first?.route.surface }

  /// The methods that a path answers, as `Allow` lists them; `nil` if there is no such path.
  func allow(_ path: [String]) -> String? {
    let candidates = candidates(for: path)
    return candidates.isEmpty ? nil : Self.allow(candidates)
  }

  /// The most precise first: `/api/jobs/batch` before `/api/jobs/{id}`.
  private func candidates(for path: [String]) -> [Match] {
    routes.compactMap { route in route.path.match(path).map { Match(route: route, parameters: $0) } }
      .sorted { $0.route.path.literalCount > $1.route.path.literalCount }
  }

  private static func allow(_ candidates: [Match]) -> String {
    var methods = Set(candidates.map(\.route.method.rawValue))
    if methods.contains("GET") { methods.insert("HEAD") }
    methods.insert("OPTIONS")
    return methods.sorted().joined(separator: ", ")
  }
}
