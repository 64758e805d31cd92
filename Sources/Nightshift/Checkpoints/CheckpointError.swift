/// Why a decision was refused. Nothing was changed.
package enum CheckpointError: Error, Sendable, CustomStringConvertible {
  case missing(CheckpointID)
  /// Somebody was faster, or its time was over.
  case closed(CheckpointID, CheckpointState, by: String?, at: Timestamp?)
  /// This person may not decide this.
  case notAllowed(String)
  /// What the reviewer sent does not fit: where, and what would be right.
  case invalid(pointer: String, String)

  package var description: String {
    switch self {
    case .missing(let id): "There is no checkpoint \(id)."
    case .closed(let id, let state, let by, let at):
      "The checkpoint \(id) is \(state.rawValue) already\(by.map { ", by \($0)" } ?? "")"
        + "\(at.map { " at \($0.rfc3339)" } ?? ""). Nothing was changed."
    case .notAllowed(let reason): reason
    case .invalid(let pointer, let reason): "\(pointer) \(reason)"
    }
  }
}

/// Thrown by ``JobContext/approval(_:title:showing:options:)`` when somebody has said no.
///
/// A handler that does not catch it ends its job as cancelled, with this reason: it is not retried, and is no dead letter.
public struct Rejection: Error, Sendable, CustomStringConvertible {
  /// What was asked.
  public let title: String
  /// Who said no; `nil` if nobody had answered in time.
  public let by: String?
  /// What they said to it.
  public let comment: String?

  /// For people.
  public var description: String {
    let who = by.map { "Rejected by \($0)" } ?? "Nobody approved in time"
    return "\(who): \(title)\(comment.map { " (\($0))" } ?? "")"
  }
}

/// Thrown by ``JobContext/approval(_:title:showing:options:)`` when nobody has answered in time and the question was to
/// fail then. The job is dead unless its handler catches it.
public struct CheckpointExpired: Error, Sendable, CustomStringConvertible {
  /// What was asked.
  public let title: String
  /// For people.
  public var description: String { "Nobody answered in time: \(title)" }
}
