extension Pruner {
  /// So that the log is not full of lines that say that lines were deleted.
  static let auditInterval = Duration.seconds(86_400)
  private static let auditBatch = 5_000

  /// Deletes the oldest entries of the audit log, if it is not to be kept for ever. The chain then begins after them: the
  /// hash of the last one stays.
  func pruneAudit(_ now: Timestamp) async throws {
    guard let keep = engine.configuration.keepAudit else { return }
    let end = now - keep
    do throws(StoreError) {
      let oldest = try await engine.store.read { transaction in
        try transaction.query(
          "SELECT at FROM nightshift_audit WHERE seq IS NOT NULL ORDER BY seq LIMIT 1"
        ).first?.timestamp(0)
      }
      guard let oldest, oldest < end - Self.auditInterval else { return }
    } catch  where error.code == .wrongVersion {
      return  // the columns have not been added yet
    }
    while try await engine.store.write({ try Self.deleteAudit(before: end, at: now, $0) }) == Self.auditBatch {}
  }

  /// From the beginning of the chain up to the first entry that is to stay.
  private static func deleteAudit(
    before end: Timestamp, at now: Timestamp, _ transaction: any WriteTransaction
  ) throws(StoreError) -> Int {
    try transaction.takeTurns(on: AuditSealer.turn)
    let rows = try transaction.query(
      "SELECT at, seq, hash FROM nightshift_audit WHERE seq IS NOT NULL ORDER BY seq LIMIT \(auditBatch)")
    let old = rows.prefix { $0.timestamp(0)! < end }
    guard let last = old.last, let sequence = last.integer(1), let hash = last.bytes(2) else { return 0 }
    // Where entries were taken away by others, the chain must not be mended by this.
    let anchor = try AuditLink.read(.anchor, transaction) ?? .start
    guard sequence == anchor.sequence + Int64(old.count) else { return 0 }
    try transaction.execute("DELETE FROM nightshift_audit WHERE seq <= ?", [.integer(sequence)])
    try AuditLink(sequence: sequence, hash: hash).write(.anchor, transaction)
    try transaction.audit(
      "prune", "audit log", by: .system, at: now,
      detail: ["entries": .integer(Int64(old.count)), "upTo": .integer(sequence)])
    return old.count
  }
}
