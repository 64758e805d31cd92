import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Who did what.
  static let auditPages: [Route] = [
    .page("/audit", .role(.admin), query: AuditPage.fields + ["before"]) { request in
      try await request.page(try await AuditPage(request), at: .audit)
    },
    .page("/audit/check", .role(.admin), query: ["expect", "after"]) { request in
      try await request.page(try await AuditCheckPage(request), at: .audit)
    },
  ]
}

/// The audit log, newest first.
struct AuditPage: PageModel {
  struct Line: Sendable {
    let at: TimeView
    let actor: String
    let role: String
    let verb: String
    let subject: String
    /// The page of what it is about, if it has one.
    let link: String?
    let address: String
    /// What it says beside a change, or all that it says where it is no object.
    let detail: String?
    let changes: [ChangeView]
    let hasChanges: Bool
    let sequence: String?
  }

  struct Field: Sendable {
    let name: String
    let label: String
    let value: String
  }

  static let fields = ["actor", "verb", "subject", "address"]
  private static let pageSize = 100

  static let template = "audit"
  let title = "Audit log"
  let filters: [Field]
  let isNarrowed: Bool
  let lines: [Line]
  let older: String?
  let searchedBackTo: TimeView?
  let exportLink: String

  init(_ request: APIRequest) async throws {
    var filter = AuditFilter()
    filter.actor = try request.query.value("actor")
    filter.verb = try request.query.value("verb")
    filter.subject = try request.query.value("subject")
    filter.address = try request.query.value("address")
    let before = try request.query.value("before", "the number of an entry") { Int64($0) }
    let page = try await request.engine.audit(filter, before: before, limit: Self.pageSize)
    let now = request.engine.now
    let values = [filter.actor, filter.verb, filter.subject, filter.address]
    filters = zip(Self.fields, values).map { name, value in
      Field(name: name, label: name.prefix(1).uppercased() + name.dropFirst(), value: value ?? "")
    }
    isNarrowed = values.contains { $0 != nil }
    lines = page.entries.map { Line($0, now: now) }
    let chosen = zip(Self.fields, values).compactMap { name, value in value.map { (name, $0) } }
    older = page.next.map { ConsoleLink.path("/audit", chosen + [("before", "\($0)")]) }
    searchedBackTo = TimeView(page.searchedBackTo, now: now)
    exportLink = ConsoleLink.path("/api/audit/export", chosen)
  }
}

extension AuditPage.Line {
  fileprivate init(_ entry: AuditEntry, now: Timestamp) {
    at = TimeView(entry.at, now: now)
    actor = entry.actor
    role = entry.role
    verb = entry.verb
    subject = entry.subject
    let words = entry.subject.split(separator: " ", maxSplits: 1).map(String.init)
    link =
      switch (words.first ?? "", words.count > 1 ? words[1] : "") {
      case (let id, "") where JobID(id) != nil: "/jobs/\(id)"
      case (let id, "") where WorkflowID(id) != nil: "/workflows/\(id)"
      case ("checkpoint", let id) where CheckpointID(id) != nil: "/approvals/\(id)"
      case ("schedule", let name): "/schedules/\(name)"
      case ("queue", let name): "/queues/\(name)"
      case ("user", let name) where name != "user": "/users/\(name)"
      default: nil
      }
    address = entry.address ?? ""
    (detail, changes) = Self.read(entry.detail)
    hasChanges = !changes.isEmpty
    sequence = entry.link.map { "\($0.sequence)" }
  }
}

extension AuditPage.Line {
  /// What was and what is since come apart from the rest.
  fileprivate static func read(_ detail: String?) -> (detail: String?, changes: [ChangeView]) {
    // An entry of another version may be no JSON: then it is shown as it is.
    guard let detail, let json = try? JSONValue(parsing: detail.utf8), var fields = json.objectValue else {
      return (detail, [])
    }
    let (before, after) = (fields.removeValue(forKey: "before"), fields.removeValue(forKey: "after"))
    func object(_ value: JSONValue?) -> JSONValue { value?.objectValue == nil ? [:] : value ?? [:] }
    guard before != nil || after != nil else { return (detail, []) }
    let changes = ChangeView.list(from: object(before), to: object(after))
    guard !changes.isEmpty else { return (detail, []) }
    // What the change tells is not told twice.
    fields = fields.filter { $0.value != object(after)[$0.key] }
    return (fields.isEmpty ? nil : JSONValue.object(fields).description, changes)
  }
}

/// Whether anybody has changed the log beside Nightshift.
struct AuditCheckPage: PageModel {
  static let template = "audit-check"
  let title = "The audit log’s chain"
  let isSound: Bool
  let entries: String
  let head: String
  let headNumber: String
  let problems: [String]
  let expectation: String?
  let next: String?
  let expected: String

  init(_ request: APIRequest) async throws {
    let text = try request.query.value("expect")
    let hash = try request.query.value("expect", "64 hexadecimal digits") { [UInt8](hexadecimal: $0) }
    let after = try request.query.value("after", "the number of an entry") { Int64($0) }
    let found = try await request.engine.verifyAudit(after: after, expecting: hash, within: .milliseconds(80))
    isSound = found.problemCount == 0
    entries = Int(found.entries).grouped
    head = found.head.hash.hexadecimal
    headNumber = Int(found.head.sequence).grouped
    problems = found.problems.map { "Entry \($0.sequence): \($0.found)" }
    expected = text ?? ""
    expectation =
      hash == nil
      ? nil : found.expectedAt.map { "The hash stands at entry \($0), as it should." } ?? "The hash was not met so far."
    next = found.next.map {
      ConsoleLink.path("/audit/check", (text.map { [("expect", $0)] } ?? []) + [("after", "\($0)")])
    }
  }
}
