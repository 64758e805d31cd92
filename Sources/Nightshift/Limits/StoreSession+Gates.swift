extension StoreSession {
  /// - Throws: ``StoreError`` if the schema is from before limits.
  func requireLimits() throws(StoreError) {
    guard try knowsLimits else {
      throw StoreError(
        .wrongVersion, "The database has no tables for limits yet. Run `nightshift db migrate`, then try again.")
    }
  }

  func gateRow(_ sort: GateReader.Sort, _ name: String) throws(StoreError) -> SQLRow? {
    try takeTurns(on: "nightshift gates")
    return try query(
      "SELECT \(GateReader.columns) FROM nightshift_gates WHERE gone_at IS NULL AND type = ? AND name = ?",
      [.text(sort.rawValue), .text(name)]
    ).first
  }

  /// Puts a gate out of force. Its row stays, so that its number is not used again.
  func close(gate id: Int64, at now: Timestamp) throws(StoreError) {
    try execute("UPDATE nightshift_gates SET gone_at = ? WHERE id = ?", [SQLValue(now), .integer(id)])
    try forgetDispatches(of: id)
    try writeRunningLanes(try GateReader.gates(self))
  }

  private func forgetDispatches(of gate: Int64) throws(StoreError) {
    try execute(
      "DELETE FROM nightshift_dispatches WHERE pool = ? OR (pool >= ? AND pool < ?)",
      [.text("\(gate)"), .text("\(gate):"), .text("\(gate);")])
  }

  /// With another payload a job may be in other pools: its next claim finds out.
  func forgetLane(of job: JobID) throws(StoreError) {
    guard !gates.isEmpty else { return }
    try execute("UPDATE nightshift_jobs SET lane = NULL WHERE id = ?", [SQLValue(job)])
  }

  /// Sets a limit, in place of a former one.
  func put(_ limit: Limit, inPlaceOf row: SQLRow?, by actor: Actor, at now: Timestamp) throws(StoreError) {
    let definition = SQLValue.text(limit.definition.description)
    if let row, let id = row.integer(0) {
      let former = GateReader.limit(row)
      if let former, (former.queues, former.kinds, former.key) == (limit.queues, limit.kinds, limit.key) {
        // The same pools: what runs counts as before.
        try execute(
          "UPDATE nightshift_gates SET definition = ?, updated_at = ?, updated_by = ? WHERE id = ?",
          [definition, SQLValue(now), .text(actor.id), .integer(id)])
        // What is written down of a window says nothing about even spacing, and the other way round.
        if former.rate?.spread != limit.rate?.spread { try forgetDispatches(of: id) }
        return try wakeHeld(now: now)
      }
      try close(gate: id, at: now)
    }
    try execute(
      """
      INSERT INTO nightshift_gates(type, name, definition, created_at, updated_at, updated_by, trips)
      VALUES('limit', ?, ?, ?, ?, ?, 0)
      """, [.text(limit.name), definition, SQLValue(now), SQLValue(now), .text(actor.id)])
    let gates = try GateReader.gates(self)
    try writeRunningLanes(gates)
    if limit.key != nil { try beginTurns(gates, now: now) }
    try wakeHeld(now: now)
  }

  /// Writes on the jobs that run which pools they are in, so that they count from now on.
  func writeRunningLanes(_ gates: GateSet) throws(StoreError) {
    let running = try query("SELECT id, queue, kind, lane FROM nightshift_jobs WHERE state = 1")
    var lanes: [(job: JobID, lane: String)] = []
    for row in running {
      let (id, queue, kind) = (row.job(0)!, row.text(1)!, row.text(2)!)
      let (former, pools) = (row.text(3), gates.pools(in: row.text(3) ?? ""))
      let lane =
        gates.isComplete(pools, queue: queue, kind: kind)
        ? GateSet.lane(pools) : gates.lane(queue: queue, kind: kind, try gateFacts(of: id)) ?? ""
      if lane != former ?? "" { lanes.append((id, lane)) }
    }
    if !lanes.isEmpty { try writeLanes(lanes) }
  }

  /// Lets turns begin where the jobs stand that wait in fair queues: they have none and are ordered by the time.
  private func beginTurns(_ gates: GateSet, now: Timestamp) throws(StoreError) {
    let queues = try query("SELECT name FROM nightshift_queues ORDER BY name").compactMap { $0.text(0) }
    for queue in queues where gates.fairness(in: queue) != nil {
      for priority in Priority.allCases {
        let first = try query(
          """
          SELECT coalesce(turn, run_at) FROM nightshift_jobs
          WHERE state = 0 AND hold = 0 AND queue = ? AND priority = ? ORDER BY coalesce(turn, run_at) LIMIT 1
          """, [.text(queue), .integer(priority.code)])
        let turn = first.first?.integer(0) ?? now.microseconds
        try execute(
          """
          INSERT INTO nightshift_turns(queue, priority, lane, turn) VALUES(?, ?, '', ?)
          ON CONFLICT(queue, priority, lane) DO UPDATE SET turn = excluded.turn
          WHERE nightshift_turns.turn < excluded.turn
          """, [.text(queue), .integer(priority.code), .integer(turn)])
      }
    }
  }
}
