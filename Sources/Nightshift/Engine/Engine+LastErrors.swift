extension Engine {
  /// What the last attempt of each of these jobs failed with, for lists; jobs without a failed attempt are left out.
  ///
  /// - Complexity: One look into an index for each job.
  package func lastErrors(of jobs: [JobID]) async throws(StoreError) -> [JobID: Failure] {
    guard !jobs.isEmpty else { return [:] }
    return try await store.read { transaction in
      var errors: [JobID: Failure] = [:]
      for job in jobs {
        let rows = try transaction.query(
          """
          SELECT error_type, error_message FROM nightshift_attempts WHERE job = ? AND error_type IS NOT NULL
          ORDER BY attempt DESC LIMIT 1
          """, [SQLValue(job)])
        guard let row = rows.first else { continue }
        errors[job] = Failure(type: row.text(0)!, message: row.text(1) ?? "")
      }
      return errors
    }
  }
}
