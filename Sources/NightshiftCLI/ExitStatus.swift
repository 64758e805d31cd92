import ArgumentParser
import Nightshift

/// What the program's exit status means. Scripts rely on it; docs/operations.md lists it.
enum ExitStatus {
  static let success: Int32 = 0
  static let failure: Int32 = 1
  /// As sysexits.h has it, and ArgumentParser.
  static let usage: Int32 = 64
  /// As a shell reports a program that was ended by SIGPIPE.
  static let brokenPipe: Int32 = 141

  /// Of a job that was waited for (`--wait`, `run`).
  enum Job {
    static let completed: Int32 = 0
    static let dead: Int32 = 1
    static let cancelled: Int32 = 2
    /// Not over yet: the time to wait was up, or the job will be run again.
    static let unfinished: Int32 = 3
  }

  static func of(_ state: JobState) -> Int32 {
    switch state {
    case .completed: Job.completed
    case .dead: Job.dead
    case .cancelled: Job.cancelled
    case .blocked, .scheduled, .ready, .running, .waiting: Job.unfinished
    }
  }
}

/// Why a command failed: what, and what to do about it.
struct CommandFailure: Error, CustomStringConvertible {
  var description: String
  var status = ExitStatus.failure
  /// Whether trying again would lead to the same.
  var isFinal = false

  init(_ description: String, status: Int32 = ExitStatus.failure, isFinal: Bool = false) {
    self.description = description
    self.status = status
    self.isFinal = isFinal
  }

  /// What was waited for is safe in the store, whatever has become of the server.
  ///
  /// - Parameter look: The command that shows how it stands.
  static func unfinished(_ what: String, _ reason: String, look: String) -> CommandFailure {
    CommandFailure(
      "\(reason)\n\(what) was taken in and is not over, as far as is known. Look again with: \(look)",
      status: ExitStatus.Job.unfinished)
  }
}
