/// What a look at the audit log's chain has found.
package struct AuditVerification: Sendable, Hashable {
  /// Something that somebody has done to the log beside Nightshift.
  package struct Problem: Sendable, Hashable {
    /// The entry at which it shows.
    package var sequence: Int64
    package var found: String
  }

  /// The chain's end.
  package var head: AuditLink
  /// The last entry that was deleted for its age; number 0 if none was.
  package var anchor: AuditLink
  /// How many entries were looked at.
  package var entries: Int64 = 0
  /// The first ones; what is wrong is rarely one thing.
  package var problems: [Problem] = []
  package var problemCount = 0
  /// At which entry the hash stands that was expected; `nil` if it was not met, or none was given.
  package var expectedAt: Int64?
  /// After which entry to go on; `nil` when all was seen.
  package var next: Int64?

  /// So many problems are told in words.
  static let mostProblems = 20

  mutating func add(_ sequence: Int64, _ found: String) {
    problemCount += 1
    if problems.count < Self.mostProblems { problems.append(Problem(sequence: sequence, found: found)) }
  }
}

extension Engine {
  /// Computes the chain anew and compares.
  ///
  /// - Parameters:
  ///   - after: Go on after this entry, with the hash that stands there; `nil` for the beginning.
  ///   - expected: A hash that was written down earlier, and must be met.
  ///   - budget: About how long it may take before it comes back with ``AuditVerification/next``.
  package func verifyAudit(
    after: Int64? = nil, expecting expected: [UInt8]? = nil, within budget: Duration = .seconds(5)
  ) async throws -> AuditVerification {
    try await sealAudit()
    let (head, isMarked, anchor) = try await auditMarks()
    var walk = AuditWalk(AuditVerification(head: head, anchor: anchor), expected: expected)
    if !isMarked { walk.verification.add(head.sequence, "the mark of the log's end was set back or removed") }
    try await begin(&walk, after: after)
    let deadline = clock.monotonic + budget.microseconds * 1000
    while walk.link.sequence < head.sequence {
      let (from, to) = (walk.link.sequence, min(walk.link.sequence + AuditExport.window, head.sequence))
      let entries = try await store.read { transaction in
        try transaction.query(
          "SELECT \(AuditEntry.columns) FROM nightshift_audit WHERE seq > ? AND seq <= ? ORDER BY seq",
          [.integer(from), .integer(to)]
        ).map(AuditEntry.init)
      }
      let pruned = try await auditMarks().anchor
      if pruned.sequence > from {
        // Deleted for their age while we were looking: the chain begins later now.
        walk.skip(to: pruned)
        continue
      }
      for entry in entries { walk.see(entry) }
      walk.reach(to)
      if clock.monotonic > deadline, to < head.sequence {
        walk.verification.next = to
        return walk.verification
      }
    }
    walk.finish()
    return walk.verification
  }

  private func begin(_ walk: inout AuditWalk, after: Int64?) async throws {
    guard let after, after > walk.link.sequence else { return }
    let hash = try await store.read { transaction in
      try transaction.query("SELECT hash FROM nightshift_audit WHERE seq = ?", [.integer(after)]).first?.bytes(0)
    }
    walk.link = AuditLink(sequence: after, hash: hash ?? [])
  }
}

/// The state of a verification between two entries.
struct AuditWalk {
  var verification: AuditVerification
  var link: AuditLink
  private let expected: [UInt8]?

  init(_ verification: AuditVerification, expected: [UInt8]?) {
    self.verification = verification
    self.expected = expected
    link = verification.anchor
    note()
  }

  private mutating func note() {
    // The zeros before the first entry are nothing that somebody could have written down.
    if let expected, link.hash == expected, link.sequence > 0 { verification.expectedAt = link.sequence }
  }

  mutating func see(_ entry: AuditEntry) {
    guard let stored = entry.link else { return }
    verification.entries += 1
    if stored.sequence != link.sequence + 1 { miss(until: stored.sequence - 1) }
    let computed = AuditLink(sequence: stored.sequence - 1, hash: link.hash).next(entry)
    // After a gap it cannot fit, and that was said.
    if !link.hash.isEmpty, computed.hash != stored.hash {
      verification.add(
        stored.sequence, "entry \(stored.sequence) is not as it was written, or the one before it is not")
    }
    // From what is stored, so that one change does not condemn all that follow.
    link = stored
    note()
  }

  /// Says that entries are missing from the end of what was read.
  mutating func reach(_ end: Int64) { if link.sequence < end { miss(until: end) } }

  private mutating func miss(until end: Int64) {
    let first = link.sequence + 1
    verification.add(first, first == end ? "entry \(first) is missing" : "entries \(first) to \(end) are missing")
    link = AuditLink(sequence: end, hash: [])
  }

  mutating func skip(to anchor: AuditLink) {
    verification.anchor = anchor
    link = anchor
    note()
  }

  /// The mark of the end is written with the entries, and must agree with the last one.
  mutating func finish() {
    guard !link.hash.isEmpty, link.sequence == verification.head.sequence, link.hash != verification.head.hash else {
      return
    }
    verification.add(link.sequence, "the last entry is not the one that was sealed as the last")
  }
}
