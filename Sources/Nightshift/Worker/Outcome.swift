/// How a handler came back.
enum Outcome {
  case returned(result: [UInt8]?)
  case threw(any Error, CancellationReason?)

  /// Whether it did its work, as circuit breakers see it; `nil` where that says nothing about what it needs: it was
  /// stopped, put off, or refused what it was given.
  var succeeded: Bool? {
    switch self {
    case .returned: true
    case .threw(_, .timeout): false
    case .threw(_, .some): nil
    case .threw(let error, nil):
      switch error {
      case is Snooze, is PermanentFailure, is PermanentFailureRecord, is Rejection, is CheckpointExpired,
        is BreakerOpen:
        nil
      default: false
      }
    }
  }
}

extension Settlement.Outcome {
  /// What becomes of a job after an attempt: the one place that decides it.
  ///
  /// - Parameters:
  ///   - random: Between 0 and 1, for the backoff's jitter; asked for after a failure only.
  static func after(
    _ outcome: Outcome, of job: ClaimedJob, backoff: Backoff, now: Timestamp, random: @autoclosure () -> Double
  ) -> Settlement.Outcome {
    switch outcome {
    case .returned(let result): .completed(result: result)
    case .threw(_, .cancelled): .cancelled(reason: "cancelled")
    // At its old place in the queue, so that it does not wait behind everything that has come since.
    case .threw(_, .shutdown), .threw(_, .leaseLost): .runAgain(at: job.runAt, .shutdown)
    case .threw(let snooze as Snooze, nil): .runAgain(at: snooze.moment(now), .snooze(reason: snooze.reason))
    case .threw(let error as BreakerOpen, nil):
      .held(Hold(.breakerOpen, pool: "\(error.gate)", earliest: error.until))
    case .threw(let error as PermanentFailure, nil):
      .dead(Failure(type: "PermanentFailure", message: error.description))
    case .threw(let error as PermanentFailureRecord, nil): .dead(error.failure)
    case .threw(let error as Rejection, nil): .cancelled(reason: error.description)
    case .threw(let error as CheckpointExpired, nil):
      .dead(Failure(type: "CheckpointExpired", message: error.description))
    case .threw(let error, let reason):
      afterFailure(error, isTimeout: reason == .timeout, of: job, backoff: backoff, now: now, random: random())
    }
  }

  private static func afterFailure(
    _ error: any Error, isTimeout: Bool, of job: ClaimedJob, backoff: Backoff, now: Timestamp, random: Double
  ) -> Settlement.Outcome {
    let failure = isTimeout ? Failure.timeout(job.timeout, error) : Failure(describing: error)
    let failures = job.failures + 1
    guard failures < job.maxAttempts else { return .dead(failure) }
    let wait =
      (error as? RetryableFailure)?.delay ?? backoff.delay(afterFailures: failures, random: random)
    return .runAgain(at: now + wait, .retry(failure))
  }
}

extension Snooze {
  fileprivate func moment(_ now: Timestamp) -> Timestamp { runAt.moment(now: now) }
}

extension RunAt {
  package func moment(now: Timestamp) -> Timestamp {
    switch self {
    case .now: now
    case .in(let delay): now + max(.zero, delay)
    case .at(let date): max(now, Timestamp(date))
    }
  }
}

extension Failure {
  /// As an error is kept, whatever becomes of the job.
  package init(describing error: any Error) {
    switch error {
    case let error as RetryableFailure:
      self.init(type: error.type, message: error.description, detail: error.detail)
    case let error as PermanentFailureRecord: self = error.failure
    default: self.init(error)
    }
  }

  static func timeout(_ timeout: Duration?, _ error: any Error) -> Failure {
    let limit = timeout.map { "The attempt took longer than its timeout of \($0.text)" } ?? "The attempt timed out"
    // A handler that was cancelled usually says nothing but that.
    let detail = error is CancellationError ? nil : "\(error)"
    return Failure(type: "timeout", message: "\(limit) and was cancelled.", detail: detail)
  }
}
