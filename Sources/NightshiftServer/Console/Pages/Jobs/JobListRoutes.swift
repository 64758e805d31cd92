import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// The list of jobs, and what is done to many of them.
  static let jobListRoutes: [Route] = [
    .page("/jobs", .role(.viewer), query: FilterReader.fields + ["cursor"], listJobs),
    .page("/jobs/new", .role(.member), query: ["kind"]) { request in
      let kind = try await chosenKind(try request.query.value("kind"), request)
      return try await request.page(NewJobPage(kind, for: request, kinds: try await request.engine.kinds()), at: .jobs)
    },
    .form("/jobs/new", .role(.member), audit: "enqueue", enqueue),
    .form("/jobs/views", .role(.viewer), audit: "save-view", saveView),
    .form("/jobs/change", .role(.operator), audit: "change", changeJobs),
  ]

  private static let onePage = 50

  private static func listJobs(_ request: APIRequest) async throws -> Response {
    // An empty field of a form is no filter.
    var listing = JobListing(filter: try FilterReader.read(request.query))
    listing.cursor = try request.query.value("cursor", "the id of a job") { JobID($0) }
    // What is beyond reach is not there.
    let within = listing.filter.asked(by: request.actor, request.engine.configuration.redaction)
    var found = JobPage(jobs: [])
    if let within { found = try await request.engine.jobs(within, before: listing.cursor, limit: onePage) }
    let failed = found.jobs.filter { $0.state != .completed && $0.failures > 0 }.map(\.id)
    listing.errors = try await request.engine.lastErrors(of: failed)
    found.jobs = try await request.shown(found.jobs)
    listing.kinds = try await request.engine.kinds().map(\.kind)
    listing.queues = try await request.engine.queues()
    listing.everything = try await request.engine.pauseOfEverything()
    listing.views = try await request.engine.views(of: request.actor.id, page: "/jobs")
    return try await request.page(JobsPage(found, listing, for: request), at: .jobs)
  }

  // MARK: Saved views

  private static func saveView(_ request: APIRequest) async throws -> Response {
    let form = request.form
    if let name = form["remove"] {
      _ = try await request.engine.removeView(name, page: "/jobs", of: request.actor.id)
      return request.see(request.returnPath(or: "/jobs"), Flash(.removed))
    }
    guard let name = form["name"], name.utf8.count <= 100 else {
      throw Problem.invalid([.init(parameter: "name", "must be 1 to 100 bytes long")])
    }
    // Read once, so that a view that is kept can be shown.
    let listing = JobListing(filter: try FilterReader.read(Query(parsing: (form["filter"] ?? "")[...])))
    let view = SavedView(name: name, page: "/jobs", query: listing.query)
    guard try await request.engine.keep(view, of: request.actor.id) else {
      throw Problem.conflict("You have \(Engine.mostViews) views already: remove one of them first.")
    }
    return request.see(listing.path(cursor: nil), Flash(.saved))
  }

  // MARK: Adding one

  private static func chosenKind(_ name: String?, _ request: APIRequest) async throws -> KindSummary? {
    guard let name else { return nil }
    guard let kind = try await request.engine.kinds().first(where: { $0.kind == name }) else {
      throw Problem.notFound("No worker has ever registered the kind \"\(name.truncatedUTF8(to: 100))\".")
    }
    return kind
  }

  private static func enqueue(_ request: APIRequest) async throws -> Response {
    let form = request.form
    guard let kind = try await chosenKind(form["kind"], request), let name = JobKind(rawValue: kind.kind) else {
      throw Problem.invalid([.init(parameter: "kind", "is missing")])
    }
    func again(_ outcome: SchemaForm.Outcome, _ fault: String?) async throws -> Response {
      let kinds = try await request.engine.kinds()
      let page = NewJobPage(kind, for: request, kinds: kinds, outcome: outcome, fault: fault)
      return try await request.page(page, at: .jobs, status: .unprocessableContent)
    }
    let outcome = SchemaForm.read(form, kind.schema, before: nil)
    guard let payload = outcome.value else { return try await again(outcome, outcome.fault) }
    var draft = JobDraft(kind: name, payload: payload.serialized())
    if let queue = form["queue"] {
      guard let queue = QueueName(rawValue: queue) else { return try await again(outcome, "There is no such queue.") }
      draft.options.queue = queue
    }
    if let delay = form["delay"] {
      guard let delay = Duration(text: delay) else {
        return try await again(outcome, "The delay must be \(DurationText.rule).")
      }
      draft.options.runAt = .in(delay)
    }
    do {
      let submission = try await request.engine.submit([draft], actor: request.actor)[0]
      return request.see("/jobs/\(submission.id)", Flash(.enqueued))
    } catch let error as SubmissionError {
      return try await again(outcome, Problem(error).detail)
    }
  }

  // MARK: Changing many

  /// First shows what is meant; does it when the page that shows it says so.
  private static func changeJobs(_ request: APIRequest) async throws -> Response {
    let form = request.form
    guard let verb = form["verb"].flatMap(BulkVerb.init(rawValue:)) else {
      throw Problem.invalid([.init(parameter: "verb", "must be cancel, retry or discard")])
    }
    let ids = try form.values("id").map { text throws(Problem) in
      guard let id = JobID(text) else { throw .invalid([.init(parameter: "id", "must be the id of a job")]) }
      return id
    }
    let isConfirmed = form["confirmed"] == "yes"
    if !ids.isEmpty {
      for id in ids where try await !request.engine.reaches(request.actor.reach, id) { throw APIRequest.noSuchJob(id) }
      guard isConfirmed else {
        return try await request.page(BulkPage(verb, ids: ids, for: request), at: .jobs)
      }
      let changed = try await change(verb, ids, request)
      return request.see(request.returnPath(or: "/jobs"), Flash(flash(verb), count: changed))
    }
    guard let text = form["filter"] else {
      throw Problem.invalid([.init(parameter: "id", "is missing: choose jobs, or all that the filter means")])
    }
    guard
      let filter = try FilterReader.read(Query(parsing: text[...])).asked(
        by: request.actor, request.engine.configuration.redaction)
    else {
      throw Problem.notFound("No job that this filter means is there.")
    }
    let estimate = try await request.engine.estimate(verb, matching: filter)
    guard isConfirmed else {
      return try await request.page(BulkPage(verb, filter: text, estimate, for: request), at: .jobs)
    }
    let operation = try await request.engine.begin(
      verb, of: .filter(filter), total: estimate.count, reason: form["reason"], by: request.actor)
    return request.see("/operations/\(operation.id)", Flash(.started))
  }

  private static func change(_ verb: BulkVerb, _ ids: [JobID], _ request: APIRequest) async throws -> Int {
    let (engine, actor) = (request.engine, request.actor)
    let outcomes =
      switch verb {
      case .cancel:
        try await engine.cancel(ids, reason: request.form["reason"] ?? "cancelled by \(actor.id)", by: actor)
      case .retry: try await engine.retry(ids, by: actor)
      case .discard: try await engine.discard(ids, by: actor)
      }
    return outcomes.count { if case .changed = $0 { true } else { false } }
  }

  static func flash(_ verb: BulkVerb) -> Flash.Message {
    switch verb {
    case .cancel: .cancelled
    case .retry: .retried
    case .discard: .discarded
    }
  }
}

