import Foundation

extension StoreSession {
  /// Writes a question down, before anybody is told of it.
  ///
  /// - Parameter isTold: Whether the caller tells subscribers, who then learn who has asked.
  func openCheckpoint(
    _ draft: CheckpointDraft, _ id: Int64, job: JobID, attempt: Int, isTold: Bool = false, at now: Timestamp
  ) throws(StoreError) {
    try insertCheckpoint(
      draft, id, job: job, attempt: attempt, .pending, expiresAt: now + draft.options.expires, at: now)
    let checkpoint = try checkpoint(id)
    try execute(
      "UPDATE nightshift_waits SET due_at = ? WHERE id = ?", [SQLValue(checkpoint?.dueAt), .integer(id)])
    if let due = checkpoint?.dueAt { tally.due(at: due) }
    if tally.collectsTransitions, !isTold { tally.notice.questions.append(CheckpointID(rawValue: id)) }
    try tell("checkpoint", job, attempt, "\(CheckpointID(rawValue: id)) \(draft.title)", at: now)
  }

  func insertCheckpoint(
    _ draft: CheckpointDraft, _ id: Int64, job: JobID, attempt: Int, _ state: CheckpointState, expiresAt: Timestamp?,
    at now: Timestamp
  ) throws(StoreError) {
    // One that was only told, or asked by other code, gives way.
    try execute(
      "UPDATE nightshift_checkpoints SET key = key || '~' || id WHERE job = ? AND key = ?",
      [SQLValue(job), .text(draft.key)])
    let policy = try CheckpointPolicy(draft).encoded()
    try execute(
      """
      INSERT INTO nightshift_checkpoints(
        id, job, attempt, key, type, state, title, body, data, schema, risk, digest, policy, reminders, created_at,
        expires_at, decided_at)
      VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)
      """,
      [
        .integer(id), SQLValue(job), SQLValue(attempt), .text(draft.key), .text(draft.type.rawValue),
        .text(state.rawValue), .text(draft.title), .text(draft.options.body), SQLValue(draft.data?.serialized()),
        SQLValue(draft.options.schema), .text(draft.options.risk.rawValue), .text(draft.digest),
        .text(policy), SQLValue(now), SQLValue(expiresAt), SQLValue(state == .pending ? nil : now),
      ])
  }

  func checkpoint(_ id: Int64) throws(StoreError) -> Checkpoint? {
    guard
      let row = try query(
        "SELECT \(Checkpoint.columns) FROM nightshift_checkpoints c WHERE c.id = ?", [.integer(id)]
      ).first
    else { return nil }
    return try Checkpoint(row)
  }

  /// Reminds, escalates or lets a question expire; `true` if its job is to go on.
  func checkpointIsDue(_ wait: Wait, at now: Timestamp) throws(StoreError) -> Bool {
    guard var checkpoint = try checkpoint(wait.id), checkpoint.state == .pending else {
      return try end(wait.id, .withdrawn, at: now)
    }
    // It may complete without the answer, and then nobody is to be troubled for it any more.
    if let row = try jobRow(wait.job), row.state.isTerminal {
      try withdrawWaits(of: wait.job, at: now)
      return false
    }
    guard let expiresAt = checkpoint.expiresAt, expiresAt <= now else {
      // All that have come due while nobody looked are one.
      let passed = now.microseconds - checkpoint.createdAt.microseconds
      checkpoint.reminders = checkpoint.policy.reminders.filter { $0 <= passed }.count
      try putOff(checkpoint)
      try tell("checkpoint.reminder", wait.job, checkpoint.attempt, "\(checkpoint.id) \(checkpoint.title)", at: now)
      return false
    }
    if checkpoint.policy.onExpiry == .escalate, checkpoint.escalatedAt == nil {
      checkpoint.escalatedAt = now
      checkpoint.expiresAt = now + .microseconds(checkpoint.policy.expires)
      try putOff(checkpoint)
      try tell("checkpoint.escalated", wait.job, checkpoint.attempt, "\(checkpoint.id) \(checkpoint.title)", at: now)
      return false
    }
    return try expire(checkpoint, at: now)
  }

  private func putOff(_ checkpoint: Checkpoint) throws(StoreError) {
    let id = SQLValue.integer(checkpoint.id.rawValue)
    try execute(
      "UPDATE nightshift_checkpoints SET reminders = ?, escalated_at = ?, expires_at = ? WHERE id = ?",
      [SQLValue(checkpoint.reminders), SQLValue(checkpoint.escalatedAt), SQLValue(checkpoint.expiresAt), id])
    try execute("UPDATE nightshift_waits SET due_at = ? WHERE id = ?", [SQLValue(checkpoint.dueAt), id])
    if let due = checkpoint.dueAt { tally.due(at: due) }
  }

  private func expire(_ checkpoint: Checkpoint, at now: Timestamp) throws(StoreError) -> Bool {
    let isYes = checkpoint.policy.onExpiry == .continue
    try close(checkpoint, .expired, choice: nil, answer: checkpoint.data, at: now)
    try note(
      isYes ? "continued" : "expired", on: checkpoint, by: Actor(id: "nobody", role: .viewer), via: "expiry",
      comment: nil, choice: nil, changes: nil, at: now)
    if tally.collectsTransitions { tally.notice.questions.append(checkpoint.id) }
    try tell("checkpoint.expired", checkpoint.job, checkpoint.attempt, "\(checkpoint.id) \(checkpoint.title)", at: now)
    return try end(checkpoint.id.rawValue, .timedOut, at: now)
  }

  func close(
    _ checkpoint: Checkpoint, _ state: CheckpointState, choice: String?, answer: JSONValue?, at now: Timestamp
  ) throws(StoreError) {
    try execute(
      "UPDATE nightshift_checkpoints SET state = ?, decided_at = ?, choice = ?, answer = ? WHERE id = ?",
      [
        .text(state.rawValue), SQLValue(now), SQLValue(choice), SQLValue(answer?.serialized()),
        .integer(checkpoint.id.rawValue),
      ])
  }

  func note(
    _ verdict: String, on checkpoint: Checkpoint, by actor: Actor, via: String, comment: String?, choice: String?,
    changes: JSONValue?, at now: Timestamp
  ) throws(StoreError) {
    let last = try query(
      "SELECT coalesce(max(seq), 0) FROM nightshift_decisions WHERE checkpoint = ?",
      [.integer(checkpoint.id.rawValue)])
    try execute(
      """
      INSERT INTO nightshift_decisions(
        checkpoint, seq, job, verdict, actor, role, address, via, at, comment, choice, changes)
      VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        .integer(checkpoint.id.rawValue), .integer((last.first?.integer(0) ?? 0) + 1), SQLValue(checkpoint.job),
        .text(verdict), .text(actor.id), .text(actor.role.rawValue), SQLValue(actor.address), .text(via),
        SQLValue(now), SQLValue(comment), SQLValue(choice), SQLValue(changes?.description),
      ])
  }
}
