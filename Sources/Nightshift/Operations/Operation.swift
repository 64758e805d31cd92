/// What is done to many jobs in the background, with how far it is.
package struct Operation: Sendable {
  package enum State: String, Sendable, CaseIterable {
    case running, completed
    /// Somebody has stopped it. What it had done stays done.
    case aborted
    /// It could not go on.
    case failed
  }

  /// The jobs that are meant.
  package enum Subject: Sendable, Hashable {
    case jobs([JobID])
    case filter(JobFilter)
    /// Dead jobs that died of the same error.
    case deadLetters(fingerprint: String)
  }

  package var id: OperationID
  package var verb: BulkVerb
  package var subject: Subject
  package var reason: String?
  package var state: State
  /// How many jobs there were when it began, as far as they were counted.
  package var total: Int
  package var changed: Int
  package var lookedAt: Int
  package var by: String
  package var createdAt: Timestamp
  package var endedAt: Timestamp?
  package var endedBy: String?
  package var error: String?
  /// The job that was looked at last.
  var position: JobID?
  var actor: Actor

  static let columns = """
    id, verb, subject, reason, state, total, changed, looked_at, position, actor, role, address, created_at, ended_at,
    ended_by, error
    """

  init(_ row: SQLRow) throws(StoreError) {
    id = OperationID(rawValue: row.integer(0)!)
    guard let verb = BulkVerb(rawValue: row.text(1)!), let state = State(rawValue: row.text(4)!),
      let subject = Subject(stored: row.text(2)!)
    else { throw StoreError(.corrupt, "The operation \(id) cannot be read.") }
    (self.verb, self.state, self.subject) = (verb, state, subject)
    reason = row.text(3)
    total = Int(row.integer(5)!)
    changed = Int(row.integer(6)!)
    lookedAt = Int(row.integer(7)!)
    position = row.job(8)
    by = row.text(9)!
    actor = Actor(id: by, role: row.text(10).flatMap(Role.init(rawValue:)) ?? .viewer, address: row.text(11))
    createdAt = row.timestamp(12)!
    endedAt = row.timestamp(13)
    endedBy = row.text(14)
    error = row.text(15)
  }
}

/// The name of an operation: `opr_` and 13 characters.
package struct OperationID: Hashable, Sendable, CustomStringConvertible {
  package let rawValue: Int64

  package init(rawValue: Int64) { self.rawValue = rawValue }

  package init?(_ text: String) {
    guard let rawValue = Identifier.parse(text, prefix: "opr") else { return nil }
    self.rawValue = rawValue
  }

  package var description: String { Identifier.text(rawValue, prefix: "opr") }
}

extension Operation.Subject {
  package var json: JSONValue {
    switch self {
    case .jobs(let ids): ["ids": .array(ids.map { .string("\($0)") })]
    case .filter(let filter): ["filter": filter.json]
    case .deadLetters(let fingerprint): ["fingerprint": .string(fingerprint)]
    }
  }

  /// Written by us.
  init?(stored text: String) {
    // What is none after all cannot be carried on with, and is told as damaged.
    guard let json = try? JSONValue(parsing: text.utf8) else { return nil }
    if let ids = json["ids"]?.arrayValue {
      self = .jobs(ids.compactMap { $0.stringValue.flatMap { JobID($0) } })
    } else if let fingerprint = json["fingerprint"]?.stringValue {
      self = .deadLetters(fingerprint: fingerprint)
    } else if let filter = json["filter"].flatMap(JobFilter.init(json:)) {
      self = .filter(filter)
    } else {
      return nil
    }
  }
}

extension JobFilter {
  /// As ``json`` has written it.
  init?(json: JSONValue) {
    guard json.objectValue != nil else { return nil }
    func names(_ field: String) -> Set<String> { Set((json[field]?.arrayValue ?? []).compactMap(\.stringValue)) }
    self.init()
    states = Set(names("states").compactMap(JobState.init(rawValue:)))
    (kinds, queues, tags) = (names("kinds"), names("queues"), names("tags"))
    search = json["search"]?.stringValue
    searchesContents = json["searchesContents"] != false
    organization = json["org"]?.stringValue
    owner = json["owner"]?.stringValue
  }
}
