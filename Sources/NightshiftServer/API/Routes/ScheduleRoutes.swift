import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Schedules: what enqueues jobs by the clock.
  static let scheduleRoutes: [Route] = [
    .get("/api/schedules", .role(.viewer), query: ["after", "limit", "search"], listSchedules),
    .post("/api/schedules", .operator, audit: "add-schedule", body: .object(.job), addSchedule),
    .get(
      "/api/schedules/preview", .role(.viewer), query: ["expression", "zone", "from", "count"], previewExpression),
    .get("/api/schedules/export", .role(.viewer), exportSchedules),
    .get("/api/schedules/{name}", .role(.viewer)) { request in
      let summary = try await request.schedule()
      return .json(JSONValue(summary, withJobs: request.mayKnowJobs(of: summary)))
    },
    .patch("/api/schedules/{name}", .operator, audit: "edit-schedule", body: .object(.job)) { request in
      let fields = try request.restored(request.body ?? [:], of: try await request.schedule().record)
      return .json(
        JSONValue(try await request.engine.editSchedule(request.scheduleName, fields, by: request.actor)))
    },
    .delete("/api/schedules/{name}", .operator, audit: "remove-schedule") { request in
      try await request.engine.removeSchedule(request.scheduleName, by: request.actor)
      return Response(status: .noContent)
    },
    .post("/api/schedules/{name}/enable", .operator, audit: "enable-schedule") { request in
      .json(JSONValue(try await request.engine.setSchedule(request.scheduleName, enabled: true, by: request.actor)))
    },
    .post("/api/schedules/{name}/disable", .operator, audit: "disable-schedule") { request in
      .json(JSONValue(try await request.engine.setSchedule(request.scheduleName, enabled: false, by: request.actor)))
    },
    .post("/api/schedules/{name}/reset", .operator, audit: "reset-schedule") { request in
      .json(JSONValue(try await request.engine.resetSchedule(request.scheduleName, by: request.actor)))
    },
    .post("/api/schedules/{name}/run", .operator, audit: "run-schedule") { request in
      let submission = try await request.engine.runSchedule(request.scheduleName, by: request.actor)
      return try await answer(submission, isReplay: false, to: request)
    },
    .get("/api/schedules/{name}/preview", .role(.viewer), query: ["count", "from", "zone"], previewSchedule),
    .get("/api/schedules/{name}/history", .role(.viewer), query: ["before", "limit"], scheduleHistory),
  ]

  private static let longestPage = 1_000

  private static func listSchedules(_ request: APIRequest) async throws -> Response {
    let limit = try request.query.count("limit", upTo: longestPage) ?? 100
    let schedules = try await request.schedules(
      after: try request.query.value("after") ?? "", limit: limit + 1,
      search: try request.query.value("search") ?? "")
    let page = schedules.prefix(limit)
    let next = schedules.count > limit ? page.last.map { JSONValue.string($0.record.name) } : nil
    return .json(
      .fields([
        "schedules": .array(page.map { JSONValue($0, withJobs: request.mayKnowJobs(of: $0)) }), "next": next ?? .null,
      ]))
  }

  private static func addSchedule(_ request: APIRequest) async throws -> Response {
    var fields = request.body?.objectValue ?? [:]
    guard let name = fields.removeValue(forKey: "name")?.stringValue else {
      throw Problem.invalid([.init("#/name", "is missing: it must be \(ScheduleName.rule)")])
    }
    let summary = try await request.engine.addSchedule(name, .object(fields), by: request.actor)
    return .json(JSONValue(summary), status: .created, headers: [.location: "/api/schedules/\(name)"])
  }

  private static func previewExpression(_ request: APIRequest) async throws -> Response {
    var faults = QueryFaults()
    let expression = try faults.collect { try request.query.value("expression") }
    let zone = try faults.collect { try request.query.value("zone") } ?? "UTC"
    let (from, count) = try previewRange(request, &faults)
    if expression == nil, faults.all.allSatisfy({ $0.place != .parameter("expression") }) {
      faults.all.append(.init(parameter: "expression", "is missing: such as 0 2 * * *, @daily or every 90s"))
    }
    var answer: [String: JSONValue] = ["zone": .string(zone)]
    do throws(ScheduleError) {
      // Without an expression the zone is looked at all the same.
      answer["times"] = try SchedulePreview.json(
        expression ?? "@daily", zone: zone, from: from, count: count, request.engine.timelines)
      answer["words"] = .string(try SchedulePreview.words(expression ?? "@daily"))
    } catch {
      // They were sent as parameters, and not as fields.
      faults.all += error.faults.map { .init(parameter: String($0.pointer.dropFirst(2)), $0.message) }
    }
    try faults.check()
    answer["expression"] = expression.map(JSONValue.string)
    return .json(.object(answer))
  }

  private static func previewSchedule(_ request: APIRequest) async throws -> Response {
    let summary = try await request.schedule()
    guard var definition = summary.definition else {
      throw Problem.conflict(summary.record.problem ?? "The schedule cannot be read.")
    }
    var faults = QueryFaults()
    if let zone = try faults.collect({ try request.query.value("zone") }), zone != definition.zone {
      // Only to show its times elsewhere: they stay those of the schedule's own zone.
      definition.shownIn = try faults.collect { try zoneToShow(zone, request) }
    }
    let (from, count) = try previewRange(request, &faults)
    try faults.check()
    return .json([
      "name": .string(summary.record.name), "expression": .string(definition.expression),
      "zone": .string(definition.zone), "words": .string(definition.words),
      "times": definition.preview(from: from, count: count),
    ])
  }

  private static func zoneToShow(_ zone: String, _ request: APIRequest) throws(Problem) -> ZoneTimeline? {
    guard let timeline = request.engine.timelines.timeline(zone) else {
      throw .invalid([.init(parameter: "zone", "must be \(ZoneTimelines.rule(for: zone))")])
    }
    return timeline
  }

  private static func previewRange(
    _ request: APIRequest, _ faults: inout QueryFaults
  ) throws -> (Timestamp, Int) {
    let count = try faults.collect { try request.query.count("count", upTo: SchedulePreview.most) } ?? 10
    return (try faults.collect { try request.query.moment("from") } ?? request.engine.clock.now, count)
  }

  private static func scheduleHistory(_ request: APIRequest) async throws -> Response {
    let schedule = try await request.schedule()
    let limit = try request.query.count("limit", upTo: longestPage) ?? 50
    let slots = try await request.slots(
      of: schedule, before: try request.query.moment("before"), limit: limit + 1)
    let page = slots.prefix(limit)
    let next = slots.count > limit ? page.last.map { JSONValue($0.at) } : nil
    return .json(
      .fields([
        "name": .string(schedule.record.name), "slots": .array(page.map { JSONValue($0) }), "next": next ?? .null,
      ]))
  }

  private static func exportSchedules(_ request: APIRequest) async throws -> Response {
    var text = "# Exported by Nightshift: every schedule as it counts now.\nschedules:"
    var name = ""
    var isEmpty = true
    while true {
      let page = try await request.schedules(after: name, limit: longestPage)
      for summary in page { text += ScheduleYAML.entry(summary.record) }
      isEmpty = isEmpty && page.isEmpty
      guard page.count == longestPage, let last = page.last else { break }
      name = last.record.name
    }
    text += isEmpty ? " {}\n" : "\n"
    return .bytes(Array(text.utf8), type: "application/yaml")
  }
}

extension APIRequest {
  /// The schedule that the path names.
  fileprivate var scheduleName: String { parameters["name"] ?? "" }
}

extension Query {
  fileprivate func count(_ name: String, upTo limit: Int) throws(Problem) -> Int? {
    try value(name, "a whole number from 1 to \(limit)") { text in
      Int(text).flatMap { (1...limit).contains($0) ? $0 : nil }
    }
  }
}
