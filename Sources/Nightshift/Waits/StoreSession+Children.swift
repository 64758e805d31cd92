extension StoreSession {
  /// Ends the waits of jobs that are parked until others have ended, and resumes them.
  ///
  /// Whoever begins such a wait locks the other job's row, so that either the wait finds the end or the end the wait.
  func endWaits(forEndsOf ends: [EndedJob]) throws(StoreError) {
    let moments = Dictionary(ends.map { ($0.id, $0.at) }) { $1 }
    for list in SQLList.lists(of: moments.keys.sorted()) {
      let rows = try query(
        """
        SELECT id, job, target FROM nightshift_waits
        WHERE state = 0 AND target IS NOT NULL AND target IN (\(list.marks))
        """, list.values)
      try lockJobs(Set(rows.compactMap { $0.job(1) }))
      for row in rows {
        let now = row.job(2).flatMap { moments[$0] } ?? ends[0].at
        guard let job = row.job(1), try end(row.integer(0)!, .satisfied, at: now) else { continue }
        try resume(job, at: now)
      }
    }
  }
}
