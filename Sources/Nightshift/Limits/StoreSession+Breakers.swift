extension StoreSession {
  /// Counts how an attempt, and the calls in it, went. Written down with everything else before the commit.
  func noteCalls(_ settlement: Settlement) {
    for state in gates.breakers {
      var count = settlement.calls[state.breaker.name] ?? CallCount()
      if let succeeded = settlement.succeeded, state.breaker.kinds.contains(where: { $0.rawValue == settlement.kind }) {
        count.add(CallCount(succeeded: succeeded ? 1 : 0, failed: succeeded ? 0 : 1))
      }
      guard count != CallCount() else { continue }
      // What began before the probes says nothing about whether it works again.
      if let probesAt = state.probesAt, (settlement.startedAt ?? settlement.endedAt) < probesAt { continue }
      let key = GroupTally.Caller(breaker: state.id, worker: settlement.worker)
      tally.calls[key, default: CallCount()].add(count)
      tally.now = max(tally.now, settlement.endedAt)
    }
  }

  /// Writes down how calls went, and opens and closes breakers accordingly; called before the commit.
  func judgeCalls(now: Timestamp) throws(StoreError) {
    guard !tally.calls.isEmpty else { return }
    let calls = tally.calls.sorted {
      ($0.key.breaker, $0.key.worker.rawValue) < ($1.key.breaker, $1.key.worker.rawValue)
    }
    tally.calls = [:]
    for (caller, count) in calls {
      guard let breaker = gates.breakers.first(where: { $0.id == caller.breaker })?.breaker else { continue }
      let span = breaker.callSpan.microseconds
      try execute(
        """
        INSERT INTO nightshift_calls(gate, at, worker, succeeded, failed) VALUES(?, ?, ?, ?, ?)
        ON CONFLICT(gate, at, worker) DO UPDATE SET
          succeeded = nightshift_calls.succeeded + excluded.succeeded, failed = nightshift_calls.failed + excluded.failed
        """,
        [
          .integer(caller.breaker), .integer(now.microseconds / span * span), .integer(caller.worker.rawValue),
          SQLValue(count.succeeded), SQLValue(count.failed),
        ])
    }
    for id in Set(calls.map(\.key.breaker)).sorted() {
      let isTripped = gates.breakers.first { $0.id == id }?.openedAt != nil
      // While it is closed, only a failure can change anything.
      guard isTripped || calls.contains(where: { $0.key.breaker == id && $0.value.failed > 0 }) else { continue }
      try judge(id, now: now)
    }
  }

  private func judge(_ id: Int64, now: Timestamp) throws(StoreError) {
    try lock("nightshift_gates", where: "id = ?", [.integer(id)])
    let rows = try query(
      "SELECT \(GateReader.columns) FROM nightshift_gates WHERE id = ? AND gone_at IS NULL", [.integer(id)])
    guard let state = rows.first.flatMap(GateReader.breaker) else { return }
    // Of what came before the probes nothing counts. Calls are kept by the span that they fall into.
    let oldest = max(now - state.breaker.window, (state.probesAt ?? now - .seconds(86_401)) - state.breaker.callSpan)
    let sums = try query(
      "SELECT sum(succeeded), sum(failed) FROM nightshift_calls WHERE gate = ? AND at > ?",
      [.integer(id), SQLValue(oldest)])
    let count = CallCount(succeeded: Int(sums[0].integer(0) ?? 0), failed: Int(sums[0].integer(1) ?? 0))
    switch state.phase(at: now) {
    case .open:
      // Of attempts that were under way when it opened.
      try execute("DELETE FROM nightshift_calls WHERE gate = ?", [.integer(id)])
    case .closed:
      let total = count.succeeded + count.failed
      guard total >= state.breaker.minimumCalls,
        Double(count.failed) >= state.breaker.failureShare * Double(total)
      else {
        // What has left the window is of no use any more.
        try execute("DELETE FROM nightshift_calls WHERE gate = ? AND at <= ?", [.integer(id), SQLValue(oldest)])
        return
      }
      try open(state, "\(count.failed) of \(total) calls failed within \(state.breaker.window.text)", now: now)
    case .probing:
      if count.failed > 0 { return try open(state, "a probe failed", now: now) }
      if count.succeeded >= state.breaker.probes { try closeBreaker(id, now: now) }
    }
  }

  private func open(_ state: BreakerState, _ reason: String, now: Timestamp) throws(StoreError) {
    let trips = state.trips + 1
    let until = now + state.breaker.wait(trips: trips)
    try execute(
      """
      UPDATE nightshift_gates
      SET closed_at = coalesce(closed_at, ?), closed_until = ?, trips = ?, reason = coalesce(reason, ?) WHERE id = ?
      """,
      [SQLValue(now), SQLValue(until), SQLValue(trips), .text(reason), .integer(state.id)])
    try execute("DELETE FROM nightshift_calls WHERE gate = ?", [.integer(state.id)])
    try wake(Pool(gate: state.id, text: "\(state.id)"), at: until)
    tally.notice.gatesChanged = true
  }

  /// Sets a breaker, in place of a former one, which goes on as it stood: open or closed.
  func put(_ breaker: CircuitBreaker, inPlaceOf row: SQLRow?, by actor: Actor, at now: Timestamp) throws(StoreError) {
    let definition = SQLValue.text(breaker.definition.description)
    let former = row.flatMap(GateReader.breaker)
    if let former, former.breaker.kinds == breaker.kinds {
      try execute(
        "UPDATE nightshift_gates SET definition = ?, updated_at = ?, updated_by = ? WHERE id = ?",
        [definition, SQLValue(now), .text(actor.id), .integer(former.id)])
    } else {
      if let id = row?.integer(0) { try close(gate: id, at: now) }
      try execute(
        """
        INSERT INTO nightshift_gates(
          type, name, definition, created_at, updated_at, updated_by, closed_at, closed_until, reason, trips)
        VALUES('breaker', ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          .text(breaker.name), definition, SQLValue(now), SQLValue(now), .text(actor.id), SQLValue(former?.openedAt),
          SQLValue(former?.probesAt), SQLValue(former?.firstReason), SQLValue(former?.trips ?? 0),
        ])
    }
    try wakeHeld(now: now)
  }

  /// Lets everything pass again.
  func closeBreaker(_ id: Int64, now: Timestamp) throws(StoreError) {
    try execute(
      "UPDATE nightshift_gates SET closed_at = NULL, closed_until = NULL, trips = 0, reason = NULL WHERE id = ?",
      [.integer(id)])
    try execute("DELETE FROM nightshift_calls WHERE gate = ?", [.integer(id)])
    try wakeHeld(now: now)
    tally.notice.gatesChanged = true
  }
}
