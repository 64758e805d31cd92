public import Foundation

/// Thrown by a handler whose job can never succeed: it is dead at once, without further attempts.
public struct PermanentFailure: Error, CustomStringConvertible {
  /// Why.
  public let description: String

  /// Ends the job with this reason.
  public init(_ reason: String) { description = reason }
}

/// Thrown by a handler that wants to run again later. It is no failure and uses up no attempt.
public struct Snooze: Error, Sendable {
  package let runAt: RunAt
  package let reason: String?

  /// Runs the job again after `delay`.
  public static func `for`(_ delay: Duration, reason: String? = nil) -> Snooze {
    Snooze(runAt: .in(delay), reason: reason)
  }

  /// Runs the job again at `date`.
  public static func until(_ date: Date, reason: String? = nil) -> Snooze {
    Snooze(runAt: .at(date), reason: reason)
  }
}

/// Thrown by a handler to fail with a wait of its own instead of its kind's backoff, as after `Retry-After`.
public struct RetryableFailure: Error, CustomStringConvertible {
  /// Why.
  public let description: String
  package let type: String
  package let delay: Duration?
  package let detail: String?

  /// Fails the attempt; the next one comes after `delay`, or after the kind's backoff without one.
  public init(_ reason: String, retryAfter delay: Duration? = nil) {
    self.init(reason, type: "RetryableFailure", retryAfter: delay, detail: nil)
  }

  package init(_ reason: String, type: String, retryAfter delay: Duration? = nil, detail: String?) {
    description = reason
    self.type = type
    self.delay = delay
    self.detail = detail
  }
}

/// As ``PermanentFailure``, with the type and detail under which it is kept.
package struct PermanentFailureRecord: Error, CustomStringConvertible {
  package let failure: Failure
  package var description: String { failure.message }

  package init(_ failure: Failure) { self.failure = failure }
}
