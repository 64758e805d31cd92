/// When a kind counts as slow: its attempts' 95th percentile over the last minutes is above a bound.
package struct SlowThreshold: Sendable, Hashable {
  static let minute: Int64 = 60_000_000
  /// It is slow until the percentile is so much below the bound: else one that hovers at it would be told of each time.
  static let release = 0.8
  /// How many attempts there must be at least, where nobody has said otherwise.
  package static let standardLeast = 20
  /// How long the window may be.
  package static let windows: ClosedRange<Duration> = .seconds(60)...(.seconds(86_400))

  package var kind: String
  /// The bound.
  package var p95: Duration
  /// Over how long a time.
  package var window: Duration
  /// How many attempts there must have been in it, so that one slow job alone says nothing.
  package var least: Int
  package var updatedAt: Timestamp?
  package var updatedBy: String?
  /// Since when it is slow; `nil` if it is not.
  package var slowSince: Timestamp?
  /// The percentile by which it was found slow.
  package var slowP95: Duration?

  package init(kind: String, p95: Duration, window: Duration = .seconds(600), least: Int = standardLeast) {
    self.kind = kind
    self.p95 = p95
    self.window = window
    self.least = least
  }

  init(_ row: SQLRow) {
    kind = row.text(0)!
    p95 = .microseconds(row.integer(1)!)
    window = .microseconds(row.integer(2)!)
    least = Int(row.integer(3)!)
    updatedAt = row.timestamp(4)
    updatedBy = row.text(5)
    slowSince = row.timestamp(6)
    slowP95 = row.integer(7).map { .microseconds($0) }
  }

  /// What follows from the attempts of its window; the one place that decides it.
  func verdict(_ recent: ProfileTally) -> Verdict {
    guard let found = recent.histogram.quantile(0.95) else { return slowSince == nil ? .same : .over }
    guard recent.histogram.count >= least else { return .same }
    if slowSince == nil { return found > p95.microseconds ? .slow(.microseconds(found)) : .same }
    return Double(found) < Double(p95.microseconds) * Self.release ? .over : .same
  }

  enum Verdict: Hashable {
    case same
    case slow(Duration)
    case over
  }
}

extension ReadTransaction {
  /// The kinds that are watched, by name; none before the schema has them.
  func slowThresholds() throws(StoreError) -> [String: SlowThreshold] {
    guard try hasTables(of: Migration.profile.step) else { return [:] }
    let rows = try query(
      """
      SELECT kind, p95_us, window_us, least, updated_at, updated_by, slow_since, slow_p95_us
      FROM nightshift_slow_kinds ORDER BY kind
      """, [])
    return Dictionary(rows.map { ($0.text(0)!, SlowThreshold($0)) }) { $1 }
  }
}
