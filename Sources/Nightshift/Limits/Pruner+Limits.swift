import Synchronization

extension Pruner {
  /// Deletes what is written down of keys that have not been seen for a while: turns that others have overtaken, and
  /// moments that no rate asks for any more.
  func pruneLimits(_ now: Timestamp) async throws {
    let isThere = try await engine.store.read { transaction in
      try transaction.hasTables(of: Migration.limits.step)
    }
    guard isThere else { return }
    // A lane's last turn decides its next one only while it is beyond the queue's.
    try await deleteInBatches(
      """
      DELETE FROM nightshift_turns WHERE (queue, priority, lane) IN (
        SELECT t.queue, t.priority, t.lane FROM nightshift_turns t
        JOIN nightshift_turns c ON c.queue = t.queue AND c.priority = t.priority AND c.lane = ''
        WHERE t.lane <> '' AND t.turn <= c.turn LIMIT ?)
      """, [])
    for gate in engine.caches.withLock({ $0.gates.gates }) {
      guard let rate = gate.rate else { continue }
      let oldest = rate.spread == .window ? now - rate.period : now
      try await deleteInBatches(
        """
        DELETE FROM nightshift_dispatches WHERE (pool, at) IN (
          SELECT pool, at FROM nightshift_dispatches
          WHERE (pool = ? OR (pool >= ? AND pool < ?)) AND at <= ? LIMIT ?)
        """, [.text("\(gate.id)"), .text("\(gate.id):"), .text("\(gate.id);"), SQLValue(oldest)])
    }
  }
}
