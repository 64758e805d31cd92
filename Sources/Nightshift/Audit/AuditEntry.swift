/// One line of the audit log: who did what, on what, from where and when.
package struct AuditEntry: Sendable, Hashable {
  package var id: Int64
  package var at: Timestamp
  package var actor: String
  package var role: String
  package var address: String?
  package var verb: String
  package var subject: String
  /// More about it, in JSON, as it was written.
  package var detail: String?
  /// Its place in the chain, and the hash up to there; `nil` for the moment until it is sealed.
  package var link: AuditLink?

  static let columns = "id, at, actor, role, address, verb, subject, detail, seq, hash"

  init(_ row: SQLRow) {
    id = row.integer(0)!
    at = row.timestamp(1)!
    actor = row.text(2)!
    role = row.text(3)!
    address = row.text(4)
    verb = row.text(5)!
    subject = row.text(6)!
    detail = row.text(7)
    link = row.integer(8).map { AuditLink(sequence: $0, hash: row.bytes(9) ?? []) }
  }
}

/// Which entries are meant; what is `nil` leaves all.
package struct AuditFilter: Sendable, Hashable {
  package var actor: String?
  package var verb: String?
  /// The subject, or how it begins: `job_…`, `user anna`, `token`.
  package var subject: String?
  package var address: String?
  package var from: Timestamp?
  package var to: Timestamp?

  package init() {}

  /// As SQL over `nightshift_audit`.
  var conditions: (sql: [String], values: [SQLValue]) {
    var sql: [String] = []
    var values: [SQLValue] = []
    for (column, value) in [("actor", actor), ("verb", verb), ("address", address)] {
      guard let value else { continue }
      sql.append("\(column) = ?")
      values.append(.text(value))
    }
    if let subject {
      sql.append("substr(subject, 1, CAST(? AS integer)) = ?")
      values += [SQLValue(subject.unicodeScalars.count), .text(subject)]
    }
    if let from {
      sql.append("at >= ?")
      values.append(SQLValue(from))
    }
    if let to {
      sql.append("at < ?")
      values.append(SQLValue(to))
    }
    return (sql, values)
  }
}

/// Entries, newest first.
package struct AuditPage: Sendable, Hashable {
  package var entries: [AuditEntry]
  /// Where the next page begins; `nil` on the last one.
  package var next: Int64?
  /// How far the search came within its time, if it has not found enough.
  package var searchedBackTo: Timestamp?
}
