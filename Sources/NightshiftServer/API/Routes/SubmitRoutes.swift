import HTTPTypes
import HummingbirdCore
import Nightshift
import ServiceLifecycle

extension RouteTable {
  /// What brings jobs in.
  static let submitRoutes: [Route] = [
    .post("/api/jobs", .member, audit: "enqueue", body: .object(.job), submitOne),
    .post("/api/jobs/batch", .member, audit: "enqueue", body: .object(.batch), submitMany),
  ]

  private static let mostJobs = 10_000
  /// Past this many faults the rest is not worth reading.
  private static let mostFaults = 100

  private static func submitOne(_ request: APIRequest) async throws -> Response {
    let (draft, faults) = DraftReader.read(
      request.body ?? .null, traceparent: request.headers.validTraceparent)
    guard let draft else { throw Problem.invalid(faults) }
    let key = try request.headers.idempotencyKey()
    let submissions = try await request.engine.submit([draft], idempotencyKey: key, actor: request.actor)
    // With both keys it cannot be told which one was taken; "duplicate" is true of either.
    let isReplay = submissions[0].isDuplicate && key != nil && !draft.options.hasKey
    return try await answer(submissions[0], isReplay: isReplay, to: request)
  }

  /// The job that was added; as it is when it is over, for whoever prefers to wait for that.
  static func answer(
    _ submission: Submission, isReplay: Bool, to request: APIRequest
  ) async throws -> Response {
    var submission = submission
    var headers: HTTPFields = submission.isHidden ? [:] : [.location: Links.status(of: submission.id)]
    if isReplay { headers[.idempotencyReplayed] = "true" }
    // Whoever may not see the job that holds the key does not learn how it ends either.
    if !submission.isHidden, let wait = request.headers.preferredWait() {
      headers[.preferenceApplied] = "wait=\(wait)"
      let id = submission.id
      // A server that stops answers what it knows, rather than hold up the stop for a minute.
      let latest = try await cancelWhenGracefulShutdown {
        try await request.engine.waitForEnd(of: id, within: request.actor.reach, timeout: .seconds(wait))
      }
      if let latest, latest.summary.state.isTerminal {
        try await request.learn(id)
        return .json(JSONValue(latest), headers: headers)
      }
      if let latest { submission.state = latest.summary.state }
    }
    let isDuplicate = submission.isDuplicate && !isReplay
    return .json(JSONValue(submission, isDuplicate), status: isDuplicate ? .ok : .accepted, headers: headers)
  }

  private static func submitMany(_ request: APIRequest) async throws -> Response {
    let drafts = try await drafts(in: request)
    let key = try request.headers.idempotencyKey()
    let submissions: [Submission]
    do {
      submissions = try await request.engine.submit(drafts, idempotencyKey: key, actor: request.actor)
    } catch let error as SubmissionError where error.keyReusedBy == nil {
      throw Problem.invalid(error.faults.map { fault($0, at: $0.index) })
    }
    let isReplay =
      key != nil && submissions.allSatisfy(\.isDuplicate) && drafts.allSatisfy { !$0.options.hasKey }
    let headers: HTTPFields = isReplay ? [.idempotencyReplayed: "true"] : [:]
    let jobs = submissions.map { JSONValue($0, $0.isDuplicate && !isReplay) }
    return .json(["jobs": .array(jobs), "count": JSONValue(jobs.count)], status: .accepted, headers: headers)
  }

  private static func fault(_ fault: SubmissionError.Fault, at index: Int) -> Problem.Fault {
    .init("#/jobs/\(index)\(fault.pointer.dropFirst())", fault.message)
  }

  private static func drafts(in request: APIRequest) async throws -> [JobDraft] {
    var reader = FieldReader(request.body, known: ["jobs"])
    let rule = "an array of 1 to \(mostJobs) jobs"
    if !reader.has("jobs") { reader.refuse("jobs", "is missing: it must be \(rule)") }
    let items = reader.value("jobs", rule) { value in
      value.arrayValue.flatMap { (1...mostJobs).contains($0.count) ? $0 : nil }
    }
    try reader.check()
    let traceparent = request.headers.validTraceparent
    var drafts: [JobDraft] = []
    var indices: [Int] = []
    var faults: [Problem.Fault] = []
    for (index, item) in (items ?? []).enumerated() where faults.count < mostFaults {
      let (draft, found) = DraftReader.read(item, at: "#/jobs/\(index)", traceparent: traceparent)
      faults += found
      guard let draft else { continue }
      drafts.append(draft)
      indices.append(index)
    }
    guard !faults.isEmpty else { return drafts }
    // The rest is checked too, so that one answer names all that has to be mended; but for names, which jobs may have
    // that could not be read.
    for index in drafts.indices {
      drafts[index].ref = nil
      drafts[index].options.dependsOn.removeAll { if case .ref = $0 { true } else { false } }
    }
    let others = try await request.engine.faults(in: drafts).map { fault($0, at: indices[$0.index]) }
    throw Problem.invalid(faults + others)
  }
}

extension JSONValue {
  /// What became of a draft, and where to look for more.
  fileprivate init(_ submission: Submission, _ isDuplicate: Bool) {
    self = .fields([
      "id": .string(submission.id.description),
      "state": submission.state.map { .string($0.rawValue) },
      "statusUrl": submission.isHidden ? JSONValue?.none : .string(Links.status(of: submission.id)),
      "liveUrl": submission.isHidden ? JSONValue?.none : .string(Links.live(of: submission.id)),
      "duplicate": isDuplicate ? true : nil,
      "conflict": isDuplicate ? submission.conflict.map { .string($0.rawValue) } : nil,
    ])
  }
}
