import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Nightshift

/// What an answer means for its job.
enum HTTPVerdict: Equatable {
  case success
  /// Try again; after this time, if the other side has named one.
  case retry(Failure, after: Duration?)
  case permanent(Failure)

  init(_ answer: HTTPAnswer, _ call: HTTPCall, now: Timestamp) {
    guard !call.isSuccess(answer.status) else {
      self = .success
      return
    }
    // Only what the payload does not hold: URLs carry keys, and errors are read by many.
    let failure = Failure(
      type: "HTTP \(answer.status)", message: "\(call.method) was answered with status \(answer.status)",
      detail: String(decoding: answer.body.prefix(4 << 10), as: UTF8.self))
    if call.retries(on: answer.status) {
      let wait = answer.headers.first(name: "Retry-After").flatMap { RetryAfter.parse($0, now: now) }
      self = .retry(failure, after: wait)
    } else {
      self = .permanent(failure)
    }
  }

  func check() throws {
    switch self {
    case .success: return
    case .retry(let failure, let wait):
      throw RetryableFailure(failure.message, type: failure.type, retryAfter: wait, detail: failure.detail)
    case .permanent(let failure): throw PermanentFailureRecord(failure)
    }
  }

  /// What to throw when there was no answer.
  static func failure(for error: any Error, _ call: HTTPCall) -> any Error {
    func retryable(_ message: String, _ type: String) -> RetryableFailure {
      RetryableFailure(message, type: type, retryAfter: nil, detail: nil)
    }
    switch error {
    case is HTTPTimeout, HTTPClientError.deadlineExceeded as HTTPClientError,
      HTTPClientError.readTimeout as HTTPClientError:
      return retryable(
        "no whole answer within \(call.timeout.text); it may have been acted upon", "HTTP timeout")
    case let error as HTTPClientError where lasting.contains(error):
      return PermanentFailureRecord(
        Failure(type: "HTTP request", message: "the call cannot be made: \(words(for: error))"))
    default:
      return retryable("the connection failed: \(error)", "HTTP connection")
    }
  }

  private static func words(for error: HTTPClientError) -> String {
    switch error {
    case .redirectCycleDetected: "the redirects lead in a circle; call the address behind them"
    case .redirectLimitReached: "there are too many redirects; call the address behind them"
    default: "\(error)"
    }
  }

  /// The same would happen again.
  private static let lasting: [HTTPClientError] = [
    .invalidURL, .emptyHost, .emptyScheme, .redirectLimitReached, .redirectCycleDetected,
    .traceRequestWithBody,
  ]
}
