extension Engine {
  /// The busiest values of a limit's key, and how much each is used; `nil` if there is no such limit.
  package func use(ofLimit name: String, limit: Int = 100) async throws(StoreError) -> LimitUse? {
    try await store.read { transaction in
      guard try transaction.hasTables(of: Migration.limits.step) else { return nil }
      let rows = try transaction.query(
        "SELECT id FROM nightshift_gates WHERE gone_at IS NULL AND type = 'limit' AND name = ?", [.text(name)])
      guard let id = rows.first?.integer(0) else { return nil }
      var uses: [String: PoolUse] = [:]
      for (pool, count) in try Self.runningByPool(transaction) where Pool(pool)?.gate == id {
        uses[pool] = PoolUse(key: Pool(pool)?.key, running: count, held: 0)
      }
      // From one pool to the next, however many jobs each has.
      var last = "\(id)"
      var isFirst = true
      while uses.count < LimitUse.mostCounted,
        let pool = try transaction.query(
          """
          SELECT held_by FROM nightshift_jobs
          WHERE hold >= 4 AND held_by \(isFirst ? ">=" : ">") ? AND held_by < ? ORDER BY held_by LIMIT 1
          """, [.text(last), .text("\(id);")]
        ).first?.text(0)
      {
        (last, isFirst) = (pool, false)
        guard Pool(pool)?.gate == id else { continue }
        let held = try transaction.query(
          "SELECT count(*) FROM (SELECT 1 FROM nightshift_jobs WHERE hold >= 4 AND held_by = ? LIMIT ?) AS h",
          [.text(pool), SQLValue(LimitStatus.mostCounted)])
        uses[pool, default: PoolUse(key: Pool(pool)?.key, running: 0, held: 0)].held = Int(held[0].integer(0) ?? 0)
      }
      let sorted = uses.values.sorted {
        ($1.held, $1.running, $0.key ?? "") < ($0.held, $0.running, $1.key ?? "")
      }
      return LimitUse(busiest: Array(sorted.prefix(limit)), used: sorted.count)
    }
  }
}

/// Who uses a limit with a key.
package struct LimitUse: Sendable, Hashable {
  /// Values of which jobs run or are held are looked at up to here.
  package static let mostCounted = 1_000

  /// The values that use it most, the most held first.
  package var busiest: [PoolUse]
  /// How many values have jobs that run or are held; ``mostCounted`` stands for as many or more.
  package var used: Int
}

/// How much one value of a limit's key is used.
package struct PoolUse: Sendable, Hashable {
  /// `nil` for a limit without a key; empty for the jobs that have none.
  package var key: String?
  package var running: Int
  package var held: Int
}
