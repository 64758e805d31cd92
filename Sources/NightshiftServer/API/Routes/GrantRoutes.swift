import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Answers that reviewers have given beforehand, with "remember this".
  static let grantRoutes: [Route] = [
    .get("/api/grants", .role(.viewer), query: ["limit", "cursor"], listGrants),
    // Who may, the grant says: an approver, or whoever has given it.
    .delete("/api/grants/{id}", .member, audit: "revoke-grant") { request in
      let text = request.parameters["id"] ?? ""
      guard let id = GrantID(text), try await request.engine.revokeGrant(id, by: request.actor) != nil else {
        throw Problem.notFound(
          "There is no grant \"\(text.truncatedUTF8(to: 40))\" in force.",
          remedy: "`GET /api/grants` lists those there are.")
      }
      return Response(status: .noContent)
    },
  ]

  private static func listGrants(_ request: APIRequest) async throws -> Response {
    let limit = try request.query.value("limit", "a whole number from 1 to 200") { text in
      Int(text).flatMap { (1...200).contains($0) ? $0 : nil }
    }
    let cursor = try request.query.value("cursor", "the `next` of an earlier answer") { GrantID($0) }
    let page = try await request.engine.grants(before: cursor, limit: limit ?? 50, for: request.actor)
    return .json(
      .fields([
        "grants": .array(page.grants.map { JSONValue($0) }), "next": page.next.map { .string("\($0)") },
      ]))
  }
}

extension JSONValue {
  fileprivate init(_ grant: Grant) {
    self = .fields([
      "id": .string("\(grant.id)"), "kind": .string(grant.kind), "key": .string(grant.key),
      "scope": .string(grant.scope.rawValue), "job": grant.job.map { .string("\($0)") },
      // What is hidden in the data could be tried out by it.
      "digest": Redactor.current == nil ? grant.digest.map(JSONValue.string) : nil, "risk": .string(grant.risk),
      "expiresAt": grant.expiresAt.map { JSONValue($0) }, "checkpoint": .string("\(grant.checkpoint)"),
      "by": .string(grant.grantedBy), "role": .string(grant.role), "createdAt": JSONValue(grant.createdAt),
      "organization": grant.organization.map(JSONValue.string),
    ])
  }
}
