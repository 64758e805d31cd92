import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Answers that count for later questions.
  static let grantPages: [Route] = [
    .page("/approvals/remembered", .role(.viewer), query: ["cursor"]) { request in
      let cursor = try request.query.value("cursor", "the id of a remembered answer") { GrantID($0) }
      let found = try await request.engine.grants(before: cursor, limit: 50, for: request.actor)
      return try await request.page(GrantsPage(found.grants, next: found.next, for: request), at: .approvals)
    },
    // Who may, the grant says: an approver, or whoever has given it.
    .form("/approvals/remembered/{id}/revoke", .role(.member), audit: "revoke-grant") { request in
      let text = request.parameters["id"] ?? ""
      guard let id = GrantID(text), try await request.engine.revokeGrant(id, by: request.actor) != nil else {
        throw Problem.notFound("There is no remembered answer \"\(text.truncatedUTF8(to: 40))\" in force.")
      }
      return request.see("/approvals/remembered", Flash(.revoked))
    },
  ]
}

/// The answers that are remembered, the newest first.
struct GrantsPage: PageModel {
  static let template = "grants"

  struct Row: Sendable {
    let id: String
    let key: String
    let kind: String
    /// The page of the question that was answered.
    let question: String
    let scope: String
    /// The only job that it counts for.
    let job: String?
    let risk: String
    let riskText: String
    let created: TimeView
    let by: String
    let ends: TimeView?
    let mayRevoke: Bool
  }

  let title = "Remembered answers"
  let grants: [Row]
  let isEmpty: Bool
  let next: String?

  init(_ grants: [Grant], next: GrantID?, for request: APIRequest) {
    let (actor, now) = (request.actor, request.engine.clock.now)
    let mayWrite = actor.role >= .member && actor.has(TokenScope(.checkpoints, isWrite: true))
    self.grants = grants.map { grant in
      Row(
        id: "\(grant.id)", key: grant.key, kind: grant.kind, question: "/approvals/\(grant.checkpoint)",
        scope: Self.text(of: grant.scope), job: grant.job.map { "\($0)" }, risk: grant.risk,
        riskText: ApprovalCard.text(ofRisk: grant.risk), created: TimeView(grant.createdAt, now: now),
        by: grant.grantedBy, ends: TimeView(grant.expiresAt, now: now),
        mayRevoke: mayWrite && (actor.role >= .approver || actor.id == grant.grantedBy))
    }
    isEmpty = grants.isEmpty
    self.next = next.map { ConsoleLink.path("/approvals/remembered", [("cursor", "\($0)")]) }
  }

  private static func text(of scope: Verdict.Remember.Scope) -> String {
    switch scope {
    case .job: "one job"
    case .arguments: "the same data, from any job of the kind"
    case .kind: "whatever data, from any job of the kind"
    }
  }
}
