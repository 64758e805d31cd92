import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// What jobs need and nobody is to read. There is no way to get a value back.
  static let secretRoutes: [Route] = [
    .get("/api/secrets", .role(.admin)) { request in
      .json(["secrets": .array(try await request.engine.secrets().map { JSONValue($0) })])
    },
    .put("/api/secrets/{name}", .admin, audit: "set-secret", body: .object(.job), setSecret),
    .delete("/api/secrets/{name}", .admin, audit: "remove-secret") { request in
      let name = request.parameters["name"] ?? ""
      guard try await request.engine.removeSecret(name, by: request.actor) else {
        throw Problem.notFound(
          "There is no secret \"\(name.truncatedUTF8(to: 100))\".", remedy: "`GET /api/secrets` lists them.")
      }
      return Response(status: .noContent)
    },
    .post("/api/secrets/rotate", .admin, audit: "rotate-secrets") { request in
      .json(["count": JSONValue(try await request.engine.rotateSecrets(by: request.actor))])
    },
  ]

  private static func setSecret(_ request: APIRequest) async throws -> Response {
    let reader = FieldReader(request.body, known: ["value"])
    try reader.check()
    // Not through the reader's own words, which would quote what they refuse.
    guard let value = reader["value"]?.stringValue else {
      throw Problem.invalid([.init("#/value", "must be \(SecretRule.value)")])
    }
    let name = request.parameters["name"] ?? ""
    let isNew = try await request.engine.setSecret(name, to: value, by: request.actor)
    return Response(status: isNew ? .created : .noContent, headers: isNew ? [.location: "/api/secrets"] : [:])
  }
}

extension JSONValue {
  init(_ secret: SecretSummary) {
    self = .fields([
      "name": .string(secret.name), "version": .integer(secret.version), "key": .string(secret.keyID),
      "createdAt": JSONValue(secret.createdAt), "createdBy": .string(secret.createdBy),
      "updatedAt": JSONValue(secret.updatedAt), "updatedBy": .string(secret.updatedBy),
      "usedAt": secret.usedAt.map { JSONValue($0) },
    ])
  }
}

extension Problem {
  init(_ error: SecretError) {
    switch error.reason {
    case .invalid(let field): self = .invalid([.init("#/\(field)", error.description)])
    case .missing: self = .notFound(error.description)
    case .noKey, .wrongKey, .badKey: self.init(.conflict, "master_key", error.description)
    case .damaged: self.init(.conflict, "secret_damaged", error.description)
    }
  }
}
