import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Schedules, and what people do to them.
  static let schedulePageRoutes: [Route] = [
    .page("/schedules", .role(.viewer), query: ["search", "after", "zone"], listSchedules),
    .page("/new-schedule", .role(.operator), query: ["kind", "zone"]) { request in
      let form = ScheduleForm(nil, kind: try request.query.value("kind"), zone: try ViewerZone(request).name)
      return try await edit(form, of: nil, request)
    },
    .form("/new-schedule", .role(.operator), audit: "add-schedule", addSchedule),
    .page("/schedules/{name}", .role(.viewer), query: ["zone", "before"]) { request in
      try await request.page(SchedulePage(try await request.schedule(), for: request), at: .schedules)
    },
    .page("/schedules/{name}/edit", .role(.operator), query: ["zone"]) { request in
      let record = try await request.schedule().record
      return try await edit(ScheduleForm(record), of: record, request)
    },
    .form("/schedules/{name}/edit", .role(.operator), audit: "edit-schedule", editSchedule),
    .form("/schedules/{name}/enable", .role(.operator), audit: "enable-schedule") { request in
      try await change(request, .enabled) { try await $0.setSchedule($1, enabled: true, by: $2) }
    },
    .form("/schedules/{name}/disable", .role(.operator), audit: "disable-schedule") { request in
      try await change(request, .disabled) { try await $0.setSchedule($1, enabled: false, by: $2) }
    },
    .form("/schedules/{name}/reset", .role(.operator), audit: "reset-schedule") { request in
      try await change(request, .reset) { try await $0.resetSchedule($1, by: $2) }
    },
    .form("/schedules/{name}/run", .role(.operator), audit: "run-schedule") { request in
      try await change(request, .enqueued) { try await $0.runSchedule($1, by: $2) }
    },
    .form("/schedules/{name}/remove", .role(.operator), audit: "remove-schedule") { request in
      try await change(request, .removed, to: "/schedules") { try await $0.removeSchedule($1, by: $2) }
    },
  ]

  private static let onePage = 50

  private static func listSchedules(_ request: APIRequest) async throws -> Response {
    let search = try request.query.value("search") ?? ""
    let after = try request.query.value("after") ?? ""
    let found = try await request.schedules(after: after, limit: onePage + 1, search: search)
    let page = try SchedulesPage(
      Array(found.prefix(onePage)), hasMore: found.count > onePage, search: search, after: after, for: request)
    return try await request.page(page, at: .schedules)
  }

  /// Does something to a schedule; what it does not allow is said on its page.
  private static func change(
    _ request: APIRequest, _ flash: Flash.Message, to path: String? = nil,
    _ body: (Engine, String, Actor) async throws -> some Sendable
  ) async throws -> Response {
    let name = request.parameters["name"] ?? ""
    do {
      _ = try await body(request.engine, name, request.actor)
      return request.see(path ?? request.returnPath(or: Agenda.path(name)), Flash(flash))
    } catch let error as ScheduleError where error.reason != .missing {
      return try await refused(
        error.description, error.reason == .conflict ? .conflict : .unprocessableContent, request)
    } catch let error as SubmissionError {
      return try await refused(Problem(error).detail, .unprocessableContent, request)
    }
  }

  private static func refused(
    _ fault: String, _ status: HTTPResponse.Status, _ request: APIRequest
  ) async throws -> Response {
    let page = try await SchedulePage(try await request.schedule(), for: request, fault: fault)
    return try await request.page(page, at: .schedules, status: status)
  }

  // MARK: The form

  private static func edit(
    _ form: ScheduleForm, of record: ScheduleRecord?, _ request: APIRequest
  ) async throws -> Response {
    let kinds = try await request.engine.kinds()
    let payload = SchedulePayload(of: record, kind: form.kind, kinds)
    let page = try await ScheduleEditPage(form, payload, of: record, for: request, kinds: kinds)
    return try await request.page(page, at: .schedules)
  }

  private static func addSchedule(_ request: APIRequest) async throws -> Response {
    let form = ScheduleForm(request.form, name: nil)
    return try await sent(form, nil, request) { payload in
      let name = request.form["name"]
      // All at once, so that nobody mends one only to be told of the next.
      let faults = [
        name == nil ? Problem.Fault("#/name", "is missing: it must be \(ScheduleName.rule)") : nil,
        payload.fault.map { Problem.Fault("#/payload", $0) },
      ].compactMap(\.self)
      guard let name, faults.isEmpty else { throw Problem.invalid(faults) }
      let fields = try ScheduleForm.read(request.form, payload)
      _ = try await request.engine.addSchedule(name, .object(fields), by: request.actor)
      return request.see(Agenda.path(name), Flash(.saved))
    }
  }

  private static func editSchedule(_ request: APIRequest) async throws -> Response {
    let record = try await request.schedule().record
    let form = ScheduleForm(request.form, name: record.name)
    return try await sent(form, record, request) { payload in
      let wanted = try request.restored(.object(try ScheduleForm.read(request.form, payload)), of: record)
      let changes = ScheduleForm.changes(wanted.objectValue ?? [:], to: record)
      if !changes.isEmpty {
        _ = try await request.engine.editSchedule(record.name, .object(changes), by: request.actor)
      }
      return request.see(Agenda.path(record.name), Flash(.saved))
    }
  }

  /// Shows the form again with what it would do, or does it.
  private static func sent(
    _ form: ScheduleForm, _ record: ScheduleRecord?, _ request: APIRequest,
    _ save: (SchedulePayload) async throws -> Response
  ) async throws -> Response {
    let kinds = try await request.engine.kinds()
    let payload = SchedulePayload(request.form, of: record, kinds)
    var faults: [String] = []
    if !["preview", "json", "fields"].contains(request.form["verb"]) {
      do {
        return try await save(payload)
      } catch let error as ScheduleError where error.reason != .missing {
        faults = error.faults.map(ScheduleEditPage.text)
      } catch let error as SubmissionError {
        faults = [Problem(error).detail]
      } catch let problem as Problem where problem.status == .unprocessableContent {
        faults = problem.faults.isEmpty ? [problem.detail] : problem.faults.map(ScheduleEditPage.text)
      }
    }
    let page = try await ScheduleEditPage(form, payload, of: record, for: request, kinds: kinds, faults: faults)
    let status: HTTPResponse.Status = faults.isEmpty && page.faults.isEmpty ? .ok : .unprocessableContent
    return try await request.page(page, at: .schedules, status: status)
  }
}
