import Nightshift

/// One question as people see it. The partial `approval-card` shows it in the inbox, and the page of one question shows
/// the same and more.
struct ApprovalCard: Sendable {
  struct Fact: Sendable {
    let name: String
    let value: String
  }

  struct Decision: Sendable {
    struct Author: Sendable {
      let name: String
      let role: String
      let via: String
    }

    let state: StateView
    /// `nil` if nobody has answered in time.
    let author: Author?
    let at: TimeView
    let comment: String?
    let choice: String?
    let changes: [ChangeView]
  }

  struct Choice: Sendable {
    let value: String
    let isFirst: Bool
  }

  /// How many facts a card has room for.
  private static let mostFacts = 8

  let id: String
  let path: String
  let question: String
  let body: String?
  let kind: String
  let queue: String
  let job: String
  let jobPath: String
  let attempt: Int
  let isError: Bool
  let risk: String
  let riskText: String
  /// Whether a key that approves is asked for twice.
  let isRisky: Bool
  let state: StateView
  let created: TimeView
  let expires: TimeView?
  let afterExpiry: String
  let escalated: TimeView?
  let escalation: String?
  let reminder: TimeView?
  let isPending: Bool
  let mayDecide: Bool
  /// Whether a yes would count: of whoever has said it already it does not.
  let mayApprove: Bool
  let whoMay: String
  let votes: String?
  let isEditable: Bool
  let isOwner: String?
  let facts: [Fact]
  let hasMoreFacts: Bool
  let data: JSONText?
  let choices: [Choice]
  let hasChoices: Bool
  let chosen: String?
  let decisions: [Decision]
  let hasDecisions: Bool
  let stamp: String
  let approveText: String

  init(_ checkpoint: Checkpoint, for actor: Actor, now: Timestamp) {
    let checkpoint = checkpoint.shown
    id = "\(checkpoint.id)"
    path = "/approvals/\(checkpoint.id)"
    question = checkpoint.title
    body = checkpoint.body.isEmpty ? nil : checkpoint.body
    (kind, queue) = (checkpoint.kind, checkpoint.queue)
    job = "\(checkpoint.job)"
    jobPath = "/jobs/\(checkpoint.job)"
    attempt = checkpoint.attempt
    isError = checkpoint.type == .error
    risk = checkpoint.risk
    riskText = Self.text(ofRisk: checkpoint.risk)
    isRisky = ![Risk.read, .reversible].map(\.rawValue).contains(checkpoint.risk)
    state = StateView(checkpoint.state)
    created = TimeView(checkpoint.createdAt, now: now)
    isPending = checkpoint.state == .pending
    expires = isPending ? TimeView(checkpoint.expiresAt, now: now) : nil
    afterExpiry = Self.text(of: checkpoint)
    escalated = TimeView(checkpoint.escalatedAt, now: now)
    escalation = checkpoint.escalation.isEmpty ? nil : checkpoint.escalation.joined(separator: ", ")
    reminder = TimeView(checkpoint.nextReminder, now: now)
    mayDecide = checkpoint.mayBeDecided(by: actor)
    mayApprove = mayDecide && !checkpoint.agreement.contains { $0.actor == actor.id }
    let names = checkpoint.users + checkpoint.roles
    whoMay = names.isEmpty ? "any approver" : names.joined(separator: ", ")
    votes = checkpoint.required > 1 ? "\(checkpoint.agreement.count) of \(checkpoint.required) agree" : nil
    isEditable = checkpoint.isEditable && checkpoint.current != nil && mayApprove
    isOwner = checkpoint.owner
    let all = Self.facts(checkpoint.current)
    facts = Array(all.prefix(Self.mostFacts))
    hasMoreFacts = all.count > Self.mostFacts
    data = checkpoint.current.map { JSONText($0) }
    choices = checkpoint.choices.enumerated().map { Choice(value: $1, isFirst: $0 == 0) }
    hasChoices = !checkpoint.choices.isEmpty
    chosen = checkpoint.choice
    decisions = checkpoint.decisions.map { Decision($0, now: now) }
    hasDecisions = !checkpoint.decisions.isEmpty
    stamp = checkpoint.stamp
    approveText = checkpoint.choices.isEmpty ? "Approve" : "Do this"
  }

  static func text(ofRisk risk: String) -> String {
    switch Risk(rawValue: risk) {
    case .read: "reads only"
    case .reversible: "can be undone"
    case .irreversible: "cannot be undone"
    case .money: "costs money"
    case .message: "speaks to somebody"
    case nil: risk
    }
  }

  private static func text(of checkpoint: Checkpoint) -> String {
    switch checkpoint.onExpiry {
    case .reject: "then it counts as rejected"
    case .fail: "then the job is dead"
    case .continue: "then it counts as approved"
    case .escalate: checkpoint.escalatedAt == nil ? "then others are asked" : "then it counts as rejected"
    }
  }

  /// The data as name and value, with those of inner objects named by their path.
  private static func facts(_ value: JSONValue?, _ prefix: String = "") -> [Fact] {
    guard let fields = value?.objectValue else {
      guard let value else { return [] }
      return [Fact(name: prefix.isEmpty ? "data" : prefix, value: text(value))]
    }
    return fields.sorted { $0.key < $1.key }.flatMap { name, value in
      let place = prefix.isEmpty ? name : "\(prefix).\(name)"
      return value.objectValue?.isEmpty == false ? facts(value, place) : [Fact(name: place, value: text(value))]
    }
  }

  private static func text(_ value: JSONValue) -> String {
    if value == "" { return "(empty)" }
    if let text = value.stringValue { return text.count > 300 ? "\(text.prefix(300))…" : text }
    if let items = value.arrayValue, items.count <= 12,
      items.allSatisfy({ $0.arrayValue == nil && $0.objectValue == nil })
    {
      return items.map { $0.stringValue ?? $0.description }.joined(separator: ", ")
    }
    let text = value.description
    return text.count > 300 ? "\(text.prefix(300))…" : text
  }
}

extension ApprovalCard.Decision {
  init(_ record: DecisionRecord, now: Timestamp) {
    let tone = record.verdict == "approved" ? "completed" : record.verdict == "rejected" ? "dead" : "cancelled"
    let author = record.via == "expiry" ? nil : Author(name: record.actor, role: record.role, via: record.via)
    self.init(
      state: StateView(word: record.verdict, tone: tone), author: author,
      at: TimeView(record.at, now: now), comment: record.comment, choice: record.choice,
      changes: (record.changes?.arrayValue ?? []).map { ChangeView($0) })
  }
}
