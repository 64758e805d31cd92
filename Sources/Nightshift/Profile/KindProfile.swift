/// Where the time of one kind went between two moments.
package struct KindProfile: Sendable {
  package var kind: String
  /// Whole attempts.
  package var attempts: ProfileFigures
  /// How long its jobs were due before they began.
  package var waits: ProfileFigures
  /// Its steps and calls, those with the most time first. A call within a step is counted in both.
  package var parts: [ProfileLine]
  /// The attempts that took longest, the longest first.
  package var slowest: [SlowAttempt]
  /// When it counts as slow; `nil` if nobody watches.
  package var threshold: SlowThreshold?
}

/// One step or call of a kind.
package struct ProfileLine: Sendable {
  package var part: ProfilePart
  package var name: String
  package var figures: ProfileFigures
  /// Its part of the time of all attempts of the kind, from 0 to 1; more where it runs several at a time.
  package var share: Double
}

/// How long one thing took, all together and one by one. Times are in microseconds.
package struct ProfileFigures: Sendable {
  package var count: Int64 = 0
  package var failures: Int64 = 0
  package var total: Int64 = 0
  package var mean: Int64 = 0
  package var longest: Int64 = 0
  package var p50: Int64 = 0
  package var p95: Int64 = 0
  package var p99: Int64 = 0
  /// The 95th percentile of the period of the same length before; `nil` if there was nothing then.
  package var formerP95: Int64?

  /// By how much the 95th percentile has grown since the period before: 0.5 is half as much again.
  package var trend: Double? {
    guard let formerP95, formerP95 > 0, count > 0 else { return nil }
    return Double(p95) / Double(formerP95) - 1
  }

  init() {}

  init(_ tally: ProfileTally, former: ProfileTally?) {
    let histogram = tally.histogram
    count = histogram.count
    failures = tally.failures
    total = histogram.sum
    mean = histogram.mean
    longest = histogram.longest
    p50 = histogram.quantile(0.5) ?? 0
    p95 = histogram.quantile(0.95) ?? 0
    p99 = histogram.quantile(0.99) ?? 0
    formerP95 = former?.histogram.quantile(0.95)
  }
}
