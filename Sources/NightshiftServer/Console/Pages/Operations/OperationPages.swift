import HTTPTypes
import HummingbirdCore
import Nightshift

extension RouteTable {
  /// What is done to many jobs, and how far it is.
  static let operationPages: [Route] = [
    .page("/operations", .role(.viewer), query: ["cursor"]) { request in
      try request.checkSeesEverything()
      let cursor = try request.query.value("cursor", "the id of an operation") { OperationID($0) }
      let found = try await request.engine.operations(before: cursor, limit: 51)
      let now = request.engine.clock.now
      let next = found.count > 50 ? "/operations?cursor=\(found[49].id)" : nil
      let rows = found.prefix(50).map { OperationView($0, now: now, mayAbort: false) }
      return try await request.page(OperationsPage(operations: rows, isEmpty: rows.isEmpty, next: next), at: .jobs)
    },
    .page("/operations/{id}", .role(.viewer)) { request in
      let operation = try await request.operation()
      let view = OperationView(
        operation, now: request.engine.clock.now, mayAbort: request.actor.role >= .operator)
      return try await request.page(OperationPage(title: view.headline, operation: view), at: .jobs)
    },
    .form("/operations/{id}/abort", .role(.operator), audit: "abort-operation") { request in
      let operation = try await request.operation()
      _ = try await request.engine.abort(operation.id, by: request.actor)
      return request.see("/operations/\(operation.id)", Flash(.aborted))
    },
  ]
}

struct OperationView: Sendable {
  let id: String
  let path: String
  let headline: String
  let subject: String
  let state: StateView
  let isRunning: Bool
  let changed: String
  let lookedAt: String
  let total: String
  let share: String
  let percent: String
  let by: String
  let reason: String?
  let created: TimeView
  let ended: TimeView?
  let endedBy: String?
  let error: String?
  let mayAbort: Bool

  init(_ operation: Operation, now: Timestamp, mayAbort: Bool) {
    (id, path) = ("\(operation.id)", "/operations/\(operation.id)")
    switch operation.verb {
    case .cancel: headline = "Cancelling jobs"
    case .retry: headline = "Running jobs again"
    case .discard: headline = "Discarding jobs"
    }
    subject =
      switch operation.subject {
      case .jobs(let ids): "\(ids.count.grouped) jobs by their ids"
      case .filter(let filter): filter.json.description
      case .deadLetters(let fingerprint): "all that died of \(fingerprint)"
      }
    let tone =
      switch operation.state {
      case .running: "running"
      case .completed: "completed"
      case .aborted: "cancelled"
      case .failed: "dead"
      }
    state = StateView(word: operation.state.rawValue, tone: tone)
    isRunning = operation.state == .running
    (changed, lookedAt) = (operation.changed.grouped, operation.lookedAt.grouped)
    let all = max(operation.total, operation.lookedAt)
    total = all.grouped
    let part = operation.state == .completed ? 1 : all == 0 ? 0 : Double(operation.lookedAt) / Double(all)
    share = "\((part * 1000).rounded() / 1000)"
    percent = "\(Int(part * 100)) %"
    (by, reason, error) = (operation.by, operation.reason, operation.error)
    created = TimeView(operation.createdAt, now: now)
    ended = TimeView(operation.endedAt, now: now)
    endedBy = operation.endedBy
    self.mayAbort = mayAbort && isRunning
  }
}

struct OperationsPage: PageModel {
  static let template = "operations"

  let title = "Operations"
  let operations: [OperationView]
  let isEmpty: Bool
  let next: String?
}

struct OperationPage: PageModel {
  static let template = "operation"

  let title: String
  let operation: OperationView
}
