extension Engine {
  /// Some of the jobs that a limit or a breaker keeps back at the moment, those that would go on first in front.
  ///
  /// - Parameter gate: The number that ``LimitStatus`` and ``BreakerState`` give.
  package func jobsHeld(by gate: Int64, limit: Int) async throws(StoreError) -> [JobSummary] {
    try await store.read { transaction in
      guard try transaction.hasTables(of: Migration.limits.step) else { return [] }
      return try transaction.query(
        """
        SELECT \(JobSummary.columns) FROM nightshift_jobs j JOIN nightshift_payloads p ON p.id = j.id
        WHERE j.hold >= 4 AND (j.held_by = ? OR (j.held_by >= ? AND j.held_by < ?)) ORDER BY j.held_by LIMIT ?
        """, [.text("\(gate)"), .text("\(gate):"), .text("\(gate);"), SQLValue(limit)]
      ).map(JobSummary.init)
    }
  }
}
