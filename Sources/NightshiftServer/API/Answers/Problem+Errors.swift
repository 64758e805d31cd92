import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import Nightshift

extension Problem {
  /// What the caller is told of an error. What happened inside stays in `cause`.
  init(_ error: any Error) {
    self =
      switch error {
      case let problem as Problem: problem
      case let error as SubmissionError: Problem(error)
      case let error as KeyBeyondReach: Problem(.conflict, "key_held", error.description)
      case let error as ScheduleError: Problem(error)
      case let error as LimitError: .invalid(error.faults.map { Fault($0.pointer, $0.message) })
      case let error as StoreError: Problem(error)
      case let error as CheckpointError: Problem(error)
      case let error as AccountError: Problem(error)
      case let error as SecretError: Problem(error)
      case let error as SignalRefused: Problem(.conflict, "signals_full", error.description)
      case let error as FlowError: .invalid([.init("#", error.description)])
      case let error as HTTPParserError: .malformed(error)
      case is NIOTooManyBytesError:
        Problem(.contentTooLarge, "too_large", "The body is larger than this route allows.")
      case is CancellationError:
        Problem(
          .serviceUnavailable, "stopping", "The server is stopping. Try again in a moment.",
          headers: [.retryAfter: "2"])
      default:
        Problem(
          .internalServerError, "internal",
          "Something went wrong inside the server.", remedy: Self.lookIntoLog, cause: "\(error)")
      }
  }

  private init(_ error: SubmissionError) {
    if let holder = error.keyReusedBy {
      self.init(
        .unprocessableContent, "idempotency_key_reused",
        "This `Idempotency-Key` came before with other contents (for \(holder)). Use a new one for new work."
      )
    } else {
      self = .invalid(error.faults.map { Fault($0.pointer, $0.message) })
    }
  }

  private init(_ error: ScheduleError) {
    self =
      switch error.reason {
      case .invalid: .invalid(error.faults.map { Fault($0.pointer, $0.message) })
      case .missing:
        .notFound(error.description, remedy: "`GET /api/schedules` lists those there are.")
      case .conflict: .conflict(error.description)
      }
  }

  private init(_ error: CheckpointError) {
    switch error {
    case .missing: self = .notFound(error.description, remedy: "`GET /api/checkpoints` lists those that wait.")
    case .closed: self.init(.conflict, "decided", error.description)
    case .notAllowed: self.init(.forbidden, "not_a_reviewer", error.description)
    case .invalid(let pointer, let message): self = .invalid([.init(pointer, message)])
    }
  }

  private init(_ error: StoreError) {
    let cause = error.description
    let again: HTTPFields = [.retryAfter: "1"]
    switch error.code {
    case .unavailable:
      self.init(
        .serviceUnavailable, "store_unavailable",
        "The store cannot be reached just now. Try again.",
        remedy: "With an `Idempotency-Key` nothing is done twice.", headers: again, cause: cause)
    case .overloaded:
      self.init(
        .serviceUnavailable, "store_overloaded",
        "Too many writes are waiting; nothing was stored. Try again.",
        headers: again, cause: cause)
    case .full:
      self.init(
        HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"), "store_full",
        "No space is left on the server's disk; nothing was stored.", headers: [.retryAfter: "60"],
        cause: cause)
    case .readOnly:
      self.init(
        .serviceUnavailable, "store_read_only",
        "The server's store may not be written to at present; nothing was stored.",
        headers: [.retryAfter: "60"], cause: cause)
    case .wrongVersion:
      self.init(
        .serviceUnavailable, "schema_too_old",
        "The database has not been migrated to what this needs; nothing was stored.",
        remedy: "Once every server and worker runs this version: `nightshift db migrate`.",
        headers: [.retryAfter: "60"], cause: cause)
    case .conflict:
      self.init(
        .conflict, "conflict", "It exists already with other contents; nothing was changed.", cause: cause)
    case .overtaken: self.init(.conflict, "overtaken", error.message)
    default:
      self.init(
        .internalServerError, "internal",
        "Something is wrong with the server's store.", remedy: Self.lookIntoLog, cause: cause)
    }
  }

  private static let lookIntoLog = "The server's log has more under this `requestId`."

  /// Bytes that are no HTTP.
  static func malformed(_ error: HTTPParserError) -> Problem {
    var problem =
      if case .headerOverflow = error {
        Problem(
          .requestHeaderFieldsTooLarge, "headers_too_large",
          "The request's line and headers are too large: at most \(ConnectionLimits.headerBytes) bytes in "
            + "at most \(ConnectionLimits.headerCount) fields.")
      } else {
        Problem(.badRequest, "malformed", "This is not well-formed HTTP/1.1: \(error).")
      }
    problem.headers[.connection] = "close"
    return problem
  }
}
