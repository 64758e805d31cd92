extension Engine {
  /// The kinds that are watched for slowness, by name.
  package func slowThresholds() async throws(StoreError) -> [String: SlowThreshold] {
    try await store.read { try $0.slowThresholds() }
  }

  /// Watches a kind for slowness, in place of what was said of it before. Whether it is slow is found out anew.
  package func watch(_ threshold: SlowThreshold, by actor: Actor) async throws {
    let now = clock.now
    try await store.write { transaction in
      guard try transaction.hasTables(of: Migration.profile.step) else { throw Self.noProfile }
      let former = try transaction.slowThresholds()[threshold.kind]
      try transaction.execute(
        """
        INSERT INTO nightshift_slow_kinds(kind, p95_us, window_us, least, updated_at, updated_by)
        VALUES(?, ?, ?, ?, ?, ?)
        ON CONFLICT(kind) DO UPDATE SET
          p95_us = excluded.p95_us, window_us = excluded.window_us, least = excluded.least,
          updated_at = excluded.updated_at, updated_by = excluded.updated_by, slow_since = NULL, slow_p95_us = NULL
        """,
        [
          .text(threshold.kind), .integer(threshold.p95.microseconds), .integer(threshold.window.microseconds),
          SQLValue(threshold.least), SQLValue(now), .text(actor.id),
        ])
      let change = AuditedChange(from: former?.audited, to: threshold.audited)
      try transaction.audit(
        "watch-slowness", "kind \(threshold.kind)", by: actor, at: now, detail: change.detail(and: threshold.audited))
    }
  }

  /// Ends the watch over a kind; `false` if there was none.
  package func endWatch(over kind: String, by actor: Actor) async throws -> Bool {
    let now = clock.now
    return try await store.write { transaction in
      guard try transaction.hasTables(of: Migration.profile.step) else { return false }
      let change = AuditedChange(from: try transaction.slowThresholds()[kind]?.audited, to: nil)
      let ended = try transaction.execute("DELETE FROM nightshift_slow_kinds WHERE kind = ?", [.text(kind)])
      if ended > 0 {
        try transaction.audit("end-slowness-watch", "kind \(kind)", by: actor, at: now, detail: change.detail())
      }
      return ended > 0
    }
  }

  private static var noProfile: StoreError {
    StoreError(.wrongVersion, "The database has no profile yet. Take the steps of the schema: nightshift db migrate")
  }

  /// Notes that a kind has become slow, with one row in the outbox, or that it is so no longer. Several processes may
  /// find the same at once: the first one writes it.
  func judge(_ threshold: SlowThreshold, at now: Timestamp) async throws {
    let minute = SlowThreshold.minute
    let first = (now - threshold.window).microseconds / minute * minute
    let recent = try await store.read { transaction in
      var recent = ProfileTally()
      let rows = try transaction.profileRows(
        from: first, to: now.microseconds + minute, kind: threshold.kind, parts: [.recent])
      for row in rows { recent.add(row.tally) }
      return recent
    }
    let verdict = threshold.verdict(recent)
    guard verdict != .same else { return }
    try await store.write { transaction in
      switch verdict {
      case .same: break
      case .over:
        try transaction.execute(
          "UPDATE nightshift_slow_kinds SET slow_since = NULL, slow_p95_us = NULL WHERE kind = ?",
          [.text(threshold.kind)])
      case .slow(let found):
        let isFirst = try transaction.execute(
          "UPDATE nightshift_slow_kinds SET slow_since = ?, slow_p95_us = ? WHERE kind = ? AND slow_since IS NULL",
          [SQLValue(now), .integer(found.microseconds), .text(threshold.kind)])
        guard isFirst == 1, let slowest = recent.slowest.first else { return }
        let text = threshold.text(found, of: recent.histogram.count)
        try transaction.session.tell("slow", slowest.job, slowest.attempt, text, at: now)
      }
    }
  }

  /// What `nightshift doctor` tells of slow kinds.
  func slowFinding() async throws(StoreError) -> StoreFinding {
    let thresholds = try await slowThresholds().values.sorted { $0.kind < $1.kind }
    let slow = thresholds.filter { $0.slowSince != nil }
    let found = slow.map { threshold in
      "\(threshold.kind) since \(threshold.slowSince!.rfc3339), with a p95 of \(threshold.slowP95?.text ?? "?") over "
        + "its bound of \(threshold.p95.text)"
    }
    return StoreFinding(
      "slow kinds", isFine: slow.isEmpty,
      found: thresholds.isEmpty ? "none is watched" : slow.isEmpty ? "none" : found.joined(separator: "; "),
      remedy: "see where its time goes: \(slow.map { "nightshift profile \($0.kind)" }.joined(separator: ", "))")
  }
}

extension SlowThreshold {
  /// For people: `The p95 of send-mail over the last 10m is 5.2s, above its bound of 2s (120 attempts).`
  fileprivate func text(_ found: Duration, of count: Int64) -> String {
    "The p95 of \(kind) over the last \(window.text) is \(found.text), above its bound of \(p95.text) "
      + "(\(count) attempts)."
  }
}
