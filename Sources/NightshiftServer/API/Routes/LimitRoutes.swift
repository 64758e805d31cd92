import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// How many jobs may run at a time, or begin within a time.
  static let limitRoutes: [Route] = [
    .get("/api/limits", .role(.viewer)) { request in
      .json(["limits": .array(try await request.engine.limits().map { JSONValue($0) })])
    },
    .get("/api/limits/{name}", .role(.viewer)) { request in .json(try await limit(request)) },
    .put("/api/limits/{name}", .operator, audit: "set-limit", body: .object(.small), setLimit),
    .delete("/api/limits/{name}", .operator, audit: "remove-limit") { request in
      let name = request.limitName
      guard try await request.engine.removeLimit(name, by: request.actor) else { throw noSuchLimit(name) }
      return Response(status: .noContent)
    },
  ]

  private static func limit(_ request: APIRequest) async throws -> JSONValue {
    let name = request.limitName
    guard let status = try await request.engine.limit(name) else { throw noSuchLimit(name) }
    return JSONValue(status, try await request.engine.use(ofLimit: name), for: request)
  }

  /// The whole of it: what is not sent does not hold any more.
  private static func setLimit(_ request: APIRequest) async throws -> Response {
    let limit = try Limit(name: request.limitName, request.body ?? [:])
    let isNew = try await request.engine.set(limit, by: request.actor)
    return .json(
      try await self.limit(request).adding(warnings: request.engine.warnings(about: limit)),
      status: isNew ? .created : .ok,
      headers: isNew ? [.location: "/api/limits/\(limit.name)"] : [:])
  }

  private static func noSuchLimit(_ name: String) -> Problem {
    .notFound(
      "There is no limit \"\(name.truncatedUTF8(to: 100))\".", remedy: "`GET /api/limits` lists those there are.")
  }
}

extension APIRequest {
  /// The limit that the path names.
  fileprivate var limitName: String { parameters["name"] ?? "" }
}
