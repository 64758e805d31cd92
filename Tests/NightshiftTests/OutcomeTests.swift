import Foundation
@testable import Nightshift
import Testing

private struct Oops: Error, CustomStringConvertible { var description: String { "it broke" } }

@Suite struct `What becomes of a job after an attempt` {
  private let now = Timestamp(microseconds: 1_000_000_000)

  private func decide(
    _ outcome: Outcome, failures: Int = 0, maxAttempts: Int = 4, backoff: Backoff = .exponential(jitter: 0)
  ) -> Settlement.Outcome {
    .after(
      outcome, of: ClaimedJob(failures: failures, maxAttempts: maxAttempts), backoff: backoff, now: now,
      random: 1)
  }

  @Test func `is completion when it returns, also after it was asked to stop`() {
    guard case .completed([1]?) = decide(.returned(result: [1])) else {
      Issue.record("not completed")
      return
    }
  }

  @Test(arguments: [(0, 2), (1, 4), (2, 8)])
  func `is a retry after a growing wait while failures are left`(_ failures: Int, _ seconds: Int) {
    guard case .runAgain(let moment, .retry(let failure)) = decide(.threw(Oops(), nil), failures: failures)
    else {
      Issue.record("no retry")
      return
    }
    #expect(moment == now + .seconds(seconds))
    #expect(failure == Failure(type: "Oops", message: "it broke"))
  }

  @Test func `is death at the last failure`() {
    guard case .dead(let failure) = decide(.threw(Oops(), nil), failures: 3) else {
      Issue.record("not dead")
      return
    }
    #expect(failure.type == "Oops")
  }

  @Test func `is death at once after a permanent failure`() {
    guard case .dead(let failure) = decide(.threw(PermanentFailure("no such order"), nil)) else {
      Issue.record("not dead")
      return
    }
    #expect(failure == Failure(type: "PermanentFailure", message: "no such order"))
  }

  @Test func `is a retry after the wait that the handler chose`() {
    let error = RetryableFailure("slow down", type: "HTTP 429", retryAfter: .seconds(77), detail: "body")
    guard case .runAgain(let moment, .retry(let failure)) = decide(.threw(error, nil)) else {
      Issue.record("no retry")
      return
    }
    #expect(moment == now + .seconds(77))
    #expect(failure == Failure(type: "HTTP 429", message: "slow down", detail: "body"))
    guard case .dead = decide(.threw(error, nil), failures: 3) else {
      Issue.record("a chosen wait is a failure all the same")
      return
    }
  }

  @Test func `is a snooze without a failure, never into the past`() {
    guard
      case .runAgain(let moment, .snooze("busy")) = decide(
        .threw(Snooze.for(.seconds(9), reason: "busy"), nil))
    else {
      Issue.record("no snooze")
      return
    }
    #expect(moment == now + .seconds(9))
    let past = Snooze.until(Date(timeIntervalSince1970: 1))
    guard case .runAgain(now, .snooze(nil)) = decide(.threw(past, nil)) else {
      Issue.record("snoozed into the past")
      return
    }
  }

  @Test func `is decided by why it was asked to stop, whatever it threw`() {
    if case .cancelled = decide(.threw(Oops(), .cancelled)) {} else { Issue.record("not cancelled") }
    if case .cancelled = decide(.threw(PermanentFailure("x"), .cancelled)) {
    } else {
      Issue.record("not cancelled")
    }
    for reason in [CancellationReason.shutdown, .leaseLost] {
      if case .runAgain(ClaimedJob().runAt, .shutdown) = decide(
        .threw(PermanentFailure("x"), reason), failures: 3)
      {
      } else {
        Issue.record("\(reason) counted as a failure")
      }
    }
  }

  @Test func `is a failure called timeout when it took too long`() {
    guard case .runAgain(_, .retry(let failure)) = decide(.threw(CancellationError(), .timeout)) else {
      Issue.record("no retry")
      return
    }
    #expect(failure.type == "timeout" && failure.detail == nil)
    if case .dead = decide(.threw(Oops(), .timeout), failures: 3) {} else { Issue.record("not dead") }
  }
}

@Suite struct `A backoff` {
  @Test func `doubles up to its limit`() {
    let backoff = Backoff.exponential(first: .seconds(2), limit: .seconds(60), jitter: 0)
    let waits = (1...8).map { backoff.delay(afterFailures: $0, random: 1) }
    #expect(waits == [2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
    #expect(backoff.delay(afterFailures: .max, random: 1) == .seconds(60))
    #expect(backoff.delay(afterFailures: 0, random: 1) == .seconds(2))
  }

  @Test func `adds up to a fifth at random`() {
    #expect(Backoff.exponential().delay(afterFailures: 1, random: 0) == .seconds(2))
    #expect(Backoff.exponential().delay(afterFailures: 1, random: 1) == .milliseconds(2_400))
  }

  @Test func `of fixed waits repeats the last`() {
    let backoff = Backoff.fixed(.seconds(1), .seconds(5))
    #expect((1...4).map { backoff.delay(afterFailures: $0, random: 1) } == [1, 5, 5, 5].map { .seconds($0) })
    #expect(backoff.text == "1s, 5s")
    #expect(Backoff.exponential().text == "2s ×2 up to 1h +20%")
  }
}
