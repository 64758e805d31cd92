extension StoreSession {
  /// Writes down by which error a job died, in the transaction in which it does.
  func noteDeath(of job: JobID, kind: String, _ failure: Failure, at now: Timestamp) throws(StoreError) {
    guard try hasTaken(Migration.deadLetters.step) else { return }
    try execute(
      """
      INSERT INTO nightshift_dead_letters(job, fingerprint, died_at) VALUES(?, ?, ?)
      ON CONFLICT(job) DO UPDATE SET fingerprint = excluded.fingerprint, died_at = excluded.died_at
      """, [SQLValue(job), .text(ErrorFingerprint.of(kind: kind, failure)), SQLValue(now)])
  }

  /// A job that is retried or deleted is no dead letter any more.
  func forgetDeath(of job: JobID) throws(StoreError) {
    guard try hasTaken(Migration.deadLetters.step) else { return }
    try execute("DELETE FROM nightshift_dead_letters WHERE job = ?", [SQLValue(job)])
  }
}

extension Engine {
  private static let oldDeaths = "dead_letters_noted"

  /// Writes down, once for each database, by which errors the jobs died that were dead before this was kept.
  func noteOldDeaths() async throws {
    let isDone = try await store.read { transaction in
      guard try transaction.hasTables(of: Migration.deadLetters.step) else { return true }
      return try !transaction.query(
        "SELECT 1 FROM nightshift_settings WHERE name = ?", [.text(Self.oldDeaths)]
      ).isEmpty
    }
    guard !isDone else { return }
    var last: Int64 = -1
    while let next = try await noteOldDeaths(after: last) { last = next }
    _ = try await store.write { transaction in
      try transaction.execute(
        "INSERT INTO nightshift_settings(name, value) VALUES(?, '1') ON CONFLICT(name) DO NOTHING",
        [.text(Self.oldDeaths)])
    }
  }

  private func noteOldDeaths(after last: Int64) async throws -> Int64? {
    try await store.write { transaction in
      let rows = try transaction.query(
        """
        SELECT id, kind, finished_at FROM nightshift_jobs WHERE state IN (6, 7) AND state = 6 AND id > ? ORDER BY id
        LIMIT 500
        """, [.integer(last)])
      for row in rows {
        let id = row.job(0)!
        let errors = try transaction.query(
          """
          SELECT error_type, error_message FROM nightshift_attempts WHERE job = ? AND error_type IS NOT NULL
          ORDER BY attempt DESC LIMIT 1
          """, [SQLValue(id)])
        let failure = Failure(type: errors.first?.text(0) ?? "", message: errors.first?.text(1) ?? "")
        try transaction.session.noteDeath(
          of: id, kind: row.text(1)!, failure, at: row.timestamp(2) ?? id.createdAt)
      }
      return rows.last?.integer(0)
    }
  }
}
