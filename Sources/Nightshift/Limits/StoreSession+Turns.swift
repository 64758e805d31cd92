extension StoreSession {
  /// The lane in which a job of a fair queue takes turns.
  package func turnLane(queue: String, kind: String, _ priority: Priority, lane: String?) -> TurnLane? {
    guard let gate = gates.fairness(in: queue) else { return nil }
    let key = lane.flatMap { gates.pools(in: $0).first { $0.gate == gate.id }?.key } ?? ""
    return TurnLane(queue: queue, priority: priority, lane: ":\(key)")
  }

  /// Says whose turn it is in a fair queue, now that these were claimed: whoever comes anew comes behind them.
  func advance(_ queue: String, past claimed: [ClaimCandidate]) throws(StoreError) {
    guard !claimed.isEmpty, gates.fairness(in: queue) != nil else { return }
    var last: [Priority: Int64] = [:]
    for candidate in claimed {
      let priority = candidate.job.priority
      last[priority] = max(last[priority] ?? .min, candidate.place)
    }
    for (priority, turn) in last.sorted(by: { $0.key.code < $1.key.code }) {
      try execute(
        """
        INSERT INTO nightshift_turns(queue, priority, lane, turn) VALUES(?, ?, '', ?)
        ON CONFLICT(queue, priority, lane) DO UPDATE SET turn = excluded.turn
        WHERE nightshift_turns.turn < excluded.turn
        """, [.text(queue), .integer(priority.code), .integer(turn)])
    }
  }

  /// Gives turns to jobs that came before their queue was fair, and stand in it by their time. Those whose turn comes
  /// soonest go through, and the others to their places: else all of them would run before anybody who came later.
  func withTurns(
    _ candidates: [ClaimCandidate], _ lanes: [Int], _ queue: String, now: Timestamp
  ) throws(StoreError) -> ([ClaimCandidate], [Int]) {
    guard gates.fairness(in: queue) != nil else { return (candidates, lanes) }
    let unturned = candidates.indices.filter { candidates[$0].turn == nil }
    guard !unturned.isEmpty else { return (candidates, lanes) }
    var candidates = candidates
    let turnLanes = unturned.map { index in
      let job = candidates[index].job
      return turnLane(queue: queue, kind: job.kind, job.priority, lane: job.lane)!
    }
    var wanted: [TurnLane: Int] = [:]
    for lane in turnLanes { wanted[lane, default: 0] += 1 }
    var next = try nextTurns(wanted, now: now)
    for (lane, count) in wanted { next[lane]! -= Int64(count) }
    for (index, lane) in zip(unturned, turnLanes) {
      next[lane]! += 1
      candidates[index].turn = next[lane]
    }
    let order = candidates.indices.sorted {
      (candidates[$1].job.priority, candidates[$0].place) < (candidates[$0].job.priority, candidates[$1].place)
    }
    // A few, so that every claim comes to something.
    let first = Set(order.prefix(max(1, candidates.count - unturned.count * 7 / 8)))
    let later = unturned.filter { !first.contains($0) }
    try putBack(later.map { HeldBack(job: candidates[$0].job.id, turn: candidates[$0].turn) })
    let left = Set(later)
    let through = order.filter { !left.contains($0) }
    return (through.map { candidates[$0] }, through.map { lanes[$0] })
  }

  /// Gives their turns to jobs that have become ready in fair queues, and had none; called before the commit.
  package func giveTurns(now: Timestamp) throws(StoreError) {
    guard !tally.unturned.isEmpty else { return }
    let ids = tally.unturned
    tally.unturned = []
    var jobs: [(id: JobID, turn: TurnLane)] = []
    for list in SQLList.lists(of: ids) {
      let rows = try query(
        """
        SELECT id, queue, kind, priority, lane FROM nightshift_jobs
        WHERE id IN (\(list.marks)) AND state = 0 AND turn IS NULL ORDER BY run_at, id
        """, list.values)
      for row in rows {
        let (id, queue, kind) = (row.job(0)!, row.text(1)!, row.text(2)!)
        var lane = row.text(4)
        if !gates.isComplete(gates.pools(in: lane ?? ""), queue: queue, kind: kind) {
          lane = gates.lane(queue: queue, kind: kind, try gateFacts(of: id))
          if let lane { try writeLanes([(id, lane)]) }
        }
        let priority = Priority(code: row.integer(3)!) ?? .normal
        guard let turn = turnLane(queue: queue, kind: kind, priority, lane: lane) else { continue }
        jobs.append((id, turn))
      }
    }
    guard !jobs.isEmpty else { return }
    var wanted: [TurnLane: Int] = [:]
    for job in jobs { wanted[job.turn, default: 0] += 1 }
    // The database tells the last turn of each; they are handed out in the order in which the jobs were due.
    var next = try nextTurns(wanted, now: now)
    for (lane, count) in wanted { next[lane]! -= Int64(count) }
    for job in jobs {
      next[job.turn]! += 1
      try execute(
        "UPDATE nightshift_jobs SET turn = ? WHERE id = ?", [SQLValue(next[job.turn]), SQLValue(job.id)])
    }
  }
}
