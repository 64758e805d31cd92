extension StoreSession {
  /// Gives the newcomer a place in the window of its key: now, or with `later` at the next moment that has one.
  ///
  /// Each place is a row whose key begins with the moment from which the job counts, so that the rows are in the order
  /// of time, and what counts is what was added: a limit or a window that has changed since is judged by the same rows.
  /// Of each key only as many are kept as the limit needs.
  ///
  /// - Returns: The job whose place is the next to become free, if there is none for the newcomer; `nil` if it is to be
  ///   added.
  func throttle(
    _ job: inout NewJob, _ claim: KeyClaim, limit: Int, per: Duration, excess: Throttle.Excess, now: Timestamp
  ) throws(StoreError) -> JobID? {
    try takeTurns(on: claim.scope)
    if try wasAdded(job) { return job.id }
    // So many jobs back: when it is out of the window, there is room for one more.
    let rows = try query(
      "SELECT key, job FROM nightshift_keys WHERE scope = ? ORDER BY key DESC LIMIT 1 OFFSET ?",
      [.text(claim.scope), SQLValue(limit - 1)])
    var start = now
    if let row = rows.first, let key = row.text(0), let former = row.job(1) {
      let free = ThrottlePlace.moment(in: key) + per
      if free > now {
        guard excess == .later, free <= now + Throttle.longest else { return former }
        start = free
        job.runAt = free
      }
      try execute("DELETE FROM nightshift_keys WHERE scope = ? AND key <= ?", [.text(claim.scope), .text(key)])
    }
    try execute(
      "INSERT INTO nightshift_keys(scope, key, job, expires_at) VALUES(?, ?, ?, ?)",
      [
        .text(claim.scope), .text(ThrottlePlace.key(of: job.id, at: start)), SQLValue(job.id), SQLValue(start + per),
      ])
    return nil
  }
}

/// How a place in a window is written: the moment first, with as many digits as any moment has.
private enum ThrottlePlace {
  private static let digits = 19

  static func key(of job: JobID, at moment: Timestamp) -> String {
    let text = String(max(0, moment.microseconds))
    return String(repeating: "0", count: digits - text.count) + text + " \(job)"
  }

  static func moment(in key: String) -> Timestamp {
    Timestamp(microseconds: Int64(key.prefix(digits)) ?? 0)
  }
}
