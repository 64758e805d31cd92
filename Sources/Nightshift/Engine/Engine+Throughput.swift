/// What one queue got done in one hour.
package struct QueueHour: Sendable, Hashable {
  package var start: Timestamp
  package var completed: Int
  /// Attempts that failed.
  package var failed: Int
}

extension Engine {
  /// What each queue got done, hour by hour and oldest first, from the roll-ups. Hours in which nothing ended are left
  /// out.
  package func throughput(from: Timestamp, to: Timestamp) async throws(StoreError) -> [String: [QueueHour]] {
    let hour: Int64 = 3_600_000_000
    return try await store.read { transaction in
      let rows = try transaction.query(
        """
        SELECT queue, hour, sum(completed), sum(failed) FROM nightshift_rollups WHERE hour >= ? AND hour < ?
        GROUP BY queue, hour ORDER BY queue, hour
        """, [.integer(from.microseconds / hour * hour), SQLValue(to)])
      var queues: [String: [QueueHour]] = [:]
      for row in rows {
        queues[row.text(0)!, default: []].append(
          QueueHour(start: row.timestamp(1)!, completed: Int(row.integer(2)!), failed: Int(row.integer(3)!)))
      }
      return queues
    }
  }
}
