import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Looking at jobs, and changing one.
  static let jobRoutes: [Route] = [
    .get("/api/jobs", .role(.viewer), query: FilterReader.fields + ["limit", "cursor"], list),
    .get("/api/jobs/{id}", .role(.viewer), show),
    .get("/api/jobs/{id}/logs", .role(.viewer), query: ["after", "limit"], logs),
    .delete("/api/jobs/{id}", .member, audit: "discard", discard),
    .post("/api/jobs/{id}/cancel", .member, audit: "cancel", body: .optionalObject(.small), cancel),
    .post("/api/jobs/{id}/retry", .member, audit: "retry", body: .optionalObject(.job), retry),
    .get("/api/jobs/{id}/artifacts/{name}", .role(.viewer), artifact),
  ]

  private static func list(_ request: APIRequest) async throws -> Response {
    let filter = try FilterReader.read(request.query)
    let limit = try request.query.value("limit", "a whole number from 1 to 200") { text in
      Int(text).flatMap { (1...200).contains($0) ? $0 : nil }
    }
    let cursor = try request.query.value("cursor", "the `next` of an earlier answer") { JobID($0) }
    // Who asks by name for what is beyond its reach is told of no jobs, as of any that are not there.
    let redaction = request.engine.configuration.redaction
    guard let within = filter.asked(by: request.actor, redaction) else { return .json(["jobs": []]) }
    let page = try await request.engine.jobs(within, before: cursor, limit: limit ?? 50)
    return .json(
      .fields([
        "jobs": .array(try await request.shown(page.jobs).map { JSONValue($0) }),
        "next": page.next.map { .string($0.description) },
        "searchedBackTo": page.searchedBackTo.map { JSONValue($0) },
      ]))
  }

  private static func show(_ request: APIRequest) async throws -> Response {
    let id = try request.jobID()
    guard let job = try await request.engine.job(id, within: request.actor.reach) else {
      throw APIRequest.noSuchJob(id)
    }
    // The version counts transitions only; logs and progress go on between them, its queue may be paused, a limit may fill
    // up, signals are kept, and jobs that this one is tied to move on their own.
    let progress = job.progress.map { "\($0.at.microseconds)" } ?? ""
    let others = "\(job.summary.whyHeld?.stamp ?? "").\(job.limits.stamp).\(job.ties.stamp).\(job.flow.stamp)"
    let etag = "W/\"\(job.summary.version).\(job.logs.last?.sequence ?? 0).\(progress).\(others)\""
    let headers: HTTPFields = [.eTag: etag, .cacheControl: "private, no-cache"]
    guard !request.headers.matches(etag: etag) else {
      return Response(status: .notModified, headers: headers)
    }
    try await request.learn(id)
    return .json(JSONValue(job), headers: headers)
  }

  private static let mostLogs = 1_000

  private static func logs(_ request: APIRequest) async throws -> Response {
    let id = try request.jobID()
    let after = try request.query.value("after", "the `sequence` of a line") { text in
      Int64(text).flatMap { $0 >= 0 ? $0 : nil }
    }
    let limit = try request.query.value("limit", "a whole number from 1 to \(mostLogs)") { text in
      Int(text).flatMap { (1...mostLogs).contains($0) ? $0 : nil }
    }
    let count = limit ?? mostLogs
    let lines = try await request.engine.logs(of: id, after: after ?? 0, limit: count)
    if lines.isEmpty {
      // Nobody asks for the lines of a job that is not there but by a slip.
      guard try await request.engine.job(id) != nil else { throw APIRequest.noSuchJob(id) }
    }
    // Lines may repeat what the payload holds, which is not shown with them.
    if let redactor = Redactor.current, let job = try await request.engine.job(id) {
      redactor.learn(job)
      try await request.learn(id)
    }
    return .json(
      .fields([
        "logs": .array(lines.map { JSONValue($0) }),
        "next": lines.count == count ? lines.last.map { .integer($0.sequence) } : nil,
      ]))
  }

  private static func cancel(_ request: APIRequest) async throws -> Response {
    let id = try request.jobID()
    var reader = FieldReader(request.body, known: ["reason"])
    let reason = reader.text("reason", upTo: 500)
    try reader.check()
    let outcomes = try await request.engine.cancel(
      [id], reason: reason ?? "cancelled by \(request.actor.id)", by: request.actor)
    let state = try changedState(outcomes, id) {
      "The job has ended already (\($0)): there is nothing to cancel."
    }
    return accepted(id, state)
  }

  private static func retry(_ request: APIRequest) async throws -> Response {
    let id = try request.jobID()
    let reader = FieldReader(request.body, known: ["payload"])
    try reader.check()
    let payload = try await request.restored(reader.raw("payload"), ofJob: id)
    let outcomes = try await request.engine.retry([id], payload: payload?.serialized(), by: request.actor)
    let state = try changedState(outcomes, id) { state in
      "Only a dead or cancelled job can be retried; this one is \(state)."
    }
    return accepted(id, state)
  }

  private static func discard(_ request: APIRequest) async throws -> Response {
    let id = try request.jobID()
    let outcomes = try await request.engine.discard([id], by: request.actor)
    _ = try changedState(outcomes, id) { "Only a job that has ended can be discarded; this one is \($0)." }
    return Response(status: .noContent)
  }

  private static func changedState(
    _ outcomes: [ChangeOutcome], _ id: JobID, refusal: (String) -> String
  ) throws(Problem) -> JobState {
    switch outcomes.first {
    case .changed(let state): return state
    case .refused(let state): throw .conflict(refusal("`\(state.rawValue)`"))
    case .missing, nil: throw APIRequest.noSuchJob(id)
    }
  }

  private static func accepted(_ id: JobID, _ state: JobState) -> Response {
    .json(
      [
        "id": .string(id.description), "state": .string(state.rawValue),
        "statusUrl": .string(Links.status(of: id)),
      ],
      status: .accepted, headers: [.location: Links.status(of: id)])
  }

  private static func artifact(_ request: APIRequest) async throws -> Response {
    let id = try request.jobID()
    let name = request.parameters["name"] ?? ""
    guard let (record, bytes) = try await request.engine.artifact(name, of: id) else {
      throw Problem.notFound(
        "Job \(id) has no artifact \"\(name.truncatedUTF8(to: 200))\", or there is no such job.")
    }
    let headers = ArtifactHeaders.headers(for: record)
    if request.headers.matches(etag: headers[.eTag] ?? "") {
      return Response(status: .notModified, headers: headers)
    }
    return .bytes(bytes, type: ArtifactHeaders.type(of: record), headers: headers)
  }
}
