/// How long a job waits after a failure before its next attempt.
public struct Backoff: Sendable, Hashable {
  package enum Shape: Sendable, Hashable {
    case exponential(first: Duration, factor: Double, limit: Duration)
    case fixed([Duration])
  }

  package var shape: Shape
  /// The share of the wait that is added at random, so that jobs which failed together do not return together.
  package var jitter: Double

  /// `first`, then `factor` times longer after each failure, never longer than `limit`; 0–20 % is added at random.
  ///
  /// The default gives 2, 4 and 8 seconds for the three retries of a job with four attempts.
  public static func exponential(
    first: Duration = .seconds(2), factor: Double = 2, limit: Duration = .seconds(3600), jitter: Double = 0.2
  ) -> Backoff {
    precondition(factor >= 1 && jitter >= 0, "a backoff does not shrink")
    return Backoff(shape: .exponential(first: first, factor: factor, limit: limit), jitter: jitter)
  }

  /// The given waits, one after each failure; the last one is repeated.
  public static func fixed(_ waits: Duration..., jitter: Double = 0) -> Backoff {
    fixed(waits, jitter: jitter)
  }

  /// The given waits, one after each failure; the last one is repeated.
  public static func fixed(_ waits: [Duration], jitter: Double = 0) -> Backoff {
    precondition(!waits.isEmpty, "a fixed backoff needs at least one wait")
    return Backoff(shape: .fixed(waits), jitter: jitter)
  }

  /// The wait after the given number of failures.
  ///
  /// - Parameters:
  ///   - failures: How many attempts have failed, counted from 1.
  ///   - random: Between 0 and 1: how much of the jitter to add.
  package func delay(afterFailures failures: Int, random: Double) -> Duration {
    let wait: Duration
    switch shape {
    case .exponential(let first, let factor, let limit):
      // 2^63 would overflow long before anybody waits for it.
      var grown = first.seconds
      for _ in 1..<max(1, min(failures, 64)) where grown < limit.seconds { grown *= factor }
      wait = .microseconds(Int64(min(grown, limit.seconds) * 1_000_000))
    case .fixed(let waits):
      wait = waits[min(max(failures, 1), waits.count) - 1]
    }
    return wait + .microseconds(Int64(Double(wait.microseconds) * jitter * random))
  }
}
