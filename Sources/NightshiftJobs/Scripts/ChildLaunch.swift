/// A program that is about to be started.
struct ChildLaunch: Sendable {
  /// The program's file.
  var path: String
  /// The name under which it sees itself, then its arguments.
  var arguments: [String]
  /// All of its environment.
  var environment: [String: String]
  /// Where it runs.
  var directory: String
  /// What it gets on standard input, before the end of the file.
  var input: [UInt8]
  var resources: JobResources
  /// How long after TERM it is killed.
  var grace: Duration = .seconds(5)
}

/// What a child process does, in the order in which it does it.
enum ChildEvent: Sendable {
  case output([UInt8])
  case error([UInt8])
  /// Always the last one.
  case ended(ChildEnd)
}

/// How a child process ended.
enum ChildEnd: Sendable, Hashable {
  case exited(code: Int32)
  case signalled(Int32)
  /// It was asked to stop, and has.
  case stopped
  /// It wrote more than it may, and was killed.
  case exceededOutput
  /// It never ran.
  case notStarted(ChildStartFault)
}

/// Why a program could not be started.
struct ChildStartFault: Sendable, Hashable {
  enum Step: Sendable, Hashable {
    case pipes, fork, directory, setup, exec
  }

  var step: Step
  /// The system's error number.
  var code: Int32
}
