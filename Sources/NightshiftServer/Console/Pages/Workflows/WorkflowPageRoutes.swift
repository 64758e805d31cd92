import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Jobs that wait for one another, as wholes.
  static let workflowPageRoutes: [Route] = [
    .page("/workflows", .role(.viewer), query: ["cursor"], listWorkflows),
    .page("/workflows/{id}", .role(.viewer), query: ["from"]) { request in
      let workflow = try await workflow(request)
      let last = max(0, workflow.jobs.count - 1)
      let first = try request.query.value("from", "the place of a job, 0 to \(last)") { text in
        Int(text).flatMap { (0...last).contains($0) ? $0 : nil }
      }
      return try await request.page(WorkflowPage(workflow, from: first ?? 0, for: request), at: .workflows)
    },
    .form("/workflows/{id}/cancel", .role(.operator), audit: "cancel-workflow") { request in
      let workflow = try await workflow(request)
      let reason = request.form["reason"]?.truncatedUTF8(to: 500) ?? "cancelled by \(request.actor.id)"
      let id = workflow.summary.id
      let count = try await request.engine.cancelWorkflow(id, reason: reason, by: request.actor) ?? 0
      guard count > 0 else {
        return try await refused("All of its jobs have ended: there is nothing to cancel.", workflow, request)
      }
      return request.see("/workflows/\(id)", Flash(.cancelled, count: count))
    },
    .form("/workflows/{id}/release", .role(.operator), audit: "release", release),
  ]

  private static let onePage = 30

  private static func listWorkflows(_ request: APIRequest) async throws -> Response {
    let cursor = try request.query.value("cursor", "the id of a workflow") { WorkflowID($0) }
    let page = try await request.engine.workflows(before: cursor, limit: onePage, within: request.actor.reach)
    return try await request.page(
      WorkflowsPage(page.workflows, next: page.next, isFurther: cursor != nil, for: request), at: .workflows)
  }

  private static func workflow(_ request: APIRequest) async throws -> WorkflowDetail {
    let text = request.parameters["id"] ?? ""
    guard let id = WorkflowID(text), let workflow = try await request.engine.workflow(id) else {
      throw Problem.notFound("There is no workflow \"\(text.truncatedUTF8(to: 40))\". It may have been pruned.")
    }
    return workflow
  }

  /// Lets a job go on that is on hold because one that it depends on has died.
  private static func release(_ request: APIRequest) async throws -> Response {
    let workflow = try await workflow(request)
    guard let id = request.form["job"].flatMap(JobID.init), workflow.jobs.contains(where: { $0.id == id }) else {
      throw Problem.invalid([.init(parameter: "job", "must be a job of this workflow")])
    }
    switch try await request.engine.release([id], by: request.actor).first {
    case .changed: return request.see("/workflows/\(workflow.summary.id)", Flash(.released))
    case .refused(let state):
      return try await refused("The job is \(state.rawValue) now, and on no such hold.", workflow, request)
    case .missing, nil: throw APIRequest.noSuchJob(id)
    }
  }

  private static func refused(
    _ fault: String, _ workflow: WorkflowDetail, _ request: APIRequest
  ) async throws -> Response {
    try await request.page(WorkflowPage(workflow, for: request, fault: fault), at: .workflows, status: .conflict)
  }
}
