import Dispatch
import Foundation

/// The time of the store's database, and the only way to wait.
///
/// Nothing else in the engine asks the system for the time, so that a test can move it.
package protocol WallClock: Sendable {
  /// The time of day, as the store's database has it.
  var now: Timestamp { get }

  /// Nanoseconds that only ever grow, whatever is done to the time of day: leases and durations are measured by it.
  var monotonic: Int64 { get }

  /// Returns when the time of day has reached `deadline`, or throws `CancellationError` at once when cancelled.
  func sleep(until deadline: Timestamp) async throws

  /// Returns when ``monotonic`` has reached `deadline`, whatever is done to the time of day meanwhile, or throws
  /// `CancellationError` at once when cancelled.
  func sleep(untilMonotonic deadline: Int64) async throws
}

extension WallClock {
  package func sleep(untilMonotonic deadline: Int64) async throws {
    try await Task.sleep(for: .nanoseconds(max(0, deadline - monotonic)))
  }

  package func sleep(for time: Duration) async throws { try await sleep(untilMonotonic: monotonic(after: time)) }

  /// What ``monotonic`` shows after some time.
  package func monotonic(after time: Duration) -> Int64 { monotonic + time.microseconds * 1000 }
}

/// The host's clock.
package struct SystemClock: WallClock {
  package init() {}

  package var now: Timestamp { Timestamp(Date()) }

  package var monotonic: Int64 { Int64(DispatchTime.now().uptimeNanoseconds) }

  package func sleep(until deadline: Timestamp) async throws {
    // In slices of a minute, so that a clock that was set back or forth is noticed.
    while true {
      let left = deadline - now
      guard left > .zero else { return }
      try await Task.sleep(for: min(left, .seconds(60)))
    }
  }
}
