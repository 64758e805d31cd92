/// Keeps jobs from being claimed: those of a queue, or all. No job's row is touched, so that it costs nothing however many
/// wait.
package struct Pause: Sendable, Hashable {
  /// What is paused.
  package enum Subject: Sendable, Hashable, CustomStringConvertible {
    case everything
    case queue(QueueName)

    package var description: String {
      switch self {
      case .everything: "everything"
      case .queue(let name): "queue \(name)"
      }
    }
  }

  package var since: Timestamp
  /// Who has paused it.
  package var by: String?
  /// When it ends by itself; `nil` when somebody has to end it.
  package var until: Timestamp?
  /// Why, in the words of whoever paused it.
  package var reason: String?
}

extension Pause {
  /// The row of ``Pause/Subject/everything`` among the queues: a name that no queue can have.
  static let everything = "*"

  /// Of two, the one that keeps jobs longer.
  func outlasts(_ other: Pause) -> Bool {
    guard let until else { return other.until != nil }
    return other.until.map { until > $0 } ?? false
  }

  /// What the audit log keeps of it; `nil` for one without end and reason.
  var detail: JSONValue? {
    var fields: [String: JSONValue] = [:]
    fields["until"] = until.map { .string($0.rfc3339) }
    fields["reason"] = reason.map { .string($0) }
    return fields.isEmpty ? nil : .object(fields)
  }

  /// The pause of a row of the queues, if there is one.
  static func read(of name: String, _ transaction: any ReadTransaction) throws(StoreError) -> Pause? {
    let rows = try transaction.query(
      "SELECT paused_at, paused_by FROM nightshift_queues WHERE name = ? AND paused_at IS NOT NULL", [.text(name)])
    guard let row = rows.first, let since = row.timestamp(0) else { return nil }
    var pause = Pause(since: since, by: row.text(1))
    guard try Migration.hasPauses(transaction) else { return pause }
    let more = try transaction.query(
      "SELECT paused_until, pause_reason FROM nightshift_queues WHERE name = ?", [.text(name)])
    (pause.until, pause.reason) = (more.first?.timestamp(0), more.first?.text(1))
    return pause
  }
}

extension Pause.Subject {
  /// The name of its row among the queues.
  var row: String {
    switch self {
    case .everything: Pause.everything
    case .queue(let name): name.rawValue
    }
  }
}
