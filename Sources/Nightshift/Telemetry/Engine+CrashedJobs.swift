import Logging

extension Engine {
  /// What is to be told of jobs whose process has died under them; read before they are taken back. Nothing if nobody
  /// wants to know.
  func crashedJobs(_ blamed: Set<JobID>, of worker: WorkerID) async -> [CrashedJob] {
    guard configuration.observer != nil, !blamed.isEmpty else { return [] }
    do throws(StoreError) {
      let rows = try await store.read { transaction in
        try transaction.query(
          "SELECT id, kind, queue, attempt FROM nightshift_jobs WHERE state = 1 AND worker = ?",
          [.integer(worker.rawValue)])
      }
      return rows.filter { blamed.contains($0.job(0)!) }.map { row in
        CrashedJob(
          id: row.job(0)!, kind: row.text(1)!, queue: row.text(2)!, attempt: Int(row.integer(3)!), worker: worker)
      }
    } catch {
      logger.debug("jobs of a crash could not be read", metadata: ["error": "\(error)"])
      return []
    }
  }

  /// The last log lines of one attempt, oldest first.
  package func lastLogs(of job: JobID, attempt: Int, limit: Int) async throws(StoreError) -> [LogLine] {
    try await store.read { transaction in
      try transaction.query(
        """
        SELECT seq, attempt, at, level, message FROM nightshift_logs WHERE job = ? AND attempt = ?
        ORDER BY seq DESC LIMIT ?
        """, [SQLValue(job), SQLValue(attempt), SQLValue(limit)]
      ).reversed().map(LogLine.init)
    }
  }
}
