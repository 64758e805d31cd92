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
    admission.running = try running(in: Set(whole.map { Pool(gate: $0.id, text: "\($0.id)") }))
    return admission
  }

  func lock(_ gate: Gate) throws(StoreError) { try takeTurns(on: "nightshift gate \(gate.id)") }

  /// Counts what runs in pools that were not counted yet, without the jobs that this claim has just found.
  private func countRunning(
    _ lanes: [[Pool]], _ candidates: [ClaimCandidate], _ admission: inout Admission
  ) throws(StoreError) {
    var uncounted: Set<Pool> = []
    for pools in lanes {
      for pool in pools where admission.running[pool.text] == nil && gates[pool.gate]?.concurrency != nil {
        uncounted.insert(pool)
      }
    }
    guard !uncounted.isEmpty else { return }
    var running = try self.running(in: uncounted)
    for candidate in candidates {
      for pool in gates.pools(in: candidate.job.lane ?? "") where uncounted.contains(pool) {
        running[pool.text, default: 0] -= 1
      }
    }
    for pool in uncounted { admission.running[pool.text] = max(0, running[pool.text] ?? 0) }
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
    let known = try withLanes(candidates, queue)
    try countRunning(known.lanes, candidates, &admission)
    if !known.written.isEmpty { try writeLanes(known.written) }
    let (candidates, lanes) = try withTurns(known.candidates, known.lanes, queue, now: now)
    try loadRates(lanes.flatMap(\.self), &admission, now: now)
    var admitted: [ClaimCandidate] = []
    var held: [HeldBack] = []
    var full: Set<Pool> = []
    for (candidate, pools) in zip(candidates, lanes) {
      let blocking = pools.first { pool in gates[pool.gate].map { admission.room(of: pool, $0) == 0 } ?? false }
      if let blocking, let gate = gates[blocking.gate] {
        held.append(HeldBack(job: candidate.job.id, pool: blocking.text, reason: gate.reason))
        full.insert(blocking)
        noteHeld(candidate, at: now)
      } else {
        for pool in pools { admission.take(pool) }
        admitted.append(candidate)
      }
    }
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

  /// The pools of each job; where gates have come or gone since the job was enqueued, they are found now, and are to be
  /// written down.
  private func withLanes(
    _ candidates: [ClaimCandidate], _ queue: String
  ) throws(StoreError) -> (candidates: [ClaimCandidate], lanes: [[Pool]], written: [(job: JobID, lane: String)]) {
    var candidates = candidates
    var lanes: [[Pool]] = []
    var written: [(job: JobID, lane: String)] = []
    for index in candidates.indices {
      let job = candidates[index].job
      var pools = gates.pools(in: job.lane ?? "")
      if !gates.isComplete(pools, queue: queue, kind: job.kind) {
        let lane = gates.lane(queue: queue, kind: job.kind, try gateFacts(of: job.id)) ?? ""
        candidates[index].job.lane = lane
        written.append((job.id, lane))
        pools = gates.pools(in: lane)
      } else if let lane = job.lane, pools.count != 1 || lane.utf8.count != pools[0].text.utf8.count {
        // It may name gates that are gone; what is counted says those that there are, and no others.
        let canonical = GateSet.lane(pools)
        candidates[index].job.lane = canonical
        if canonical != lane { written.append((job.id, canonical)) }
      }
      lanes.append(pools)
    }
    return (candidates, lanes, written)
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
