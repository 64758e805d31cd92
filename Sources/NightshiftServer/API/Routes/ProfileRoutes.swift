import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Where the time of each kind goes, and when one counts as slow.
  static let profileRoutes: [Route] = [
    .get("/api/profile", .role(.viewer), query: ["from", "to", "kind"], profile),
    .put("/api/profile/thresholds/{kind}", .operator, audit: "watch-slowness", body: .object(.small), watch),
    .delete("/api/profile/thresholds/{kind}", .operator, audit: "end-slowness-watch") { request in
      let kind = request.parameters["kind"] ?? ""
      guard try await request.engine.endWatch(over: kind, by: request.actor) else {
        throw Problem.notFound(
          "Nobody watches the kind \"\(kind.truncatedUTF8(to: 100))\" for slowness.",
          remedy: "`GET /api/profile` lists what is watched under `thresholds`.")
      }
      return Response(status: .noContent)
    },
  ]

  private static func profile(_ request: APIRequest) async throws -> Response {
    let now = request.engine.clock.now
    let to = try request.query.moment("to") ?? now
    let from = try request.query.moment("from") ?? to - .seconds(86_400)
    guard from < to else { throw Problem.invalid([.init(parameter: "from", "must be earlier than `to`")]) }
    guard to - from <= .seconds(35 * 86_400) else {
      throw Problem.invalid([.init(parameter: "from", "may lie at most 35 days before `to`: so long hours are kept")])
    }
    let kind = try request.query.value("kind")
    let profiles = try await request.engine.profile(from: from, to: to, kind: kind)
    let thresholds = try await request.engine.slowThresholds().values.sorted { $0.kind < $1.kind }
    // They are everybody's.
    let namesJobs = request.actor.reach.isEverything
    return .json([
      "from": JSONValue(from), "to": JSONValue(to),
      "kinds": .array(profiles.map { JSONValue($0, namesJobs: namesJobs) }),
      "thresholds": .array(thresholds.filter { kind == nil || $0.kind == kind }.map { JSONValue($0) }),
    ])
  }

  private static func watch(_ request: APIRequest) async throws -> Response {
    var reader = FieldReader(request.body, known: ["p95", "over", "least"])
    let p95 = reader.duration("p95")
    let window = reader.duration("over")
    let least = reader.number("least", in: 1...1_000_000)
    if !reader.has("p95") { reader.refuse("p95", "is missing: it must be a length of time such as 2s") }
    if let window, !SlowThreshold.windows.contains(window) {
      reader.refuse("over", "must be 1m to 1d; got \(window.text)")
    }
    try reader.check()
    let kind = try await watchedKind(request)
    let threshold = SlowThreshold(
      kind: kind, p95: p95!, window: window ?? .seconds(600), least: least ?? SlowThreshold.standardLeast)
    try await request.engine.watch(threshold, by: request.actor)
    let watched = try await request.engine.slowThresholds()[kind] ?? threshold
    return .json(JSONValue(watched))
  }

  private static func watchedKind(_ request: APIRequest) async throws -> String {
    let name = (request.parameters["kind"] ?? "").truncatedUTF8(to: 101)
    let known = try await request.engine.kinds().map(\.kind)
    guard known.contains(name) else {
      let hint = Spelling.nearest(to: name, among: known).map { " Did you mean `\($0)`?" } ?? ""
      throw Problem.notFound(
        "No worker has ever registered the kind \"\(name)\".\(hint)", remedy: "`GET /api/kinds` lists those there are.")
    }
    return name
  }
}
