extension Engine {
  /// Adds records and tells what became of each.
  ///
  /// - Throws: ``SubmissionError``, ``KeyBeyondReach`` or ``StoreError``, with nothing added.
  static func submissions(
    of records: [NewJob], asWorkflow: Bool = false, by actor: Actor, now: Timestamp,
    _ transaction: any WriteTransaction
  ) throws -> [Submission] {
    let replayed = try replayed(records, now: now, transaction)
    let outcomes = try transaction.insert(records, now: now)
    let hidden = try holdersBeyond(
      reachOf: actor, records, outcomes, asWorkflow: asWorkflow, transaction)
    let submissions = try zip(records, outcomes).map { record, outcome in
      var submission = try submission(record, outcome, isReplay: replayed.contains(record.id), transaction)
      if hidden.contains(record.id) { submission.hideHolder() }
      return submission
    }
    // One that holds a key is another's, and what has taken the place of its payload is not.
    let asked = zip(records, submissions).filter { $1.isDuplicate ? $1.conflict == .replaced : $0.owner != actor.id }
    try transaction.session.noteRequester(actor, of: asked.map(\.1.id))
    return submissions
  }

  /// Of the records with both keys, those whose idempotency key is taken: afterwards it could not be told which of the
  /// two a duplicate has met.
  private static func replayed(
    _ records: [NewJob], now: Timestamp, _ transaction: any WriteTransaction
  ) throws(StoreError) -> Set<JobID> {
    var replayed: Set<JobID> = []
    for record in records where record.key != nil {
      guard let claim = record.idempotency else { continue }
      let taken = try transaction.query(
        "SELECT 1 FROM nightshift_keys WHERE scope = ? AND key = ? AND (expires_at IS NULL OR expires_at > ?)",
        [.text(claim.scope), .text(claim.key), SQLValue(now)])
      if !taken.isEmpty { replayed.insert(record.id) }
    }
    return replayed
  }

  /// Throws, and so undoes the whole call, if an idempotency key is used again for something else.
  static func submission(
    _ record: NewJob, _ outcome: InsertOutcome, isReplay: Bool, _ transaction: any WriteTransaction
  ) throws -> Submission {
    switch outcome {
    case .inserted(let state): return Submission(id: record.id, state: state, isDuplicate: false)
    case .keyReused(let holder): throw keyReused(holder)
    case .duplicate(let id):
      let row = try transaction.query("SELECT state FROM nightshift_jobs WHERE id = ?", [SQLValue(id)]).first
      // The holder of a key with an expiry may have been pruned: it had ended.
      let state = row?.integer(0).flatMap(JobState.init(code:)) ?? .completed
      let key = isReplay ? nil : record.key
      return Submission(id: id, state: state, isDuplicate: true, conflict: key.map { conflict($0, state) })
    }
  }

  /// The store has just changed the holder of the key if it had not begun, and its state tells whether it had.
  private static func conflict(_ key: KeyClaim, _ state: JobState) -> Submission.Conflict {
    switch key.rule {
    // Only one that has not begun stands for another.
    case .debounce(_, let keeps): return keeps == .last ? .replaced : .extended
    case .throttle: return .kept
    case .unique: break
    }
    guard state == .ready || state == .scheduled else { return .kept }
    return switch key.onConflict {
    case .drop: .kept
    case .replace: .replaced
    case .extend: .extended
    }
  }

  static func keyReused(_ holder: JobID) -> SubmissionError {
    let message = "this Idempotency-Key was used before with other contents, for \(holder); use a new key for a new job"
    return SubmissionError(faults: [.init(index: 0, pointer: "#", message: message)], keyReusedBy: holder)
  }
}
