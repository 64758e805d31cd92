import HummingbirdCore
import Nightshift

extension RouteTable {
  static let queueRoutes: [Route] = [
    .get("/api/queues", .role(.viewer)) { request in
      let everything = try await request.engine.pauseOfEverything()
      return .json([
        "queues": .array(try await request.engine.queues().map { JSONValue($0) }),
        "everything": .fields(JSONValue.pauseFields(everything)),
      ])
    },
    .post("/api/queues/{name}/pause", .operator, audit: "pause", body: .optionalObject(.small)) { request in
      let name = try request.queueName()
      return try await pause(.queue(name), ["name": .string(name.rawValue)], request)
    },
    .post("/api/queues/{name}/resume", .operator, audit: "resume") { request in
      let name = try request.queueName()
      guard try await request.engine.resume(.queue(name), by: request.actor) else { throw noSuchQueue(name) }
      return .json(["name": .string(name.rawValue), "paused": false])
    },
    .post("/api/pause", .operator, audit: "pause", body: .optionalObject(.small)) { request in
      try await pause(.everything, [:], request)
    },
    .post("/api/resume", .operator, audit: "resume") { request in
      _ = try await request.engine.resume(.everything, by: request.actor)
      return .json(["paused": false])
    },
    .post("/api/queues/{name}/purge", .operator, audit: "cancel", body: .optionalObject(.small), purge),
  ]

  private static func pause(
    _ subject: Pause.Subject, _ names: [String: JSONValue?], _ request: APIRequest
  ) async throws -> Response {
    var reader = FieldReader(request.body, known: ["reason", "until", "for"])
    let reason = reader.text("reason", upTo: 500)
    let end = PauseEnd.read(&reader, now: request.engine.clock.now)
    try reader.check()
    let (pause, isNew) = try await request.engine.pause(subject, until: end, reason: reason, by: request.actor)
    var fields = JSONValue.pauseFields(pause).merging(names) { $1 }
    // A slip in the name would else be found only when its jobs run on.
    if isNew { fields["newQueue"] = true }
    return .json(.fields(fields))
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
