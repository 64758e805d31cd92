import Nightshift

extension WriterSession {
  func settle(_ settlements: [Settlement]) throws(StoreError) -> [SettleOutcome] {
    var outcomes: [SettleOutcome] = []
    outcomes.reserveCapacity(settlements.count)
    for settlement in settlements { outcomes.append(try settle(settlement) ? .settled : .stale) }
    return outcomes
  }

  private func settle(_ settlement: Settlement) throws(StoreError) -> Bool {
    if case .completed(let result) = settlement.outcome { return try complete(settlement, result) }
    return try settleUncompleted(settlement)
  }

  private func complete(_ settlement: Settlement, _ result: [UInt8]?) throws(StoreError) -> Bool {
    complete.bind(1, (settlement.startedAt ?? settlement.endedAt).microseconds)
    complete.bind(2, settlement.endedAt.microseconds)
    complete.bind(3, settlement.id.rawValue)
    complete.bind(4, Int64(settlement.attempt))
    complete.bind(5, settlement.worker.rawValue)
    guard try complete.run() == 1 else { return false }
    if let result {
      try execute(
        """
        INSERT INTO nightshift_results(id, result) VALUES(?, ?)
        ON CONFLICT(id) DO UPDATE SET result = excluded.result
        """, [.integer(settlement.id.rawValue), .bytes(result)])
    }
    try ended(settlement, .completed) { $0.completed += 1 }
    return true
  }
}