/// What a bulk action would do, before it does it.
struct BulkPage: PageModel {
  static let template = "bulk"

  let title: String
  let headline: String
  let verb: String
  let button: String
  let isCancel: Bool
  let isDiscard: Bool
  let ids: [String]
  let filter: String?
  let sample: [String]
  let isEmpty: Bool
  let hasMore: Bool
  let back: String

  private init(
    _ verb: BulkVerb, count: Int, isExact: Bool = true, ids: [String], filter: String?, sample: [String],
    _ request: APIRequest
  ) {
    let word =
      switch verb {
      case .cancel: "Cancel"
      case .retry: "Run again"
      case .discard: "Discard"
      }
    let jobs = isExact ? count == 1 ? "1 job" : "\(count.grouped) jobs" : "\(count.grouped) jobs or more"
    title = "\(word) \(jobs)"
    headline = "\(word) \(jobs)?"
    self.verb = verb.rawValue
    button = "\(word) \(jobs)"
    isCancel = verb == .cancel
    isDiscard = verb == .discard
    self.ids = ids
    self.filter = filter
    self.sample = sample
    isEmpty = count == 0 && isExact
    hasMore = count > sample.count || !isExact
    back = request.returnPath(or: "/jobs")
  }

  init(_ verb: BulkVerb, ids: [JobID], for request: APIRequest) {
    let names = ids.map { "\($0)" }
    self.init(verb, count: ids.count, ids: names, filter: nil, sample: Array(names.prefix(20)), request)
  }

  init(_ verb: BulkVerb, filter: String, _ estimate: BulkEstimate, for request: APIRequest) {
    self.init(
      verb, count: estimate.count, isExact: estimate.isExact, ids: [], filter: filter,
      sample: estimate.sample.map { "\($0)" }, request)
  }
}

/// A form for a new job.
struct NewJobPage: PageModel {
  static let template = "job-new"

  struct Kind: Sendable {
    let name: String
    let about: String
    let path: String
    let hasWorker: Bool
  }

  let title: String
  let kinds: [Kind]
  let hasKinds: Bool
  let kind: String?
  let about: String
  let hasWorker: Bool
  let queue: String
  let fields: [FieldView]
  let hasFields: Bool
  let json: String
  let fault: String?

  init(
    _ kind: KindSummary?, for request: APIRequest, kinds: [KindSummary], outcome: SchemaForm.Outcome? = nil,
    fault: String? = nil
  ) {
    title = kind.map { "New \($0.kind)" } ?? "New job"
    self.kinds =
      kind == nil
      ? kinds.map {
        Kind(name: $0.kind, about: $0.description, path: "/jobs/new?kind=\($0.kind)", hasWorker: $0.workers > 0)
      }
      : []
    hasKinds = !kinds.isEmpty
    self.kind = kind?.kind
    about = kind?.description ?? ""
    hasWorker = (kind?.workers ?? 0) > 0
    queue = request.form["queue"] ?? kind?.queue ?? ""
    let made = outcome?.fields ?? []
    fields = made.isEmpty ? SchemaForm.fields(kind?.schema, nil) : made
    hasFields = SchemaForm.isUseful(fields)
    json = request.form.raw("json") ?? "{}"
    self.fault = fault
  }
}
