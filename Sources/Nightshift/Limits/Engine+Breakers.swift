extension Engine {
  /// Sets a circuit breaker, in place of the one with the same name if there is one: then it stands as that one did,
  /// open or closed. A new one begins closed.
  ///
  /// - Throws: ``LimitError`` with everything that is wrong with it.
  public func set(_ breaker: CircuitBreaker) async throws { _ = try await set(breaker, by: .system) }

  /// Removes a breaker; what it has kept back may go on. `false` if there is none of this name.
  @discardableResult
  public func removeBreaker(_ name: String) async throws -> Bool { try await removeBreaker(name, by: .system) }

  /// Closes a breaker and forgets what made it open; what it has kept back may go on. `false` if there is none of this
  /// name.
  @discardableResult
  public func resetBreaker(_ name: String) async throws -> Bool { try await resetBreaker(name, by: .system) }

  /// - Returns: Whether there was none of this name.
  package func set(_ breaker: CircuitBreaker, by actor: Actor) async throws -> Bool {
    guard breaker.faults.isEmpty else { throw LimitError(faults: breaker.faults) }
    let now = clock.now
    let isNew = try await store.write { transaction in
      let session = transaction.session
      try session.requireLimits()
      let former = try session.gateRow(.breaker, breaker.name)
      try session.put(breaker, inPlaceOf: former, by: actor, at: now)
      let change = AuditedChange(
        from: former.flatMap(GateReader.breaker)?.breaker.definition, to: breaker.definition)
      try transaction.audit(
        "set-breaker", "breaker \(breaker.name)", by: actor, at: now, detail: change.detail(and: breaker.definition))
      return former == nil
    }
    try await refresh()
    return isNew
  }

  package func removeBreaker(_ name: String, by actor: Actor) async throws -> Bool {
    try await change(breaker: name, "remove-breaker", by: actor) { session, id, former, now in
      try session.close(gate: id, at: now)
      try session.wakeHeld(now: now)
      return AuditedChange(from: former?.breaker.definition, to: nil)
    }
  }

  package func resetBreaker(_ name: String, by actor: Actor) async throws -> Bool {
    try await change(breaker: name, "reset-breaker", by: actor) { session, id, former, now in
      try session.closeBreaker(id, now: now)
      return AuditedChange(from: former?.audited, to: ["closed": true])
    }
  }

  private func change(
    breaker name: String, _ verb: String, by actor: Actor,
    _ body: @escaping @Sendable (any StoreSession, Int64, BreakerState?, Timestamp) throws -> AuditedChange
  ) async throws -> Bool {
    let now = clock.now
    let existed = try await store.write { transaction in
      let session = transaction.session
      try session.requireLimits()
      guard let row = try session.gateRow(.breaker, name), let id = row.integer(0) else { return false }
      let change = try body(session, id, GateReader.breaker(row), now)
      try transaction.audit(verb, "breaker \(name)", by: actor, at: now, detail: change.detail())
      return true
    }
    if existed { try await refresh() }
    return existed
  }

  /// All breakers, and how they stand.
  package func breakers() async throws(StoreError) -> [BreakerStatus] {
    let now = clock.now
    return try await store.read { transaction in
      guard try transaction.hasTables(of: Migration.limits.step) else { return [] }
      let rows = try transaction.query(
        """
        SELECT \(GateReader.columns) FROM nightshift_gates WHERE gone_at IS NULL AND type = 'breaker' ORDER BY name
        """)
      return try rows.compactMap { row in
        guard let state = GateReader.breaker(row) else { return nil }
        let sums = try transaction.query(
          "SELECT sum(succeeded), sum(failed) FROM nightshift_calls WHERE gate = ? AND at > ?",
          [.integer(state.id), SQLValue(now - state.breaker.window)])
        return BreakerStatus(
          state: state,
          calls: CallCount(succeeded: Int(sums[0].integer(0) ?? 0), failed: Int(sums[0].integer(1) ?? 0)),
          held: try Self.held(by: state.id, transaction), phase: state.phase(at: now))
      }
    }
  }
}

/// A breaker, how it stands, and how calls went within its window.
package struct BreakerStatus: Sendable {
  package var state: BreakerState
  package var calls: CallCount
  /// Jobs that it keeps back at the moment; ``LimitStatus/mostCounted`` stands for as many or more.
  package var held: Int
  package var phase: BreakerState.Phase
}
