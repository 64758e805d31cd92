import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  static let tokenRoutes: [Route] = [
    .get("/api/tokens", .role(.admin)) { request in
      .json(["tokens": .array(try await request.engine.tokens().map { JSONValue($0) })])
    },
    .post("/api/tokens", .admin, audit: "create-token", body: .object(.small), create),
    .delete("/api/tokens/{id}", .admin, audit: "revoke-token") { request in
      let id = request.parameters["id"] ?? ""
      guard try await request.engine.revokeToken(id, by: request.actor) else {
        throw Problem.notFound(
          "There is no valid token \"\(id.truncatedUTF8(to: 100))\".", remedy: "`GET /api/tokens` lists them.")
      }
      return Response(status: .noContent)
    },
  ]

  private static func create(_ request: APIRequest) async throws -> Response {
    var reader = FieldReader(request.body, known: ["name", "role", "expiresAt", "expiresIn"])
    for name in ["name", "role"] where !reader.has(name) { reader.refuse(name, "is missing") }
    let name = reader.text("name", upTo: 100)
    let role = reader.choice("role", Role.self)
    let moment = reader.moment("expiresAt").map { Timestamp($0) }
    let span = reader.duration("expiresIn")
    let now = request.engine.clock.now
    if moment != nil, span != nil {
      reader.refuse("expiresIn", "and `expiresAt` mean the same: send one of them")
    }
    if let moment, moment <= now { reader.refuse("expiresAt", "must lie in the future") }
    try reader.check()
    guard let name, let role else { throw Problem.invalid(reader.faults) }
    let (token, secret) = try await makeToken(name, role, moment ?? span.map { now + $0 }, request)
    return .json(JSONValue(token, secret: secret), status: .created)
  }

  private static func makeToken(
    _ name: String, _ role: Role, _ expiresAt: Timestamp?, _ request: APIRequest
  ) async throws -> (TokenSummary, secret: String) {
    do {
      return try await request.engine.createToken(
        name: name, role: role, expiresAt: expiresAt, by: request.actor)
    } catch let error as StoreError where error.code == .conflict {
      throw Problem.conflict("There is a token \"\(name)\" already. Revoke it first, or use another name.")
    }
  }
}
