import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Dead jobs by what they died of.
  static let deadLetterRoutes: [Route] = [
    .get("/api/dead-letters", .role(.viewer), query: ["ignored"]) { request in
      try request.checkSeesEverything()
      let ignored = try request.query.value("ignored", "true or false") { ["true": true, "false": false][$0] }
      let page = try await request.engine.deadLetters(ignored: ignored ?? false)
      let groups = try await request.shown(page.groups)
      return .json(["groups": .array(groups.map { JSONValue($0) }), "more": .bool(page.isCut)])
    },
    .get("/api/dead-letters/{name}", .role(.viewer)) { request in
      .json(JSONValue(try await request.shown([request.deadLetterGroup()])[0]))
    },
    .post("/api/dead-letters/{name}/retry", .operator, audit: "begin-operation") { request in
      try await begin(.retry, request)
    },
    .post("/api/dead-letters/{name}/discard", .operator, audit: "begin-operation") { request in
      try await begin(.discard, request)
    },
    .post("/api/dead-letters/{name}/ignore", .operator, audit: "ignore-error", body: .object(.small)) { request in
      var reader = FieldReader(request.body, known: ["reason"])
      let reason = reader.text("reason", upTo: 500)
      if reason == nil, reader.faults.isEmpty { reader.refuse("reason", "is missing: why nobody has to look at them") }
      try reader.check()
      let group = try await request.deadLetterGroup()
      try await request.engine.ignoreError(group.fingerprint, reason: reason ?? "", by: request.actor)
      return .json(JSONValue(try await request.shown([request.deadLetterGroup()])[0]))
    },
    .delete("/api/dead-letters/{name}/ignore", .operator, audit: "unignore-error") { request in
      try request.checkSeesEverything()
      let name = (request.parameters["name"] ?? "").truncatedUTF8(to: 100)
      guard try await request.engine.unignoreError(name, by: request.actor) else {
        throw Problem.notFound("No group \"\(name)\" is ignored.")
      }
      return Response(status: .noContent)
    },
  ]

  private static func begin(_ verb: BulkVerb, _ request: APIRequest) async throws -> Response {
    let group = try await request.deadLetterGroup()
    let operation = try await request.engine.begin(
      verb, of: .deadLetters(fingerprint: group.fingerprint), total: group.count, by: request.actor)
    return .json(
      JSONValue(try await request.followed(operation)), status: .accepted,
      headers: [.location: "/api/operations/\(operation.id)"])
  }
}

extension APIRequest {
  /// The group that the path names.
  func deadLetterGroup() async throws -> DeadLetterGroup {
    try checkSeesEverything()
    let name = (parameters["name"] ?? "").truncatedUTF8(to: 100)
    guard let group = try await engine.deadLetterGroup(name) else {
      throw Problem.notFound(
        "No dead job died of \"\(name)\". They may have been retried, discarded or pruned.",
        remedy: "`GET /api/dead-letters` lists the groups there are.")
    }
    return group
  }

  /// Groups and operations are over all jobs, and tell of their contents: they are for those who may see all, and for
  /// others not there.
  func checkSeesEverything() throws(Problem) {
    guard !actor.reach.isEverything else { return }
    throw .notFound(
      "This is about the jobs of all, and \"\(actor.id)\" sees only some.",
      remedy: "`GET /api/jobs?state=dead` lists those that died.")
  }
}

extension JSONValue {
  init(_ group: DeadLetterGroup) {
    let ignored: JSONValue? = group.ignored.map { ignored in
      ["at": JSONValue(ignored.at), "by": .string(ignored.by), "reason": .string(ignored.reason)]
    }
    self = .fields([
      "fingerprint": .string(group.fingerprint), "kind": .string(group.kind), "type": .string(group.type),
      "message": .string(group.message), "count": JSONValue(group.count),
      "isExact": .bool(group.count < DeadLetterGroup.mostCounted), "firstSeenAt": JSONValue(group.firstSeen),
      "lastSeenAt": JSONValue(group.lastSeen), "example": .string("\(group.example)"),
      "exampleMessage": .string(group.exampleMessage), "trend": .array(group.trend.map { JSONValue($0) }),
      "ignored": ignored,
    ])
  }
}
