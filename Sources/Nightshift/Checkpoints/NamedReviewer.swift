import Foundation

/// A member looks for the questions of its own jobs and those that name it as reviewer.
///
/// The database finds where its name occurs in the rules of a question; whether it stands among the users there, and is
/// not one of the words that rules are made of, is looked at here.
struct NamedReviewer: Sendable {
  /// So many questions are looked at in one go, and so many times; whoever wants more goes on from there.
  private static let (rows, looks) = (500, 40)

  let viewer: Actor
  let owner: String

  /// `nil` for whoever sees the questions of others' jobs as well.
  init?(_ viewer: Actor?) {
    guard let viewer, let owner = viewer.reach.owner else { return nil }
    (self.viewer, self.owner) = (viewer, owner)
  }

  /// Which questions it may see, newest first.
  ///
  /// - Returns: At most `limit`, and where to go on: after the last of them, or where it was given up.
  func find(
    _ conditions: [String], _ values: [SQLValue], before: CheckpointID?, limit: Int,
    _ transaction: any ReadTransaction
  ) throws(StoreError) -> (ids: [Int64], next: CheckpointID?) {
    let patterns = try self.patterns()
    let occurrences = patterns.map { _ in "c.policy LIKE ? ESCAPE '\\'" }
    let condition = (conditions + ["(\((["p.owner = ?"] + occurrences).joined(separator: " OR ")))", "c.id < ?"])
    let sql = """
      SELECT c.id, c.policy, c.escalated_at, p.owner FROM nightshift_checkpoints c
      JOIN nightshift_jobs j ON j.id = c.job JOIN nightshift_payloads p ON p.id = c.job
      WHERE \(condition.joined(separator: " AND ")) ORDER BY c.id DESC LIMIT \(Self.rows)
      """
    // Thousands of questions have a few rules between them.
    var known: [String: CheckpointPolicy] = [:]
    var (ids, cursor): ([Int64], Int64) = ([], before?.rawValue ?? .max)
    for _ in 0..<Self.looks {
      let rows = try transaction.query(
        sql, values + [.text(owner)] + patterns.map(SQLValue.text) + [.integer(cursor)])
      for row in rows {
        if row.text(3) != owner, try !names(row, &known) { continue }
        if ids.count == limit { return (ids, ids.last.map(CheckpointID.init(rawValue:))) }
        ids.append(row.integer(0)!)
      }
      guard rows.count == Self.rows, let last = rows.last?.integer(0) else { return (ids, nil) }
      cursor = last
    }
    return (ids, CheckpointID(rawValue: cursor))
  }

  /// Whether it stands among those who may answer as things are.
  private func names(_ row: SQLRow, _ known: inout [String: CheckpointPolicy]) throws(StoreError) -> Bool {
    let text = row.text(1)!
    let policy: CheckpointPolicy
    if let seen = known[text] {
      policy = seen
    } else {
      policy = try Checkpoint.policy(text, CheckpointID(rawValue: row.integer(0)!))
      known[text] = policy
    }
    return (policy.reviewers.users + (row.timestamp(2) == nil ? [] : policy.escalateTo.users))
      .contains(where: viewer.isCalled)
  }

  /// Its names as they are written in JSON, to be found anywhere in it.
  private func patterns() throws(StoreError) -> [String] {
    do {
      return try ([viewer.id] + (viewer.tokenName.map { [$0] } ?? [])).map { name in
        let json = String(decoding: try JSONEncoder().encode(name), as: UTF8.self)
        let plain = json.replacing("\\", with: "\\\\").replacing("_", with: "\\_").replacing("%", with: "\\%")
        return "%\(plain)%"
      }
    } catch {
      throw StoreError(.invalid, "The name of a reviewer cannot be written.", cause: "\(error)")
    }
  }
}
