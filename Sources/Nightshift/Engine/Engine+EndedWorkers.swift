/// A process that was there.
package struct EndedWorker: Sendable {
  package var id: WorkerID
  package var name: String
  package var role: String
  package var host: String
  package var version: String
  package var startedAt: Timestamp
  package var endedAt: Timestamp
  /// Why it is gone, as whoever noted it has said.
  package var reason: String?
}

extension Engine {
  /// Processes that have ended, the last one first. They are kept for some days.
  package func endedWorkers(limit: Int) async throws(StoreError) -> [EndedWorker] {
    try await store.read { transaction in
      try transaction.query(
        """
        SELECT id, name, role, host, version, started_at, ended_at, ended_reason FROM nightshift_workers
        WHERE ended_at IS NOT NULL AND role = 'worker' ORDER BY ended_at DESC, id DESC LIMIT ?
        """, [SQLValue(limit)]
      ).map { row in
        EndedWorker(
          id: WorkerID(rawValue: row.integer(0)!), name: row.text(1)!, role: row.text(2)!, host: row.text(3)!,
          version: row.text(4)!, startedAt: row.timestamp(5)!, endedAt: row.timestamp(6)!, reason: row.text(7))
      }
    }
  }

  /// How far jobs are that said so, for those that are asked about.
  package func progress(of jobs: [JobID]) async throws(StoreError) -> [JobID: ProgressRecord] {
    guard !jobs.isEmpty else { return [:] }
    return try await store.read { transaction in
      var progress: [JobID: ProgressRecord] = [:]
      for job in jobs {
        let rows = try transaction.query(
          "SELECT attempt, millionths, message, at FROM nightshift_progress WHERE job = ?", [SQLValue(job)])
        guard let row = rows.first else { continue }
        progress[job] = ProgressRecord(
          attempt: Int(row.integer(0)!), fraction: Double(row.integer(1)!) / 1_000_000, message: row.text(2),
          at: row.timestamp(3)!)
      }
      return progress
    }
  }
}
