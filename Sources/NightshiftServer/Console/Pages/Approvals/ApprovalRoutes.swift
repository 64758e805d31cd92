import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// The inbox. Opening a page never decides: only forms do.
  static let approvalRoutes: [Route] = [
    .page("/approvals", .role(.viewer), query: ["show", "kind", "cursor"], listApprovals),
    .page("/approvals/{id}", .role(.viewer)) { request in
      let checkpoint = try await question(request)
      return try await request.page(ApprovalPage(checkpoint, for: request), at: .approvals)
    },
    .form("/approvals/{id}/review", .role(.member), audit: "review", reviewApproval),
    // Who may decide, each question says itself.
    .form("/approvals/{id}/decide", .role(.member), audit: "decide", decideApproval),
  ]

  private static let onePage = 20

  private static func listApprovals(_ request: APIRequest) async throws -> Response {
    let show = try request.query.value("show", "`waiting` or `decided`") {
      ["waiting", "decided"].contains($0) ? $0 : nil
    }
    let isInbox = show != "decided"
    let kind = try request.query.value("kind")
    var filter = CheckpointFilter()
    filter.states = isInbox ? [.pending] : [.approved, .rejected, .expired, .noted, .withdrawn]
    if let kind { filter.kinds = [kind] }
    filter.viewer = request.actor
    let cursor = try request.query.value("cursor", "the id of a question") { CheckpointID($0) }
    let found = try await listed(filter, isInbox: isInbox, cursor, request)
    let now = request.engine.clock.now
    let cards = try await request.shown(found.checkpoints).map { ApprovalCard($0, for: request.actor, now: now) }
    let kinds = Set(cards.map(\.kind)).union(kind.map { [$0] } ?? []).sorted()
    let page = ApprovalsPage(
      title: isInbox ? "Approvals" : "Decided", headline: isInbox ? "Waiting for you" : "Decided", isInbox: isInbox,
      cards: cards, isEmpty: cards.isEmpty, isNarrowed: kind != nil || cursor != nil,
      kinds: kinds.map { .init(name: $0, isChosen: $0 == kind) }, hasKinds: kinds.count > 1 || kind != nil,
      here: ConsoleLink.path("/approvals", [("show", show), ("kind", kind), ("cursor", cursor.map { "\($0)" })]),
      isCut: found.isCut && found.next == nil,
      next: found.next.map { next in
        ConsoleLink.path("/approvals", [("show", show), ("kind", kind), ("cursor", "\(next)")])
      })
    return try await request.page(page, at: .approvals)
  }

  private static func listed(
    _ filter: CheckpointFilter, isInbox: Bool, _ cursor: CheckpointID?, _ request: APIRequest
  ) async throws -> (checkpoints: [Checkpoint], next: CheckpointID?, isCut: Bool) {
    guard isInbox else {
      let found = try await request.engine.checkpoints(filter, before: cursor, limit: onePage)
      return (found.checkpoints, found.next, false)
    }
    let inbox = try await Inbox(filter, request.engine)
    var last: Checkpoint?
    if let cursor { last = try await request.engine.checkpoint(cursor) }
    let page = inbox.page(after: last, limit: onePage)
    return (page.checkpoints, page.next, inbox.isCut)
  }

  /// As the reader may see it: what is decided, the engine reads again.
  private static func question(_ request: APIRequest) async throws -> Checkpoint {
    let text = request.parameters["id"] ?? ""
    guard let id = CheckpointID(text), let checkpoint = try await request.engine.checkpoint(id) else {
      throw Problem.notFound("There is no question \"\(text.truncatedUTF8(to: 40))\".")
    }
    return try await request.shown(checkpoint)
  }

  /// Shows what an edit changes; decides nothing.
  private static func reviewApproval(_ request: APIRequest) async throws -> Response {
    let checkpoint = try await question(request)
    let outcome = SchemaForm.read(request.form, checkpoint.schema, before: checkpoint.shown.current)
    guard checkpoint.state == .pending, let data = outcome.value else {
      return try await request.page(
        ApprovalPage(checkpoint, for: request, outcome: outcome), at: .approvals, status: .unprocessableContent)
    }
    return try await request.page(ApprovalReviewPage(checkpoint, data: data, for: request), at: .approvals)
  }

  private static func decideApproval(_ request: APIRequest) async throws -> Response {
    let checkpoint = try await question(request)
    do {
      var verdict = try verdict(request, on: checkpoint)
      verdict.data = try await request.restored(verdict.data, ofCheckpoint: checkpoint.id)
      let decided = try await request.engine.decide(checkpoint.id, verdict, by: request.actor)
      let flash: Flash =
        verdict.answer == .reject
        ? Flash(.rejected) : decided.state == .pending ? Flash(.agreed) : Flash(.approved)
      return request.see(request.returnPath(or: ConsoleSection.approvals.path), flash)
    } catch let error as CheckpointError {
      let now = try await question(request)
      let problem = Problem(error)
      return try await request.page(
        ApprovalPage(now, for: request, fault: told(error, now)), at: .approvals, status: problem.status)
    }
  }

  /// Who was faster is what one wants to know first.
  private static func told(_ error: CheckpointError, _ checkpoint: Checkpoint) -> String {
    guard case .closed(_, let state, let by, _) = error else { return error.description }
    let comment = checkpoint.shown.decisions.last?.comment.map { ", who said: \($0)" } ?? ""
    // What expires or is withdrawn has ended by itself, whoever is written down for it.
    guard let by, state == .approved || state == .rejected else {
      let what = state == .expired ? "It has expired" : "It is \(state.rawValue) already"
      return "\(what)\(comment). Your answer was not counted."
    }
    return "\(by) has \(state.rawValue) it already\(comment). Your answer was not counted."
  }

  private static func verdict(_ request: APIRequest, on checkpoint: Checkpoint) throws -> Verdict {
    let form = request.form
    guard let answer = form["answer"].flatMap(Verdict.Answer.init(rawValue:)) else {
      throw CheckpointError.invalid(pointer: "answer", "must be `approve` or `reject`")
    }
    var verdict = Verdict(answer, comment: form["comment"]?.truncatedUTF8(to: 4_000), via: "console")
    guard answer == .approve else { return verdict }
    // An approval counts for what the reviewer has seen.
    guard form["seen"] == checkpoint.stamp || checkpoint.state != .pending else {
      throw CheckpointError.notAllowed("Somebody has changed the data since you opened the page: look at them again.")
    }
    if let text = form.raw("data") {
      do {
        verdict.data = try JSONValue(parsing: text.utf8)
      } catch {
        throw CheckpointError.invalid(pointer: "data", "is not JSON: \(error)")
      }
    }
    if !checkpoint.choices.isEmpty { verdict.choice = form["choice"] }
    verdict.remember = try remember(form, now: request.engine.clock.now)
    return verdict
  }

  private static func remember(_ form: FormFields, now: Timestamp) throws -> Verdict.Remember? {
    guard let text = form["remember"] else { return nil }
    guard let scope = Verdict.Remember.Scope(rawValue: text) else {
      throw CheckpointError.invalid(pointer: "remember", "must be job, arguments or kind")
    }
    guard let length = form["rememberFor"] else { return .init(scope: scope, until: nil) }
    guard let time = Duration(text: length) else {
      throw CheckpointError.invalid(pointer: "rememberFor", "must be \(DurationText.rule)")
    }
    return .init(scope: scope, until: now + time)
  }
}
