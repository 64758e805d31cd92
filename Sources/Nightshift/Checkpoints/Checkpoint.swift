import Foundation

/// The name of a question to people: `chk_` and 13 characters.
package struct CheckpointID: Hashable, Sendable, CustomStringConvertible {
  package let rawValue: Int64

  package init(rawValue: Int64) { self.rawValue = rawValue }

  package init?(_ text: String) {
    guard let rawValue = Identifier.parse(text, prefix: "chk") else { return nil }
    self.rawValue = rawValue
  }

  package var description: String { Identifier.text(rawValue, prefix: "chk") }
}

/// What kind of question a checkpoint is.
package enum CheckpointType: String, Sendable, CaseIterable {
  /// The job waits until somebody has said yes or no.
  case approval
  /// The job goes on; people are told.
  case info
  /// Something went wrong, and the job waits until somebody has chosen what is to be done.
  case error
}

package enum CheckpointState: String, Sendable, CaseIterable {
  case pending, approved, rejected, expired
  /// Told, and nobody is asked: an `info`.
  case noted
  /// The job ended, or asks something else now.
  case withdrawn
}

/// How much harm it may do.
public enum Risk: String, Sendable, Codable, CaseIterable {
  /// Nothing is changed.
  case read
  /// It can be undone.
  case reversible
  /// It cannot be undone.
  case irreversible
  /// It costs money.
  case money
  /// It speaks to somebody outside.
  case message
}

/// What becomes of a question that nobody has answered in time.
public enum Expiry: String, Sendable, Codable, CaseIterable {
  /// As if somebody had said no: the job is cancelled unless its handler sees to it.
  case reject
  /// The job is dead unless its handler sees to it.
  case fail
  /// As if somebody had said yes.
  case `continue`
  /// Others are asked, and it expires once more; then it is as if somebody had said no.
  case escalate
}

/// Who may answer a question.
public struct Reviewers: Sendable, Hashable {
  /// Users by name; with them, nobody else may answer by their role alone.
  public var users: [String] = []
  /// Roles: `member`, `approver`, `operator`, `admin`; each stands for whoever may do more as well. Empty with no
  /// ``users`` stands for approvers.
  public var roles: [String] = []
  /// How many different people have to say yes. One no is a no.
  public var required = 1
  /// Whether whoever asked for the job is kept from answering: its owner, and whoever enqueued it for them, changed
  /// its schedule at run time or ran it by hand, forked it or gave it another payload.
  public var excludesRequester = false

  /// One approver.
  public init() {}

  /// So many of these users.
  public static func anyOf(_ users: [String], required: Int = 1) -> Reviewers {
    var reviewers = Reviewers()
    reviewers.users = users
    reviewers.required = required
    return reviewers
  }
}

/// How a question is asked. What is not said is taken from here.
public struct CheckpointOptions: Sendable, Hashable {
  /// More than the title says, as Markdown.
  public var body = ""
  /// How much harm it may do.
  public var risk = Risk.reversible
  /// A JSON schema of the data, from which a form is made; what a reviewer edits has to fit it.
  public var schema: String?
  /// How long the question stands.
  public var expires: Duration = .seconds(86_400)
  /// What becomes of it then.
  public var onExpiry = Expiry.reject
  /// When people are reminded, counted from the question.
  public var reminders: [Duration] = []
  /// Who may answer.
  public var reviewers = Reviewers()
  /// Who may answer as well once it was escalated.
  public var escalateTo = Reviewers()
  /// Whether a reviewer may change the data before saying yes.
  public var isEditable = true

  /// A reversible action, asked of one approver, for a day.
  public init() {}
}

/// A question as a handler asks it.
package struct CheckpointDraft: Sendable, Hashable {
  package var key: String
  package var type: CheckpointType
  package var title: String
  package var data: JSONValue?
  package var options: CheckpointOptions
  /// Among what a reviewer of an `error` chooses.
  package var choices: [String] = []

  package init(
    key: String, type: CheckpointType, title: String, data: JSONValue?, options: CheckpointOptions,
    choices: [String] = []
  ) {
    self.key = key
    self.type = type
    self.title = title
    self.data = data
    self.options = options
    self.choices = choices
  }

  /// SHA-256 of exactly what is asked for: an answer counts for this and for nothing else.
  package var digest: String { Engine.fingerprint(data?.serialized() ?? []) }
}

