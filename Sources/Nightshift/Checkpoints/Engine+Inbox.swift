extension Engine {
  /// How many questions wait for people that somebody may see; counted up to a limit, since a badge needs no more.
  package func waitingQuestions(upTo limit: Int, for viewer: Actor) async throws(StoreError) -> Int {
    guard viewer.reach.isEverything else {
      var filter = CheckpointFilter()
      filter.states = [.pending]
      filter.viewer = viewer
      return try await checkpoints(filter, limit: limit).checkpoints.count
    }
    let rows = try await store.read { transaction in
      // The literal is the condition of the index.
      try transaction.query(
        """
        SELECT count(*) FROM (SELECT c.id FROM nightshift_checkpoints c JOIN nightshift_jobs j ON j.id = c.job
          WHERE c.state = 'pending' AND j.state < 5 LIMIT ?) AS waiting
        """, [SQLValue(limit)])
    }
    return Int(rows.first?.integer(0) ?? 0)
  }
}

extension Checkpoint {
  /// Whether somebody's role or name lets them decide. Whether they have asked for the job themselves is looked at when
  /// they do decide.
  package func mayBeDecided(by actor: Actor) -> Bool {
    guard state == .pending else { return false }
    return policy.reviewers.allows(actor) || (escalatedAt != nil && policy.escalateTo.allows(actor))
  }

  /// Changes with the data as they are now: whoever decides says by it what they have seen. Not made of the data, since by
  /// that a value could be found out which is hidden.
  package var stamp: String { "\(decisions.count { $0.changes != nil })" }

  /// When people are reminded next.
  package var nextReminder: Timestamp? {
    guard state == .pending, escalatedAt == nil else { return nil }
    return policy.reminders.dropFirst(reminders).first.map {
      Timestamp(microseconds: createdAt.microseconds + $0)
    }
  }

  /// Who is asked once nobody has answered in time; empty unless it escalates.
  package var escalation: [String] {
    guard policy.onExpiry == .escalate, escalatedAt == nil else { return [] }
    let names = policy.escalateTo.users + policy.escalateTo.roles
    return names.isEmpty ? [Role.approver.rawValue] : names
  }
}
