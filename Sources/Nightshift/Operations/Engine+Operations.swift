extension Engine {
  /// Begins something that is done to many jobs in the background. It goes on after a restart, in whichever process
  /// serves the database.
  package func begin(
    _ verb: BulkVerb, of subject: Operation.Subject, total: Int, reason: String? = nil, by actor: Actor
  ) async throws -> Operation {
    let (id, now, me) = (OperationID(rawValue: makeID().rawValue), clock.now, workerID)
    let operation = try await store.write { transaction in
      try transaction.execute(
        """
        INSERT INTO nightshift_operations(
          id, verb, subject, reason, state, total, changed, looked_at, actor, role, address, worker, created_at)
        VALUES(?, ?, ?, ?, 'running', ?, 0, 0, ?, ?, ?, ?, ?)
        """,
        [
          .integer(id.rawValue), .text(verb.rawValue), .text(subject.json.description), SQLValue(reason),
          SQLValue(total), .text(actor.id), .text(actor.role.rawValue), SQLValue(actor.address),
          .integer(me.rawValue), SQLValue(now),
        ])
      try transaction.audit(
        "begin-operation", "\(id)", by: actor, at: now,
        detail: ["verb": .string(verb.rawValue), "of": subject.json, "total": .integer(Int64(total))])
      return try Self.operation(id, transaction)
    }
    housekeeper.operations.lookAgain()
    return operation!
  }

  /// An operation as it stands; `nil` if there is none with this id.
  package func operation(_ id: OperationID) async throws(StoreError) -> Operation? {
    try await store.read { transaction in try Self.operation(id, transaction) }
  }

  /// Operations, newest first.
  package func operations(before: OperationID? = nil, limit: Int = 50) async throws(StoreError) -> [Operation] {
    try await store.read { transaction in
      guard try transaction.hasTables(of: Migration.deadLetters.step) else { return [] }
      return try transaction.query(
        "SELECT \(Operation.columns) FROM nightshift_operations WHERE id < ? ORDER BY id DESC LIMIT ?",
        [.integer(before?.rawValue ?? .max), SQLValue(limit)]
      ).map { row in try Operation(row) }
    }
  }

  /// Stops an operation. What it has done stays done.
  ///
  /// - Returns: The operation as it then is; `nil` if there is none with this id.
  package func abort(_ id: OperationID, by actor: Actor) async throws -> Operation? {
    let now = clock.now
    return try await store.write { transaction in
      let count = try transaction.execute(
        "UPDATE nightshift_operations SET state = 'aborted', ended_at = ?, ended_by = ? WHERE id = ? AND state = 'running'",
        [SQLValue(now), .text(actor.id), .integer(id.rawValue)])
      if count > 0 { try transaction.audit("abort-operation", "\(id)", by: actor, at: now) }
      return try Self.operation(id, transaction)
    }
  }

  static func operation(
    _ id: OperationID, _ transaction: any ReadTransaction
  ) throws(StoreError) -> Operation? {
    guard try transaction.hasTables(of: Migration.deadLetters.step) else { return nil }
    let rows = try transaction.query(
      "SELECT \(Operation.columns) FROM nightshift_operations WHERE id = ?", [.integer(id.rawValue)])
    return try rows.first.map { row throws(StoreError) in try Operation(row) }
  }
}
