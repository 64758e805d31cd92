import Nightshift

extension WriterSession {
  func settle(_ settlements: [Settlement]) throws(StoreError) -> [SettleOutcome] {
    var outcomes: [SettleOutcome] = []
    outcomes.reserveCapacity(settlements.count)
    for index in settlements.indices { outcomes.append(try settle(settlements[index]) ? .settled : .stale) }
    return outcomes
  }

  private func settle(_ settlement: borrowing Settlement) throws(StoreError) -> Bool {
    if case .completed(let result) = settlement.outcome { return try complete(settlement, result) }
    return try settleUncompleted(copy settlement)
  }

  private func complete(_ settlement: borrowing Settlement, _ result: [UInt8]?) throws(StoreError) -> Bool {
    complete.bind(1, (settlement.startedAt ?? settlement.endedAt).microseconds)
    complete.bind(2, settlement.endedAt.microseconds)
    complete.bind(3, settlement.id.rawValue)
    complete.bind(4, Int64(settlement.attempt))
    complete.bind(5, settlement.worker.rawValue)
    guard try complete.run() == 1 else { return false }
    runningLanes?.end(settlement.id)
    if let result {
      try execute(
        """
        INSERT INTO nightshift_results(id, result) VALUES(?, ?)
        ON CONFLICT(id) DO UPDATE SET result = excluded.result
        """, [.integer(settlement.id.rawValue), .bytes(result)])
    }
    try noteCompleted(settlement)
    return true
  }
}
