extension StoreSession {
  /// How many held jobs of one pool go on in one transaction.
  static var releaseBatch: Int { 1_000 }
  /// How many pools are looked at in one transaction.
  static var poolBatch: Int { 1_000 }

  /// Lets a pool's held jobs be looked at when a rate lets the next of them begin.
  func wake(_ pool: Pool, at moment: Timestamp) throws(StoreError) {
    try execute(
      """
      INSERT INTO nightshift_wakes(pool, at) VALUES(?, ?)
      ON CONFLICT(pool) DO UPDATE SET at = excluded.at WHERE nightshift_wakes.at > excluded.at
      """, [.text(pool.text), SQLValue(moment)])
    tally.due(at: moment)
  }

  /// Whether any job is held back by a gate.
  private var anyHeld: Bool {
    get throws(StoreError) { try !query("SELECT 1 FROM nightshift_jobs WHERE hold >= 4 LIMIT 1").isEmpty }
  }

  /// Tells what may go on now that jobs run no more; called before the commit.
  package func noteFreed(now: Timestamp) throws(StoreError) {
    guard !tally.freed.isEmpty else { return }
    let freed = tally.freed
    tally.freed = []
    for gate in gates.gates where gate.isWhole && gate.concurrency != nil && !gate.isByCall {
      if freed.contains(where: { gate.covers(queue: $0.queue) }) { try noteReady(behind: gate) }
    }
    guard try anyHeld else { return }
    var pools: Set<Pool> = []
    var isUnknown = false
    for freed in freed {
      let known = gates.pools(in: freed.lane ?? "")
      pools.formUnion(known)
      isUnknown = isUnknown || !gates.isComplete(known, queue: freed.queue, kind: freed.kind)
    }
    // One that began before its gate was there does not say which pool it leaves.
    if isUnknown { try wakeHeld(now: now) }
    let limited = pools.filter { gates[$0.gate].map { $0.concurrency != nil && !$0.isWhole } ?? false }
    tally.notice.freedPools.formUnion(limited.map(\.text))
  }

  /// Wakes the workers for the queues of a gate in which jobs wait.
  private func noteReady(behind gate: Gate) throws(StoreError) {
    let queues =
      gate.queues.isEmpty
      ? try query("SELECT name FROM nightshift_queues").compactMap { $0.text(0) } : gate.queues.sorted()
    for queue in queues where !tally.notice.readyQueues.contains(queue) {
      let rows = try query(
        "SELECT 1 FROM nightshift_jobs WHERE state = 0 AND hold = 0 AND queue = ? LIMIT 1", [.text(queue)])
      if !rows.isEmpty { tally.notice.readyQueues.insert(queue) }
    }
  }

  /// Lets held jobs go on for which there is room.
  ///
  /// - Parameter freed: Pools in which jobs have ended.
  /// - Returns: When the next pool has to be looked at.
  package func releaseHeld(freed: Set<String>, now: Timestamp) throws(StoreError) -> Timestamp? {
    guard try knowsLimits else { return nil }
    let due = try query(
      "SELECT pool FROM nightshift_wakes WHERE at <= ? ORDER BY at, pool LIMIT ?",
      [SQLValue(now), SQLValue(Self.poolBatch)]
    ).compactMap { $0.text(0) }
    for text in due { try WakeWalk(text).map { walk throws(StoreError) in try go(on: walk, now: now) } }
    let pools = Set(due).union(freed).compactMap(Pool.init).sorted { $0.text < $1.text }
    if !pools.isEmpty {
      // What this process knows may be a moment old, and nobody would look at these pools again.
      gates = try GateReader.gates(self)
      for gate in Set(pools.map(\.gate)).sorted() { try gates[gate].map { gate throws(StoreError) in try lock(gate) } }
      for pool in due { try execute("DELETE FROM nightshift_wakes WHERE pool = ?", [.text(pool)]) }
      try release(pools, now: now)
    }
    return try query("SELECT min(at) FROM nightshift_wakes").first?.timestamp(0)
  }

  private func release(_ pools: [Pool], now: Timestamp) throws(StoreError) {
    tally.now = max(tally.now, now)
    var admission = Admission(now: now)
    let counted = pools.filter { gates[$0.gate]?.concurrency != nil }
    for (pool, running) in zip(counted, try running(in: counted)) { admission.running[pool.text] = running }
    try loadRates(pools, &admission, now: now)
    var rooms: [PoolRoom] = []
    for pool in pools {
      guard let gate = gates[pool.gate] else {
        // The gate is gone.
        rooms.append(PoolRoom(pool: pool.text, room: Self.releaseBatch))
        continue
      }
      if gate.isWhole { try noteReady(behind: gate) }
      let room = min(admission.room(of: pool, gate), Self.releaseBatch)
      if room > 0 { rooms.append(PoolRoom(pool: pool.text, room: room)) }
    }
    let released = rooms.isEmpty ? [:] : try release(rooms)
    for room in rooms where released[room.pool] == room.room {
      guard let pool = Pool(room.pool) else { continue }
      // There may be more of them. And one that was let go on need not begin: it may be cancelled, be held by another
      // gate, or stand in a paused queue. Then the place is still free, and the next one is to have it.
      if room.room == Self.releaseBatch {
        try wake(pool, at: now)
      } else if gates[pool.gate]?.concurrency != nil {
        try wake(pool, at: now + .seconds(1))
      }
    }
    for pool in pools {
      guard let gate = gates[pool.gate], gate.rate != nil || gate.closure != nil else { continue }
      // Those that go on have not begun, but will have used the room up.
      admission.rates[pool.text]?.take(released[pool.text] ?? 0)
      guard let moment = admission.nextMoment(of: pool, gate) else { continue }
      let rows = try query(
        "SELECT 1 FROM nightshift_jobs WHERE hold >= 4 AND held_by = ? LIMIT 1", [.text(pool.text)])
      if !rows.isEmpty { try wake(pool, at: moment) }
    }
  }
}

// MARK: The verbs, one row after the other

extension StoreSession {
  package func writeLanes(_ lanes: [(job: JobID, lane: String)]) throws(StoreError) {
    for (job, lane) in lanes {
      try execute("UPDATE nightshift_jobs SET lane = ? WHERE id = ?", [.text(lane), SQLValue(job)])
    }
  }

  /// Lets the first held jobs of each pool go on, and tells how many those were.
  package func release(_ rooms: [PoolRoom]) throws(StoreError) -> [String: Int] {
    var released: [String: Int] = [:]
    for room in rooms {
      let rows = try query(
        """
        UPDATE nightshift_jobs SET hold = 0, hold_until = NULL, held_by = NULL, version = version + 1 WHERE id IN (
          SELECT id FROM nightshift_jobs WHERE hold >= 4 AND held_by = ?
          ORDER BY priority, coalesce(turn, run_at), id LIMIT ?)
        RETURNING id, queue, kind, attempt, version, state
        """, [.text(room.pool), SQLValue(room.room)])
      noteReleased(rows, at: tally.now)
      if !rows.isEmpty { released[room.pool] = rows.count }
    }
    return released
  }

  package func noteReleased(_ rows: [SQLRow], at now: Timestamp) {
    for row in rows {
      // Put off or cancelled meanwhile: then its state says so, and there is nothing to claim.
      guard let state = JobState(code: row.integer(5)!), state == .ready else { continue }
      let moved = MovedJob(
        id: row.job(0)!, queue: row.text(1)!, kind: row.text(2)!, attempt: Int(row.integer(3)!),
        version: row.integer(4)!)
      self.moved(moved, from: .ready, to: .ready, at: now)
    }
  }
}
