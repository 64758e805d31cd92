extension Engine {
  package enum Asked: Sendable {
    case asked(Checkpoint)
    /// The same question was asked before.
    case known(Checkpoint)
    /// Another question has the key.
    case taken(Checkpoint)
    case missing
    /// A job in this state asks nothing.
    case refused(JobState)
  }

  /// Asks a question on behalf of a job that runs or waits, from outside: a running one waits for the answer once its
  /// script exits with 75, or its handler asks under the same name. The same question again is the same checkpoint.
  package func ask(_ draft: CheckpointDraft, of job: JobID, by actor: Actor) async throws -> Asked {
    try StepName.check(draft.key)
    try draft.check()
    let (id, now) = (makeID().rawValue, clock.now)
    let asked = try await store.write { transaction -> (checkpoint: Int64?, state: JobState?) in
      try transaction.lock("nightshift_jobs", where: "id = ?", [SQLValue(job)])
      guard let row = try transaction.session.jobRow(job) else { return (nil, nil) }
      guard row.state == .running || row.state == .waiting else { return (nil, row.state) }
      let known = try transaction.query(
        "SELECT id FROM nightshift_checkpoints WHERE job = ? AND key = ?", [SQLValue(job), .text(draft.key)])
      if let known = known.first?.integer(0) { return (known, row.state) }
      try transaction.session.ask(draft, id, of: row, at: now)
      try transaction.audit(
        "ask", "\(job)", by: actor, at: now, detail: ["checkpoint": .string("\(CheckpointID(rawValue: id))")])
      return (id, row.state)
    }
    guard let state = asked.state else { return .missing }
    guard let found = asked.checkpoint, let checkpoint = try await checkpoint(CheckpointID(rawValue: found)) else {
      return .refused(state)
    }
    guard checkpoint.id.rawValue != id else {
      await tell(checkpoint, by: actor, at: now)
      return .asked(checkpoint)
    }
    let isSame =
      checkpoint.digest == draft.digest && checkpoint.title == draft.title && checkpoint.type == draft.type
    return isSame ? .known(checkpoint) : .taken(checkpoint)
  }

  /// The time as the store has it.
  package var now: Timestamp { clock.now }
}

extension StoreSession {
  fileprivate func ask(
    _ draft: CheckpointDraft, _ id: Int64, of row: JobRow, at now: Timestamp
  ) throws(StoreError) {
    guard draft.type != .info else {
      try insertCheckpoint(draft, id, job: row.id, attempt: row.attempt, .noted, expiresAt: nil, at: now)
      return try tell(
        "checkpoint.info", row.id, row.attempt, "\(CheckpointID(rawValue: id)) \(draft.title)", at: now)
    }
    try insertWait(.checkpoint(draft, id: id), of: row.id, at: now)
    try openCheckpoint(draft, id, job: row.id, attempt: row.attempt, isTold: true, at: now)
  }
}
