import Nightshift

extension PostgresSession {
  func settle(_ settlements: [Settlement]) throws(StoreError) -> [SettleOutcome] {
    try settle(settlements, mayHaveLanded: false)
  }

  /// - Parameter mayHaveLanded: Whether they come again because an answer was lost: then those that were recorded the
  ///   first time count as settled.
  func settle(_ settlements: [Settlement], mayHaveLanded: Bool) throws(StoreError) -> [SettleOutcome] {
    // A job that comes twice has to be settled once after the other.
    var ids: Set<JobID> = []
    if let second = settlements.firstIndex(where: { !ids.insert($0.id).inserted }) {
      return try settle(Array(settlements[..<second]), mayHaveLanded: mayHaveLanded)
        + settle(Array(settlements[second...]), mayHaveLanded: mayHaveLanded)
    }
    var outcomes = [SettleOutcome](repeating: .stale, count: settlements.count)
    var completed: [WorkerID: [Int]] = [:]
    for (index, settlement) in settlements.enumerated() {
      if case .completed = settlement.outcome { completed[settlement.worker, default: []].append(index) }
    }
    // In the order of their ids, so that two transactions that meet wait for each other and do not deadlock.
    for (worker, indexes) in completed.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      let sorted = indexes.sorted { settlements[$0].id < settlements[$1].id }
      for index in try complete(sorted, of: settlements, by: worker) { outcomes[index] = .settled }
    }
    for (index, settlement) in settlements.enumerated() {
      if case .completed = settlement.outcome { continue }
      if try settleUncompleted(settlement) { outcomes[index] = .settled }
    }
    guard mayHaveLanded else { return outcomes }
    for (index, settlement) in settlements.enumerated() where outcomes[index] == .stale {
      if try hasLanded(settlement) { outcomes[index] = .settled }
    }
    return outcomes
  }

  /// Completes those that are still the worker's, and tells which.
  private func complete(
    _ indexes: [Int], of settlements: [Settlement], by worker: WorkerID
  ) throws(StoreError) -> [Int] {
    let batch = indexes.map { settlements[$0] }
    var parameters = PostgresParameters()
    parameters.add(batch.map(\.id.rawValue))
    parameters.add(batch.map { Int64($0.attempt) })
    parameters.add(batch.map { ($0.startedAt ?? $0.endedAt).microseconds })
    parameters.add(batch.map(\.endedAt.microseconds))
    parameters.add(worker.rawValue)
    // In one turn with the question who waits for them, and behind the update: a statement sees what was committed
    // before it began.
    let asks = try knowsWorkflows
    let results = try send(
      [(PostgresStatements.complete, parameters)]
        + (asks ? [PostgresStatements.awaited(among: batch.map(\.id))] : []))
    let result = results[0]
    let known = tally.ends.count
    let versions = Dictionary((0..<result.count).map { (result.integer($0, 0)!, result.integer($0, 1)!) }) { $1 }
    let settled = indexes.filter { versions[settlements[$0].id.rawValue] != nil }
    var values: [(id: Int64, result: [UInt8])] = []
    for index in settled {
      let settlement = settlements[index]
      if case .completed(let result?) = settlement.outcome { values.append((settlement.id.rawValue, result)) }
      try ended(settlement, .completed, version: versions[settlement.id.rawValue]!) { $0.completed += 1 }
    }
    let awaited = asks ? results[1].jobs : []
    tally.ends = tally.ends[..<known] + tally.ends[known...].filter { awaited.contains($0.id) }
    if !values.isEmpty {
      var parameters = PostgresParameters()
      parameters.add(values.map(\.id))
      parameters.add(values.map(\.result))
      _ = try send(PostgresStatements.insertResults, parameters)
    }
    return settled
  }

  /// Whether this very settlement was recorded before: its answer was lost with the connection, and it came again.
  private func hasLanded(_ settlement: Settlement) throws(StoreError) -> Bool {
    let rows = try query(
      """
      SELECT j.state, (SELECT outcome FROM nightshift_attempts a WHERE a.job = j.id AND a.attempt = j.attempt)
      FROM nightshift_jobs j WHERE j.id = ? AND j.attempt = ? AND j.worker = ? AND j.state <> 1
      """, [SQLValue(settlement.id), SQLValue(settlement.attempt), .integer(settlement.worker.rawValue)])
    guard let row = rows.first else { return false }
    // Only the worker itself completes its attempt. Whoever took the job from it has left a note that says so.
    if row.integer(0) == JobState.completed.code { return true }
    return !["lost", "crashed", nil].contains(row.text(1))
  }
}
