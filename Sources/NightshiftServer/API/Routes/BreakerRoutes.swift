import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// What keeps jobs back while something that they need does not work.
  static let breakerRoutes: [Route] = [
    .get("/api/breakers", .role(.viewer)) { request in
      .json(["breakers": .array(try await request.engine.breakers().map { JSONValue($0) })])
    },
    .get("/api/breakers/{name}", .role(.viewer)) { request in .json(try await shown(request)) },
    .put("/api/breakers/{name}", .operator, audit: "set-breaker", body: .object(.small)) { request in
      let breaker = try CircuitBreaker(name: request.breakerName, request.body ?? [:])
      let isNew = try await request.engine.set(breaker, by: request.actor)
      return .json(
        try await shown(request).adding(warnings: request.engine.warnings(about: breaker)),
        status: isNew ? .created : .ok,
        headers: isNew ? [.location: "/api/breakers/\(breaker.name)"] : [:])
    },
    .delete("/api/breakers/{name}", .operator, audit: "remove-breaker") { request in
      let name = request.breakerName
      guard try await request.engine.removeBreaker(name, by: request.actor) else { throw noSuchBreaker(name) }
      return Response(status: .noContent)
    },
    .post("/api/breakers/{name}/reset", .operator, audit: "reset-breaker") { request in
      let name = request.breakerName
      guard try await request.engine.resetBreaker(name, by: request.actor) else { throw noSuchBreaker(name) }
      return .json(try await shown(request))
    },
  ]

  private static func shown(_ request: APIRequest) async throws -> JSONValue {
    let name = request.breakerName
    guard let status = try await request.engine.breakers().first(where: { $0.state.breaker.name == name }) else {
      throw noSuchBreaker(name)
    }
    return JSONValue(status)
  }

  private static func noSuchBreaker(_ name: String) -> Problem {
    .notFound(
      "There is no circuit breaker \"\(name.truncatedUTF8(to: 100))\".",
      remedy: "`GET /api/breakers` lists those there are.")
  }
}

extension APIRequest {
  /// The breaker that the path names.
  fileprivate var breakerName: String { parameters["name"] ?? "" }
}
