extension Engine {
  /// What happened between two moments, from hourly roll-ups, which outlive the jobs themselves. Whole hours.
  package func stats(
    from: Timestamp, to: Timestamp, by grouping: StatsRow.Grouping
  ) async throws(StoreError) -> [StatsRow] {
    let column =
      switch grouping {
      case .hour: "hour"
      // Days in UTC.
      case .day: "hour / 86400000000 * 86400000000"
      case .queue: "queue"
      case .kind: "kind"
      }
    let hour: Int64 = 3_600_000_000
    let first = from.microseconds / hour * hour
    return try await store.read { transaction in
      try transaction.query(
        """
        SELECT \(column), sum(enqueued), sum(completed), sum(failed), sum(dead), sum(cancelled), sum(wait_us),
          max(wait_max_us), sum(run_us), max(run_max_us)
        FROM nightshift_rollups WHERE hour >= ? AND hour < ? GROUP BY 1 ORDER BY 1
        """, [.integer(first), SQLValue(to)]
      ).map { StatsRow($0, grouping) }
    }
  }
}

extension StatsRow {
  fileprivate init(_ row: SQLRow, _ grouping: Grouping) {
    let completed = Int(row.integer(2)!)
    let failed = Int(row.integer(3)!)
    let attempts = Int64(max(1, completed + failed))
    self.init(
      from: grouping == .hour || grouping == .day ? row.timestamp(0) : nil,
      queue: grouping == .queue ? row.text(0) : nil, kind: grouping == .kind ? row.text(0) : nil,
      enqueued: Int(row.integer(1)!), completed: completed, failed: failed, dead: Int(row.integer(4)!),
      cancelled: Int(row.integer(5)!), meanWait: .microseconds(row.integer(6)! / attempts),
      longestWait: .microseconds(row.integer(7)!), meanRun: .microseconds(row.integer(8)! / attempts),
      longestRun: .microseconds(row.integer(9)!))
  }
}
