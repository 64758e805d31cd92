import HummingbirdCore
import Nightshift

extension RouteTable {
  static let queueRoutes: [Route] = [
    .get("/api/queues", .role(.viewer)) { request in
      .json(["queues": .array(try await request.engine.queues().map { JSONValue($0) })])
    },
    .post("/api/queues/{name}/pause", .operator, audit: "pause") { request in
      let name = try request.queueName()
      return try paused(true, name, await request.engine.pause(name, by: request.actor))
    },
    .post("/api/queues/{name}/resume", .operator, audit: "resume") { request in
      let name = try request.queueName()
      return try paused(false, name, await request.engine.resume(name, by: request.actor))
    },
    .post("/api/queues/{name}/purge", .operator, audit: "cancel", body: .optionalObject(.small), purge),
  ]

  private static func paused(_ isPaused: Bool, _ name: QueueName, _ isKnown: Bool) throws(Problem) -> Response {
    guard isKnown else { throw noSuchQueue(name) }
    return .json(["name": .string(name.rawValue), "paused": .bool(isPaused)])
  }

  private static func purge(_ request: APIRequest) async throws -> Response {
    let name = try request.queueName()
    var reader = FieldReader(request.body, known: ["dryRun"])
    let isDryRun = reader.flag("dryRun") ?? false
    try reader.check()
    guard try await request.engine.queues().contains(where: { $0.name == name.rawValue }) else {
      throw noSuchQueue(name)
    }
    let outcome = try await request.engine.purge(name, dryRun: isDryRun, by: request.actor)
    return .json(JSONValue(outcome, dryRun: isDryRun))
  }

  private static func noSuchQueue(_ name: QueueName) -> Problem {
    .notFound("There is no queue \"\(name)\".", remedy: "`GET /api/queues` lists those there are.")
  }
}
