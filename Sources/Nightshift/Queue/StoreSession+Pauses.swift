extension StoreSession {
  /// Ends the pauses whose time is over.
  ///
  /// - Returns: When the next one is.
  func endDuePauses(now: Timestamp) throws(StoreError) -> Timestamp? {
    guard try hasTaken(Migration.pauses.step) else { return nil }
    let ended = try query(
      """
      UPDATE nightshift_queues SET paused_at = NULL, paused_by = NULL, paused_until = NULL, pause_reason = NULL
      WHERE paused_until <= ? RETURNING name
      """, [SQLValue(now)])
    for row in ended {
      let name = row.text(0)!
      let subject = name == Pause.everything ? "everything" : "queue \(name)"
      try audit("resume", subject, by: .system, at: now, detail: ["reason": "its time was over"])
      if name != Pause.everything { tally.notice.readyQueues.insert(name) }
    }
    // Every process has to hear of it, this one too: what is paused is kept in memory.
    if !ended.isEmpty { tally.changesMore() }
    let next = try query("SELECT min(paused_until) FROM nightshift_queues WHERE paused_until IS NOT NULL")
    return next.first?.timestamp(0)
  }
}