/// A question to people with all that is known of it.
package struct Checkpoint: Sendable {
  package var id: CheckpointID
  package var job: JobID
  package var attempt: Int
  package var key: String
  package var type: CheckpointType
  package var state: CheckpointState
  package var title: String
  package var body: String
  package var data: JSONValue?
  package var schema: JSONValue?
  package var risk: String
  package var digest: String
  var policy: CheckpointPolicy
  /// How many reminders were sent.
  var reminders: Int
  package var escalatedAt: Timestamp?
  package var createdAt: Timestamp
  package var expiresAt: Timestamp?
  package var decidedAt: Timestamp?
  /// What a reviewer of an `error` chose.
  package var choice: String?
  /// The data as the reviewer approved them.
  package var answer: JSONValue?
  package var decisions: [DecisionRecord] = []
  package var kind = ""
  package var queue = ""
  package var owner: String?

  package var choices: [String] { policy.choices }
  /// The data as they are now, with what reviewers have changed.
  package var current: JSONValue? { answer ?? data }
  /// Who has said yes to the data as they are now.
  package var agreement: ArraySlice<DecisionRecord> {
    let edit = decisions.lastIndex { $0.changes != nil } ?? decisions.startIndex
    return decisions[edit...].filter { $0.verdict == "approved" }[...]
  }
  package var isEditable: Bool { policy.isEditable }
  package var onExpiry: Expiry { policy.onExpiry }
  package var required: Int { max(policy.reviewers.required, escalatedAt == nil ? 1 : policy.escalateTo.required) }
  package var users: [String] { policy.reviewers.users + (escalatedAt == nil ? [] : policy.escalateTo.users) }
  package var roles: [String] { policy.reviewers.roles + (escalatedAt == nil ? [] : policy.escalateTo.roles) }
  package var excludesRequester: Bool { policy.reviewers.excludesRequester || policy.escalateTo.excludesRequester }

  static let columns = """
    c.id, c.job, c.attempt, c.key, c.type, c.state, c.title, c.body, c.data, c.schema, c.risk, c.digest, c.policy,
    c.reminders, c.escalated_at, c.created_at, c.expires_at, c.decided_at, c.choice, c.answer
    """

  /// - Parameter row: ``columns``, and perhaps the job's kind, queue and owner.
  init(_ row: SQLRow) throws(StoreError) {
    id = CheckpointID(rawValue: row.integer(0)!)
    // Written by us; a newer Nightshift that writes something else has its own step of the schema.
    guard let type = CheckpointType(rawValue: row.text(4)!), let state = CheckpointState(rawValue: row.text(5)!) else {
      throw .unreadable(id, "it is of an unknown type or state")
    }
    job = row.job(1)!
    attempt = Int(row.integer(2)!)
    key = row.text(3)!
    self.type = type
    self.state = state
    title = row.text(6)!
    body = row.text(7)!
    data = try Self.json(row.bytes(8), id)
    schema = try Self.json(row.text(9).map { Array($0.utf8) }, id)
    risk = row.text(10)!
    digest = row.text(11)!
    policy = try Self.policy(row.text(12)!, id)
    reminders = Int(row.integer(13)!)
    escalatedAt = row.timestamp(14)
    createdAt = row.timestamp(15)!
    expiresAt = row.timestamp(16)
    decidedAt = row.timestamp(17)
    choice = row.text(18)
    answer = try Self.json(row.bytes(19), id)
    guard row.values.count > 22 else { return }
    kind = row.text(20)!
    queue = row.text(21)!
    owner = row.text(22)
  }

  static func policy(_ text: String, _ id: CheckpointID) throws(StoreError) -> CheckpointPolicy {
    do {
      return try JSONDecoder().decode(CheckpointPolicy.self, from: Data(text.utf8))
    } catch {
      throw .unreadable(id, "\(error)")
    }
  }

  /// What is shown to people and handed to jobs must not be missing without a word.
  static func json(_ bytes: [UInt8]?, _ id: CheckpointID) throws(StoreError) -> JSONValue? {
    guard let bytes else { return nil }
    do throws(JSONSyntaxError) {
      return try JSONValue(parsing: bytes)
    } catch {
      throw .unreadable(id, "\(error)")
    }
  }

  /// When somebody has to look after it next: a reminder is due, or it expires.
  var dueAt: Timestamp? {
    let reminder = policy.reminders.dropFirst(reminders).first.map {
      Timestamp(microseconds: createdAt.microseconds + $0)
    }
    return [escalatedAt == nil ? reminder : nil, expiresAt].compactMap(\.self).min()
  }
}
