import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// How the whole is doing.
  static let systemRoutes: [Route] = [
    // Answers as long as the process does: what restarts it must not do so because a disk is full.
    .get("/healthz", .open) { _ in .json(["status": "ok"]) },
    .get("/readyz", .open, ready),
    .get("/metrics", .roleOrLoopback(.viewer)) { request in
      let page = try await MetricsPage(
        engine: request.engine, readiness: request.readiness, statistics: request.statistics
      ).render()
      return .bytes(Array(page.utf8), type: PrometheusText.contentType)
    },
    .get("/api/stats", .role(.viewer), query: ["from", "to", "by"], stats),
    .get("/api/doctor", .role(.admin)) { request in
      let findings = await request.findings(.thorough)
      return .json([
        "healthy": .bool(findings.allSatisfy(\.isFine)), "findings": .array(findings.map { JSONValue($0) }),
      ])
    },
  ]

  private static func ready(_ request: APIRequest) async throws -> Response {
    let readiness = await request.readiness.read()
    return .json(
      .fields([
        "status": readiness.isReady ? "ready" : "not ready",
        "storeIsWritable": .bool(readiness.storeIsWritable),
        "workerIsRunning": .bool(readiness.workerIsRunning),
        "workerIsExpected": .bool(readiness.workerIsExpected),
      ]),
      status: readiness.isReady ? .ok : .serviceUnavailable,
      headers: readiness.isReady ? [:] : [.retryAfter: "2"])
  }

  private static func stats(_ request: APIRequest) async throws -> Response {
    let now = request.engine.clock.now
    let to = try request.query.moment("to") ?? now
    let from = try request.query.moment("from") ?? to - .seconds(86_400)
    guard from < to else { throw Problem.invalid([.init(parameter: "from", "must be earlier than `to`")]) }
    let names = StatsRow.Grouping.allCases.map(\.rawValue).joined(separator: ", ")
    let by = try request.query.value("by", "one of \(names)") { StatsRow.Grouping(rawValue: $0) } ?? .hour
    if by == .hour, to - from > .seconds(92 * 86_400) {
      throw Problem.invalid([
        .init(parameter: "from", "may lie at most 92 days before `to` by the hour: use `by=day`")
      ])
    }
    let rows = try await request.engine.stats(from: from, to: to, by: by)
    return .json([
      "from": JSONValue(from), "to": JSONValue(to), "by": .string(by.rawValue),
      "rows": .array(rows.map { JSONValue($0) }),
    ])
  }
}
