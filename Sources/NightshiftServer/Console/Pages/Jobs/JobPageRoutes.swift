import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// One job, and what is done to it.
  static let jobPageRoutes: [Route] = [
    .page("/jobs/{id}", .role(.viewer)) { request in try await jobPage(request) },
    .page("/jobs/{id}/logs", .role(.viewer), query: ["after", "attempt"], logPage),
    .page("/jobs/{id}/edit", .role(.member)) { request in
      let job = try await shownJob(request)
      return try await request.page(try await EditJobPage(job, for: request), at: .jobs)
    },
    .form("/jobs/{id}/edit", .role(.member), audit: "retry", retryEdited),
    .form("/jobs/{id}/change", .role(.member), audit: "change", changeJob),
    .form("/jobs/{id}/signal", .role(.member), audit: "signal", signalJob),
    .form("/jobs/{id}/fork", .role(.member), audit: "fork", forkJob),
  ]

  static func shownJob(_ request: APIRequest) async throws -> JobDetail {
    let id = try request.jobID()
    guard let job = try await request.engine.job(id, within: request.actor.reach) else {
      throw APIRequest.noSuchJob(id)
    }
    try await request.learn(id)
    return job.shown
  }

  private static func jobPage(
    _ request: APIRequest, fault: String? = nil, status: HTTPResponse.Status = .ok
  ) async throws -> Response {
    let job = try await shownJob(request)
    var filter = CheckpointFilter()
    filter.job = job.summary.id
    let checkpoints =
      job.summary.attempt > 0 ? try await request.engine.checkpoints(filter, limit: 200).checkpoints.map(\.shown) : []
    return try await request.page(
      JobDetailPage(job, checkpoints, for: request, fault: fault), at: .jobs, status: status)
  }

  private static let onePageOfLogs = 1_000

  private static func logPage(_ request: APIRequest) async throws -> Response {
    let job = try await shownJob(request).summary
    let after = try request.query.value("after", "the number of a line") { Int64($0) } ?? 0
    let attempt = try request.query.value("attempt", "the number of an attempt") { Int($0) }
    let lines = try await request.engine.logs(of: job.id, after: after, limit: onePageOfLogs)
    let shown = lines.map { Redactor.current?.shown($0) ?? $0 }
    return try await request.page(
      LogPage(job, shown, attempt: attempt, hasMore: lines.count == onePageOfLogs), at: .jobs)
  }

  // MARK: What is done to it

  private static func changeJob(_ request: APIRequest) async throws -> Response {
    let (id, engine, actor) = (try request.jobID(), request.engine, request.actor)
    let outcomes: [ChangeOutcome]
    let flash: Flash.Message
    switch request.form["verb"] {
    case "cancel":
      let reason = request.form["reason"]?.truncatedUTF8(to: 500) ?? "cancelled by \(actor.id)"
      (outcomes, flash) = (try await engine.cancel([id], reason: reason, by: actor), .cancelled)
    case "retry": (outcomes, flash) = (try await engine.retry([id], by: actor), .retried)
    case "release": (outcomes, flash) = (try await engine.release([id], by: actor), .released)
    case "discard": (outcomes, flash) = (try await engine.discard([id], by: actor), .discarded)
    default: throw Problem.invalid([.init(parameter: "verb", "must be cancel, retry, release or discard")])
    }
    switch outcomes.first {
    case .changed: return request.see(flash == .discarded ? "/jobs" : "/jobs/\(id)", Flash(flash))
    case .refused(let state):
      let fault = "The job is \(state.rawValue) now, and nothing was changed."
      return try await jobPage(request, fault: fault, status: .conflict)
    case .missing, nil: throw APIRequest.noSuchJob(id)
    }
  }

  private static func retryEdited(_ request: APIRequest) async throws -> Response {
    let job = try await shownJob(request)
    let id = job.summary.id
    var page = try await EditJobPage(job, for: request)
    if let text = request.form.raw("payload") {
      // What was looked at, and is meant.
      do {
        let payload = try await request.restored(try JSONValue(parsing: text.utf8), ofJob: id)
        let outcomes = try await request.engine.retry([id], payload: payload?.serialized(), by: request.actor)
        if case .refused(let state) = outcomes.first {
          let fault = "The job is \(state.rawValue) now, and nothing was changed."
          return try await jobPage(request, fault: fault, status: .conflict)
        }
        return request.see("/jobs/\(id)", Flash(.retried))
      } catch let error as SubmissionError {
        page.fault = Problem(error).detail
        return try await request.page(page, at: .jobs, status: .unprocessableContent)
      } catch let error as JSONSyntaxError {
        page.fault = "This is not JSON: \(error)."
        return try await request.page(page, at: .jobs, status: .unprocessableContent)
      } catch let problem as Problem where problem.status == .unprocessableContent {
        page.fault = problem.detail
        return try await request.page(page, at: .jobs, status: .unprocessableContent)
      }
    }
    let before = JSONValue(stored: job.payload)
    let outcome = SchemaForm.read(request.form, page.schema, before: before)
    page.take(outcome, before: before, request)
    return try await request.page(page, at: .jobs, status: outcome.value == nil ? .unprocessableContent : .ok)
  }

  private static func signalJob(_ request: APIRequest) async throws -> Response {
    let id = try request.jobID()
    let name = request.form["name"] ?? ""
    let payload: JSONValue
    do {
      payload = try request.form["payload"].map { try JSONValue(parsing: $0.utf8) } ?? .null
    } catch {
      return try await jobPage(
        request, fault: "What goes with the signal is not JSON: \(error).", status: .unprocessableContent)
    }
    do {
      let state = try await request.engine.signal(name, to: id, payload: payload.serialized(), by: request.actor)
      guard let state else { throw APIRequest.noSuchJob(id) }
      guard !state.isTerminal else {
        return try await jobPage(request, fault: "The job waits for nothing any more.", status: .conflict)
      }
      return request.see("/jobs/\(id)", Flash(.signalled))
    } catch let error as FlowError {
      return try await jobPage(request, fault: error.description, status: .unprocessableContent)
    } catch let error as SignalRefused {
      return try await jobPage(request, fault: error.description, status: .conflict)
    }
  }

  private static func forkJob(_ request: APIRequest) async throws -> Response {
    let id = try request.jobID()
    do {
      let fork = try await request.engine.fork(id, Fork(step: request.form["step"]), by: request.actor)
      return request.see("/jobs/\(fork)", Flash(.forked))
    } catch let error as ForkError {
      if case .missing = error { throw APIRequest.noSuchJob(id) }
      return try await jobPage(request, fault: error.description, status: .unprocessableContent)
    }
  }
}

