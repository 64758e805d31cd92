/// Who said what to a question.
package struct DecisionRecord: Sendable {
  package var verdict: String
  package var actor: String
  package var role: String
  package var address: String?
  /// `api`, `cli`, `console`; `grant` where somebody had allowed it beforehand, `expiry` where nobody answered.
  package var via: String
  package var at: Timestamp
  package var comment: String?
  package var choice: String?
  /// What the reviewer changed in the data: a list of `{pointer, before, after}`.
  package var changes: JSONValue?

  static let columns = "verdict, actor, role, address, via, at, comment, choice, changes"

  init(_ row: SQLRow, of checkpoint: CheckpointID) throws(StoreError) {
    verdict = row.text(0)!
    actor = row.text(1)!
    role = row.text(2)!
    address = row.text(3)
    via = row.text(4)!
    at = row.timestamp(5)!
    comment = row.text(6)
    choice = row.text(7)
    changes = try Checkpoint.json(row.text(8).map { Array($0.utf8) }, checkpoint)
  }
}

extension StoreError {
  /// A row that we have written and cannot read any more.
  static func unreadable(_ checkpoint: CheckpointID, _ reason: String) -> StoreError {
    StoreError(.corrupt, "The checkpoint \(checkpoint) cannot be read.", cause: reason)
  }
}
