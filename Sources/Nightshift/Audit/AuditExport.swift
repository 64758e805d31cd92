/// The sealed entries in the order of the chain, in pages that never fill the memory.
package struct AuditExport: Sendable {
  static let window: Int64 = 5_000

  private let engine: Engine
  private let filter: AuditFilter
  private let end: AuditLink
  private var last: Int64

  /// Everything up to now, sealed first.
  package init(_ engine: Engine, _ filter: AuditFilter) async throws {
    try await engine.sealAudit()
    let marks = try await engine.auditMarks()
    self.engine = engine
    self.filter = filter
    end = marks.head
    last = marks.anchor.sequence
  }

  /// The next entries, which may be none among many that are not wanted; `nil` at the end.
  package mutating func next() async throws(StoreError) -> [AuditEntry]? {
    guard last < end.sequence else { return nil }
    let (from, to) = (last, min(last + Self.window, end.sequence))
    last = to
    let (conditions, values) = filter.conditions
    return try await engine.store.read { transaction in
      try transaction.query(
        """
        SELECT \(AuditEntry.columns) FROM nightshift_audit
        WHERE \((["seq > ?", "seq <= ?"] + conditions).joined(separator: " AND ")) ORDER BY seq
        """, [.integer(from), .integer(to)] + values
      ).map(AuditEntry.init)
    }
  }
}

extension Engine {
  /// Where the chain ends, and after what it begins.
  package func auditMarks() async throws(StoreError) -> (head: AuditLink, isMarked: Bool, anchor: AuditLink) {
    try await store.read { transaction in
      let (head, isMarked) = try AuditLink.head(transaction)
      return (head, isMarked, try AuditLink.read(.anchor, transaction) ?? .start)
    }
  }

  /// What `nightshift doctor` says of it.
  func auditFinding() async throws(StoreError) -> StoreFinding {
    let head: AuditLink
    do throws(StoreError) {
      head = try await auditMarks().head
    } catch  where error.code == .wrongVersion {
      return StoreFinding(
        "audit log", isFine: false, found: "it is not sealed: the database has no columns for it yet",
        remedy: "run `nightshift db migrate`")
    }
    // As much as fits a terminal; whoever writes it down takes it from `nightshift audit verify`.
    let hash = head.hash.hexadecimal.prefix(16)
    return StoreFinding(
      "audit log", isFine: true, found: "\(head.sequence) entries are sealed; the last hash begins with \(hash)")
  }
}
