/// Why a job is parked: a row of one table, whatever it waits for.
package struct Wait: Sendable, Hashable {
  package enum Kind: Int64, Sendable, CaseIterable {
    case time = 1
    case signal = 2
    case checkpoint = 3
    case child = 4
  }

  package enum State: Int64, Sendable, CaseIterable {
    case open = 0
    /// What was waited for has come.
    case satisfied = 1
    /// The time was over before.
    case timedOut = 2
    /// The job has ended without it.
    case withdrawn = 3
    /// A person said no.
    case rejected = 4
  }

  package var id: Int64
  package var job: JobID
  package var key: String
  package var kind: Kind
  package var state: State
  /// The signals of which any ends it.
  package var names: [String]
  /// The child that is waited for.
  package var target: JobID?
  /// When it ends by itself, or is looked after (a reminder is due).
  package var dueAt: Timestamp?
  package var createdAt: Timestamp
  package var endedAt: Timestamp?
  /// The signal that ended it.
  package var name: String?
  package var payload: [UInt8]?

  static let columns = "id, job, key, type, state, names, target, due_at, created_at, ended_at, name, payload"

  init(_ row: SQLRow) {
    id = row.integer(0)!
    job = row.job(1)!
    key = row.text(2)!
    kind = Kind(rawValue: row.integer(3)!)!
    state = State(rawValue: row.integer(4)!)!
    names = row.text(5).map(Self.names(in:)) ?? []
    target = row.job(6)
    dueAt = row.timestamp(7)
    createdAt = row.timestamp(8)!
    endedAt = row.timestamp(9)
    name = row.text(10)
    payload = row.bytes(11)
  }

  /// Written by us: a list of strings.
  private static func names(in text: String) -> [String] {
    (try? JSONValue(parsing: text.utf8))?.arrayValue?.compactMap(\.stringValue) ?? []
  }
}

/// A wait as a handler has asked for it; it becomes a row when the attempt is settled.
package struct WaitDraft: Sendable {
  package var id: Int64
  package var key: String
  package var kind: Wait.Kind
  package var names: [String] = []
  package var target: JobID?
  package var dueAt: Timestamp?
  package var checkpoint: CheckpointDraft?

  package init(id: Int64, key: String, kind: Wait.Kind, dueAt: Timestamp? = nil) {
    self.id = id
    self.key = key
    self.kind = kind
    self.dueAt = dueAt
  }

  var namesText: String? { names.isEmpty ? nil : JSONValue.array(names.map(JSONValue.string)).description }
}

/// Thrown by the context of an attempt that has to wait. The attempt ends, and the job holds no worker until it goes on.
///
/// A handler lets it pass. One that catches it is parked all the same: what counts is that it has asked to wait.
public struct Parked: Error, CustomStringConvertible {
  /// For people.
  public var description: String { "The job is parked until what it waits for has come." }

  package init() {}
}

/// Nothing came in time.
public struct WaitTimedOut: Error, Sendable, CustomStringConvertible {
  /// What was waited for.
  public let name: String
  /// For people.
  public var description: String { "Nothing came of \"\(name)\" before the time was over." }
}
