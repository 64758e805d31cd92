extension StoreSession {
  /// How often a claim goes on to look for jobs with room when it has found none, before others have their turn.
  package static var admissionRounds: Int { 4 }

  /// Whether a claim from this queue has to ask gates.
  package func isGated(_ queue: String) -> Bool { !gates.isEmpty && !gates.covering(queue: queue).isEmpty }

  /// Makes ready for a claim: nobody else claims through the same gates until its end.
  package func beginAdmission(_ queues: [String], now: Timestamp) throws(StoreError) -> Admission {
    var admission = Admission(now: now)
    let asked = gates.gates.filter { gate in
      !gate.isByCall && gate.isLimiting && queues.contains { gate.covers(queue: $0) }
    }
    // In the order of their ids, so that two that meet wait and do not deadlock.
    for gate in asked { try lock(gate) }
    let whole = asked.filter { $0.isWhole && $0.concurrency != nil }
    let pools = whole.map { Pool(gate: $0.id, text: "\($0.id)") }
    for (pool, running) in zip(pools, try running(in: pools)) { admission.running[pool.text] = running }
    return admission
  }

  func lock(_ gate: Gate) throws(StoreError) { try takeTurns(on: "nightshift gate \(gate.id)") }

  /// Finds out how much room there is in the pools of the jobs that this claim has just found, which are not to be
  /// counted themselves.
  private func countRooms(_ admission: inout Admission, now: Timestamp) throws(StoreError) {
    let uncounted = admission.found.rooms.indices.filter { index in
      let room = admission.found.rooms[index]
      guard room.left == nil, room.gate.concurrency != nil else { return false }
      return room.isPlain || admission.running[room.pool.text] == nil
    }
    let counts = uncounted.isEmpty ? [] : try running(in: uncounted.map { admission.found.rooms[$0].pool })
    for (index, count) in zip(uncounted, counts) {
      let room = admission.found.rooms[index]
      let others = max(0, count - room.found)
      if room.isPlain {
        admission.found.rooms[index].left = max(0, (room.gate.capacity(at: now) ?? .max) - others)
      } else {
        admission.running[room.pool.text] = others
      }
    }
    for index in admission.found.rooms.indices {
      let room = admission.found.rooms[index]
      if !room.isPlain {
        try loadRates([room.pool], &admission, now: now)
        admission.found.rooms[index].left = admission.room(of: room.pool, room.gate)
      } else if room.left == nil {
        admission.found.rooms[index].left = room.gate.capacity(at: now) ?? .max
      }
      admission.found.rooms[index].found = 0
    }
  }

  /// How many jobs the gates of a whole queue let through; what is beyond stays where it is.
  package func wholeRoom(
    in queue: String, _ admission: inout Admission, now: Timestamp
  ) throws(StoreError) -> Int {
    var room = Int.max
    for gate in gates.covering(queue: queue) where gate.isWhole {
      let pool = Pool(gate: gate.id, text: "\(gate.id)")
      try loadRates([pool], &admission, now: now)
      room = min(room, admission.room(of: pool, gate))
      if room == 0, let moment = admission.nextMoment(of: pool, gate) { try wake(pool, at: moment) }
    }
    return room
  }

  /// Lets those of the claimed jobs through whose pools have room, and puts the others on hold.
  package func admit(
    _ candidates: [ClaimCandidate], from queue: String, _ admission: inout Admission, now: Timestamp
  ) throws(StoreError) -> [ClaimCandidate] {
    guard !candidates.isEmpty else { return [] }
    admission.found.begin(queue, gates)
    let known = try withLanes(candidates, queue, &admission.found)
    // Before they are counted, so that what is counted says the same as what is known here.
    if !known.written.isEmpty { try writeLanes(known.written) }
    try countRooms(&admission, now: now)
    let (candidates, indexes) = try withTurns(known.candidates, known.lanes, queue, now: now)
    var held: [HeldBack] = []
    var heldIndexes: Set<Int> = []
    var full: Set<Pool> = []
    for (index, lane) in zip(candidates.indices, indexes) {
      guard let blocking = admission.found.take(lane) else { continue }
      held.append(HeldBack(job: candidates[index].job.id, pool: blocking.pool.text, reason: blocking.gate.reason))
      heldIndexes.insert(index)
      full.insert(blocking.pool)
      noteHeld(candidates[index], at: now)
    }
    admission.noteTaken()
    let admitted =
      held.isEmpty ? candidates : candidates.indices.filter { !heldIndexes.contains($0) }.map { candidates[$0] }
    if !held.isEmpty { try putBack(held) }
    for pool in full {
      if let gate = gates[pool.gate], let moment = admission.nextMoment(of: pool, gate) { try wake(pool, at: moment) }
    }
    try advance(queue, past: admitted)
    return admitted
  }

  /// Writes down when jobs of rated pools began.
  package func finishAdmission(_ admission: Admission) throws(StoreError) {
    for (pool, rate) in admission.rates.sorted(by: { $0.key < $1.key }) where rate.taken > 0 {
      let record = rate.record
      let oldest = rate.rate.spread == .window ? rate.now - rate.rate.period : record.at
      try execute(
        "DELETE FROM nightshift_dispatches WHERE pool = ? AND at <= ?", [.text(pool), SQLValue(oldest)])
      try execute(
        """
        INSERT INTO nightshift_dispatches(pool, at, n) VALUES(?, ?, ?)
        ON CONFLICT(pool, at) DO UPDATE SET n = nightshift_dispatches.n + excluded.n
        """, [.text(pool), SQLValue(record.at), SQLValue(record.count)])
    }
  }

  func loadRates(_ pools: [Pool], _ admission: inout Admission, now: Timestamp) throws(StoreError) {
    for pool in pools where admission.rates[pool.text] == nil {
      guard let rate = gates[pool.gate]?.rate else { continue }
      let rows = try query("SELECT at, n FROM nightshift_dispatches WHERE pool = ?", [.text(pool.text)])
      let dispatches = rows.map { RatePool.Dispatch(at: $0.timestamp(0)!, count: Int($0.integer(1)!)) }
      admission.rates[pool.text] = RatePool(rate, dispatches, now: now)
    }
  }

  /// The lane of each job; where gates have come or gone since the job was enqueued, it is found now, and is to be
  /// written down.
  private func withLanes(
    _ candidates: [ClaimCandidate], _ queue: String, _ lanes: inout FoundLanes
  ) throws(StoreError) -> (candidates: [ClaimCandidate], lanes: [Int], written: [(job: JobID, lane: String)]) {
    var candidates = candidates
    var indexes: [Int] = []
    indexes.reserveCapacity(candidates.count)
    var written: [(job: JobID, lane: String)] = []
    for index in candidates.indices {
      let (id, kind, lane) = (candidates[index].job.id, candidates[index].job.kind, candidates[index].job.lane)
      let found: Int
      if let known = lanes.known(lane ?? "", kind: kind) {
        found = known
      } else {
        let (present, pools) = try presentLane(lane ?? "", id, queue: queue, kind: kind)
        if present != lane ?? "" {
          candidates[index].job.lane = present
          written.append((id, present))
        }
        found = lanes.add(present, pools, kind: kind, gates)
      }
      lanes.noteFound(in: found)
      indexes.append(found)
    }
    return (candidates, indexes, written)
  }

  /// What a job is to say of its pools. It may name gates that are gone, and lack new ones; what is counted says those
  /// that there are, and no others.
  private func presentLane(
    _ text: String, _ job: JobID, queue: String, kind: String
  ) throws(StoreError) -> (String, [Pool]) {
    let pools = gates.pools(in: text)
    if gates.isComplete(pools, queue: queue, kind: kind) { return (GateSet.lane(pools), pools) }
    let lane = gates.lane(queue: queue, kind: kind, try gateFacts(of: job)) ?? ""
    return (lane, gates.pools(in: lane))
  }

  func gateFacts(of job: JobID) throws(StoreError) -> GateFacts {
    let rows = try query(
      "SELECT limit_key, organization, owner, payload FROM nightshift_payloads WHERE id = ?", [SQLValue(job)])
    guard let row = rows.first else {
      throw StoreError(.corrupt, "The job \(job) has no payload. Run `nightshift db check`.")
    }
    return GateFacts(
      limitKey: row.text(0), organization: row.text(1), owner: row.text(2), payload: (row.bytes(3) ?? [])[...])
  }

  /// Tells listeners; the job has been `ready` all the time, so there is nothing to count, and nobody to wake.
  private func noteHeld(_ candidate: ClaimCandidate, at now: Timestamp) {
    guard tally.collectsTransitions else { return }
    let job = candidate.job
    tally.notice.transitions.append(
      Transition(
        job: job.id, version: candidate.version, state: .ready, kind: job.kind, queue: job.queue,
        attempt: job.attempt - 1, at: now))
  }
}
