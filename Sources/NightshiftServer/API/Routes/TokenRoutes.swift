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
    var reader = FieldReader(request.body, known: ["name", "role", "expiresAt", "expiresIn", "organization", "scopes"])
    for name in ["name", "role"] where !reader.has(name) { reader.refuse(name, "is missing") }
    let name = reader.text("name", upTo: 100)
    let role = reader.choice("role", Role.self)
    let moment = reader.moment("expiresAt").map { Timestamp($0) }
    let span = reader.duration("expiresIn")
    let organization = reader.text("organization", upTo: 100)
    let scopes = scopes(&reader)
    let now = request.engine.clock.now
    if moment != nil, span != nil {
      reader.refuse("expiresIn", "and `expiresAt` mean the same: send one of them")
    }
    if let moment, moment <= now { reader.refuse("expiresAt", "must lie in the future") }
    try reader.check()
    guard let name, let role else { throw Problem.invalid(reader.faults) }
    let wanted = TokenSummary(
      id: "", name: name, role: role, organization: organization, scopes: scopes, createdAt: now,
      createdBy: request.actor.id, expiresAt: moment ?? span.map { now + $0 })
    let (token, secret) = try await makeToken(wanted, request)
    return .json(JSONValue(token, secret: secret), status: .created)
  }

  private static func scopes(_ reader: inout FieldReader) -> Set<TokenScope>? {
    guard let names = reader.texts("scopes", upTo: 30, length: 40) else { return nil }
    var scopes: Set<TokenScope> = []
    for (place, name) in names.enumerated() {
      if let scope = TokenScope(name) {
        scopes.insert(scope)
      } else {
        reader.add([.init("#/scopes/\(place)", "must be \(TokenScope.rule); got \"\(name)\"")])
      }
    }
    if names.isEmpty {
      reader.refuse("scopes", "must name at least one scope; leave it out for all that the role may do")
    }
    return scopes
  }

  private static func makeToken(
    _ token: TokenSummary, _ request: APIRequest
  ) async throws -> (TokenSummary, secret: String) {
    do {
      return try await request.engine.createToken(
        name: token.name, role: token.role, expiresAt: token.expiresAt, organization: token.organization,
        scopes: token.scopes, by: request.actor)
    } catch let error as StoreError where error.code == .conflict {
      throw Problem.conflict("There is a token \"\(token.name)\" already. Revoke it first, or use another name.")
    }
  }
}
