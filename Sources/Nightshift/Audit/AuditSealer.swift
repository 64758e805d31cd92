import Logging

/// Gives entries their place in the chain.
///
/// Not where they are written: each would have to wait for the one before it, and with it every change of every server.
/// Whoever comes first seals what is there; the others find nothing to do.
enum AuditSealer {
  static let batch = 500
  /// So many batches at once; whoever still finds entries is soon back.
  static let mostBatches = 200

  /// Those that change the chain, one after the other.
  static let turn = "nightshift audit"

  /// Seals some entries, and tells how many.
  static func seal(_ transaction: any WriteTransaction) throws(StoreError) -> Int {
    try transaction.takeTurns(on: turn)
    // Only now: another may have sealed them meanwhile.
    let entries = try transaction.query(
      "SELECT \(AuditEntry.columns) FROM nightshift_audit WHERE seq IS NULL ORDER BY id LIMIT \(batch)"
    ).map(AuditEntry.init)
    guard !entries.isEmpty else { return 0 }
    var head = try AuditLink.head(transaction).link
    var values: [[SQLValue]] = []
    for entry in entries {
      head = head.next(entry)
      values.append([.integer(entry.id), .integer(head.sequence), .bytes(head.hash)])
    }
    try write(values, transaction)
    try head.write(.head, transaction)
    return entries.count
  }

  /// In lists of few different lengths, so that a database prepares few different statements.
  private static func write(_ rows: [[SQLValue]], _ transaction: any WriteTransaction) throws(StoreError) {
    var rest = rows[...]
    while let last = rest.prefix(100).last {
      let part = rest.prefix(100)
      let length = part.count == 1 ? 1 : part.count <= 10 ? 10 : 100
      // The last one once more changes nothing.
      let padded = Array(part) + Array(repeating: last, count: length - part.count)
      try transaction.execute(
        """
        UPDATE nightshift_audit SET seq = sealed.column2, hash = sealed.column3
        FROM (VALUES \(padded.map { _ in "(?, ?, ?)" }.joined(separator: ", "))) AS sealed
        WHERE nightshift_audit.id = sealed.column1 AND nightshift_audit.seq IS NULL
        """, padded.flatMap { $0 })
      rest = rest.dropFirst(part.count)
    }
  }
}

extension Engine {
  /// Seals what was written since the last time; tells how many entries those were.
  @discardableResult
  package func sealAudit() async throws -> Int {
    var count = 0
    for _ in 0..<AuditSealer.mostBatches {
      let isNeeded = try await store.read { transaction in
        try !transaction.query("SELECT 1 FROM nightshift_audit WHERE seq IS NULL LIMIT 1").isEmpty
      }
      // Nothing is written for nothing: an idle server leaves the disk alone.
      guard isNeeded else { return count }
      let sealed = try await store.write { try AuditSealer.seal($0) }
      count += sealed
      guard sealed == AuditSealer.batch else { return count }
    }
    return count
  }

  /// For the housekeeper.
  func sealAuditQuietly() async {
    do {
      try await sealAudit()
    } catch let error as StoreError where error.code == .wrongVersion {
      // The columns have not been added yet, and `nightshift doctor` says so.
    } catch {
      logger.warning("the audit log could not be sealed; trying again", metadata: ["error": "\(error)"])
    }
  }
}
