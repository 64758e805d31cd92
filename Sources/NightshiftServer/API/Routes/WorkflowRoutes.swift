import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Jobs tied by dependencies, as wholes; and what lets a job go on whose dependency died.
  static let workflowRoutes: [Route] = [
    .post("/api/workflows", .member, audit: "enqueue-workflow", body: .object(.batch), submitWorkflow),
    .get("/api/workflows", .role(.viewer), query: ["limit", "cursor"], listWorkflows),
    .get("/api/workflows/{id}", .role(.viewer), showWorkflow),
    .post(
      "/api/workflows/{id}/cancel", .operator, audit: "cancel-workflow", body: .optionalObject(.small),
      cancelWorkflow),
    .post("/api/jobs/{id}/release", .operator, audit: "release", releaseJob),
  ]

  private static func submitWorkflow(_ request: APIRequest) async throws -> Response {
    let workflow = try await WorkflowReader.read(request)
    let key = try request.headers.idempotencyKey()
    do {
      let submission = try await request.engine.submit(workflow, idempotencyKey: key, actor: request.actor)
      var headers: HTTPFields = [.location: Links.workflow(submission.id)]
      if submission.isReplay { headers[.idempotencyReplayed] = "true" }
      return .json(JSONValue(submission), status: .accepted, headers: headers)
    } catch let error as SubmissionError where error.keyReusedBy == nil {
      throw Problem.invalid(error.faults.map { WorkflowReader.fault($0, jobs: workflow.jobs.count) })
    }
  }

  private static func listWorkflows(_ request: APIRequest) async throws -> Response {
    let limit = try request.query.value("limit", "a whole number from 1 to 200") { text in
      Int(text).flatMap { (1...200).contains($0) ? $0 : nil }
    }
    let cursor = try request.query.value("cursor", "the `next` of an earlier answer") { WorkflowID($0) }
    let page = try await request.engine.workflows(before: cursor, limit: limit ?? 50, within: request.actor.reach)
    return .json(
      .fields([
        "workflows": .array(page.workflows.map { JSONValue($0) }),
        "next": page.next.map { .string($0.description) },
      ]))
  }

  private static func showWorkflow(_ request: APIRequest) async throws -> Response {
    let id = try request.workflowID()
    guard let workflow = try await request.engine.workflow(id) else { throw APIRequest.noSuchWorkflow(id) }
    return .json(JSONValue(workflow))
  }

  private static func cancelWorkflow(_ request: APIRequest) async throws -> Response {
    let id = try request.workflowID()
    var reader = FieldReader(request.body, known: ["reason"])
    let reason = reader.text("reason", upTo: 500)
    try reader.check()
    let count = try await request.engine.cancelWorkflow(
      id, reason: reason ?? "cancelled by \(request.actor.id)", by: request.actor)
    guard let count else { throw APIRequest.noSuchWorkflow(id) }
    guard count > 0 else { throw Problem.conflict("All jobs of the workflow have ended: there is nothing to cancel.") }
    return .json(
      ["id": .string(id.description), "count": JSONValue(count), "statusUrl": .string(Links.workflow(id))],
      status: .accepted, headers: [.location: Links.workflow(id)])
  }

  private static func releaseJob(_ request: APIRequest) async throws -> Response {
    let id = try request.jobID()
    switch try await request.engine.release([id], by: request.actor).first {
    case .changed(let state):
      return .json(
        [
          "id": .string(id.description), "state": .string(state.rawValue),
          "statusUrl": .string(Links.status(of: id)),
        ],
        status: .accepted, headers: [.location: Links.status(of: id)])
    case .refused(let state):
      throw Problem.conflict(
        "Only a job that is on hold because a dependency died can be released; this one is `\(state.rawValue)` "
          + "and not on such a hold.")
    case .missing, nil: throw APIRequest.noSuchJob(id)
    }
  }
}

extension APIRequest {
  /// The workflow that the path names.
  fileprivate func workflowID() throws(Problem) -> WorkflowID {
    let text = parameters["id"] ?? ""
    guard let id = WorkflowID(text) else {
      throw .notFound(
        "There is no workflow \"\(text.truncatedUTF8(to: 40))\": an id is wfl_ and 13 letters and digits.",
        remedy: "`GET /api/workflows` lists those there are.")
    }
    return id
  }

  static func noSuchWorkflow(_ id: WorkflowID) -> Problem {
    .notFound("There is no workflow \(id). It may have been pruned after its time, with the last of its jobs.")
  }
}
