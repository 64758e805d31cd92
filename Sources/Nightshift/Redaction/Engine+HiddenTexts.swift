extension Engine {
  /// Payloads may be large: those of so many jobs are in memory at a time.
  private static let jobsAtATime = 20

  /// The texts that are hidden of all that jobs were given and have made: their payloads, results and steps, the signals
  /// they got, and what they have asked people and were answered. Whatever stands beside it may repeat them.
  package func hiddenTexts(
    of jobs: Set<JobID>, by redaction: Redaction
  ) async throws(StoreError) -> [JobID: Set<String>] {
    guard !jobs.isEmpty, !redaction.paths.isEmpty else { return [:] }
    var texts: [JobID: Set<String>] = [:]
    let all = jobs.sorted { $0.rawValue < $1.rawValue }
    for start in stride(from: 0, to: all.count, by: Self.jobsAtATime) {
      let few = Array(all[start..<min(start + Self.jobsAtATime, all.count)])
      let found = try await store.read { transaction throws(StoreError) in
        try HiddenTexts(of: few, by: redaction, transaction).texts
      }
      texts.merge(found) { $1 }
    }
    return texts
  }
}

/// Collects what is hidden of a few jobs.
private struct HiddenTexts {
  /// The tables that hold documents of jobs, and the column that names the job.
  private static let documents = [
    "SELECT id, payload FROM nightshift_payloads WHERE id", "SELECT id, result FROM nightshift_results WHERE id",
    "SELECT job, payload FROM nightshift_old_payloads WHERE job",
  ]
  private static let documentsOfFlow = [
    "SELECT job, result FROM nightshift_steps WHERE job", "SELECT job, payload FROM nightshift_signals WHERE job",
    "SELECT job, data FROM nightshift_checkpoints WHERE job",
    "SELECT job, answer FROM nightshift_checkpoints WHERE job",
  ]

  private(set) var texts: [JobID: Set<String>] = [:]
  private let redaction: Redaction

  init(of jobs: [JobID], by redaction: Redaction, _ transaction: any ReadTransaction) throws(StoreError) {
    self.redaction = redaction
    let condition = "IN (\(jobs.map { _ in "?" }.joined(separator: ", ")))"
    let hasFlow = try transaction.hasTables(of: Migration.waits.step)
    for select in Self.documents + (hasFlow ? Self.documentsOfFlow : []) {
      for row in try transaction.query("\(select) \(condition)", jobs.map(SQLValue.init)) {
        collect(row.bytes(1), of: row.job(0)) { $0.redacted($1, collecting: &$2) }
      }
    }
    guard hasFlow else { return }
    let edits = "SELECT job, changes FROM nightshift_decisions WHERE changes IS NOT NULL AND job"
    for row in try transaction.query("\(edits) \(condition)", jobs.map(SQLValue.init)) {
      collect(row.text(1).map { Array($0.utf8) }, of: row.job(0)) { redaction, changes, texts in
        .array((changes.arrayValue ?? []).map { redaction.redacted(change: $0, collecting: &texts) })
      }
    }
  }

  private mutating func collect(
    _ bytes: [UInt8]?, of job: JobID?, _ look: (Redaction, JSONValue, inout Set<String>) -> JSONValue
  ) {
    // What is no JSON has no names, and hides nothing.
    guard let job, let bytes, let document = try? JSONValue(parsing: bytes) else { return }
    _ = look(redaction, document, &texts[job, default: []])
  }
}
