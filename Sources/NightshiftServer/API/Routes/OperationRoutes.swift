import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// What is done to many jobs in the background.
  static let operationRoutes: [Route] = [
    .get("/api/operations", .role(.viewer), query: ["limit", "cursor"]) { request in
      try request.checkSeesEverything()
      let limit = try request.query.value("limit", "a whole number from 1 to 200") { text in
        Int(text).flatMap { (1...200).contains($0) ? $0 : nil }
      }
      let cursor = try request.query.value("cursor", "the `next` of an earlier answer") { OperationID($0) }
      let count = limit ?? 50
      let found = try await request.engine.operations(before: cursor, limit: count + 1)
      let next = found.count > count ? found[count - 1].id : nil
      return .json(
        .fields([
          "operations": .array(found.prefix(count).map { JSONValue($0) }), "next": next.map { .string("\($0)") },
        ]))
    },
    .post("/api/operations", .operator, audit: "begin-operation", body: .object(.small), beginOperation),
    .get("/api/operations/{id}", .role(.viewer)) { request in .json(JSONValue(try await request.operation())) },
    .post("/api/operations/{id}/abort", .operator, audit: "abort-operation") { request in
      let operation = try await request.operation()
      guard operation.state == .running else {
        throw Problem.conflict("The operation is \(operation.state.rawValue) already: there is nothing to stop.")
      }
      return .json(JSONValue(try await request.engine.abort(operation.id, by: request.actor) ?? operation))
    },
  ]

  private static func beginOperation(_ request: APIRequest) async throws -> Response {
    try request.checkSeesEverything()
    var reader = FieldReader(request.body, known: ["verb", "filter", "reason"])
    let verb = reader.choice("verb", BulkVerb.self)
    if verb == nil, reader.faults.isEmpty { reader.refuse("verb", "is missing: cancel, retry or discard") }
    let reason = reader.text("reason", upTo: 500)
    try reader.check()
    // All jobs are within reach, and perhaps not all that they hold.
    let meant = try FilterReader.read(reader["filter"], at: "#/filter")
    guard let verb, let filter = meant.asked(by: request.actor, request.engine.configuration.redaction) else {
      throw Problem.invalid(reader.faults)
    }
    let estimate = try await request.engine.estimate(verb, matching: filter)
    let operation = try await request.engine.begin(
      verb, of: .filter(filter), total: estimate.count, reason: reason, by: request.actor)
    return .json(
      JSONValue(try await request.followed(operation)), status: .accepted,
      headers: [.location: "/api/operations/\(operation.id)"])
  }
}

extension APIRequest {
  /// Without a server nobody would go on with it: the command line waits until it is done.
  func followed(_ operation: Operation) async throws -> Operation {
    guard isInProcess else { return operation }
    try await engine.workOffOperations()
    return try await engine.operation(operation.id) ?? operation
  }

  /// The operation that the path names: one's own, or any for those who may see all jobs.
  func operation() async throws -> Operation {
    let text = parameters["id"] ?? ""
    guard let id = OperationID(text), let operation = try await engine.operation(id),
      actor.reach.isEverything || operation.by == actor.id
    else {
      throw Problem.notFound(
        "There is no operation \"\(text.truncatedUTF8(to: 40))\".", remedy: "`GET /api/operations` lists them.")
    }
    return operation
  }
}

extension JSONValue {
  init(_ operation: Operation) {
    self = .fields([
      "id": .string("\(operation.id)"), "verb": .string(operation.verb.rawValue), "of": operation.subject.json,
      "reason": operation.reason.map(JSONValue.string), "state": .string(operation.state.rawValue),
      "total": JSONValue(operation.total), "changed": JSONValue(operation.changed),
      "lookedAt": JSONValue(operation.lookedAt), "by": .string(operation.by),
      "createdAt": JSONValue(operation.createdAt), "endedAt": operation.endedAt.map { JSONValue($0) },
      "endedBy": operation.endedBy.map(JSONValue.string), "error": operation.error.map(JSONValue.string),
      "statusUrl": .string("/api/operations/\(operation.id)"),
    ])
  }
}