/// The payload of a job that has ended, to be run again with another one.
struct EditJobPage: PageModel {
  static let template = "job-edit"

  let title: String
  let id: String
  let path: String
  let kind: String
  let schema: JSONValue?
  var fault: String?
  private(set) var fields: [FieldView]
  private(set) var hasFields: Bool
  private(set) var json: String
  /// What is to be looked at before it is done.
  private(set) var review: Review?

  struct Review: Sendable {
    let changes: [ChangeView]
    let hasChanges: Bool
    let payload: String
  }

  init(_ job: JobDetail, for request: APIRequest) async throws {
    (id, path, kind) = ("\(job.summary.id)", "/jobs/\(job.summary.id)", job.summary.kind)
    title = "Run again with another payload"
    let known = try await request.engine.kinds().first { $0.kind == job.summary.kind }
    schema = known?.schema
    let payload = JSONValue(stored: job.payload)
    fields = SchemaForm.fields(schema, payload)
    hasFields = SchemaForm.isUseful(fields)
    json = String(decoding: payload.serialized(pretty: true), as: UTF8.self)
  }

  mutating func take(_ outcome: SchemaForm.Outcome, before: JSONValue, _ request: APIRequest) {
    fault = outcome.fault
    if !outcome.fields.isEmpty { (fields, hasFields) = (outcome.fields, SchemaForm.isUseful(outcome.fields)) }
    if let text = request.form.raw("json") { json = text }
    guard let value = outcome.value else { return }
    let changes = ChangeView.list(from: before, to: value)
    review = Review(changes: changes, hasChanges: !changes.isEmpty, payload: value.description)
  }
}

/// All lines of a job's log, a page at a time.
struct LogPage: PageModel {
  static let template = "job-logs"

  let title: String
  let path: String
  let kind: String
  let lines: [JobDetailPage.Line]
  let isEmpty: Bool
  let next: String?

  init(_ job: JobSummary, _ all: [LogLine], attempt: Int?, hasMore: Bool) {
    title = "Log of \(job.id)"
    (path, kind) = ("/jobs/\(job.id)", job.kind)
    lines = all.filter { attempt == nil || $0.attempt == attempt }.map(JobDetailPage.line)
    isEmpty = lines.isEmpty
    next = hasMore ? all.last.map { "/jobs/\(job.id)/logs?after=\($0.sequence)" } : nil
  }
}
