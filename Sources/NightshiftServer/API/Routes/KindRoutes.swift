import HummingbirdCore
import Nightshift

extension RouteTable {
  /// The kinds of jobs, and their pauses.
  static let kindRoutes: [Route] = [
    .get("/api/kinds", .role(.viewer)) { request in
      let paused = try await request.engine.pausedKinds()
      let kinds = try await request.engine.kinds()
      return .json(["kinds": .array(kinds.map { JSONValue($0, paused[$0.kind]) })])
    },
    .post("/api/kinds/{name}/pause", .operator, audit: "pause", body: .optionalObject(.small), pause),
    .post("/api/kinds/{name}/resume", .operator, audit: "resume") { request in
      let kind = try await kind(request)
      // One that is not paused is as it is wanted.
      _ = try await request.engine.resume(kind: kind, by: request.actor)
      return .json(["kind": .string(kind.rawValue), "paused": false])
    },
  ]

  private static func pause(_ request: APIRequest) async throws -> Response {
    var reader = FieldReader(request.body, known: ["reason", "until", "for"])
    let reason = reader.text("reason", upTo: 500)
    let end = PauseEnd.read(&reader, now: request.engine.clock.now)
    try reader.check()
    let kind = try await kind(request)
    try await request.engine.pause(kind: kind, until: end, reason: reason, by: request.actor)
    let pause = try await request.engine.pausedKinds()[kind.rawValue]
    var fields = JSONValue.pauseFields(ofKind: pause)
    fields["kind"] = .string(kind.rawValue)
    return .json(.fields(fields))
  }

  /// The kind that the path names.
  private static func kind(_ request: APIRequest) async throws -> JobKind {
    let name = (request.parameters["name"] ?? "").truncatedUTF8(to: 101)
    let known = try await request.engine.kinds().map(\.kind)
    // A pause of a kind that nobody has is a slip that would be found only when jobs run on.
    guard let kind = JobKind(rawValue: name), known.contains(name) else {
      let nearest = Spelling.nearest(to: name, among: known).map { "; did you mean `\($0)`?" } ?? "."
      throw Problem.notFound(
        "No worker has ever registered the kind `\(name)`\(nearest)",
        remedy: "`GET /api/kinds` lists those there are.")
    }
    return kind
  }
}
