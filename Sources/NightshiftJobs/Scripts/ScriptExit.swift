import Foundation
import Nightshift

/// What the end of a script means for its job.
enum ScriptExit: Hashable {
  case completed
  /// Exit 75 (EX_TEMPFAIL): run again later, without a failure.
  case runAgain(after: Duration)
  case permanent(Failure)
  case retried(Failure)

  /// - Parameters:
  ///   - end: How the process ended, which is not by our asking.
  ///   - errorTail: The end of what it wrote to standard error.
  ///   - retryAfter: What it said about when to come back.
  init(_ end: ChildEnd, errorTail: String, retryAfter: Duration?, resources: JobResources) {
    let detail = errorTail.isEmpty ? nil : errorTail
    func failure(_ type: String, _ message: String) -> Failure {
      Failure(type: type, message: message, detail: detail)
    }
    switch end {
    case .exited(code: 0):
      self = .completed
    case .exited(code: 75):
      self = .runAgain(after: retryAfter ?? .seconds(60))
    case .exited(let code):
      let failure = failure("exit \(code)", Self.message(code, errorTail))
      self = (64...78).contains(code) || code == 126 || code == 127 ? .permanent(failure) : .retried(failure)
    case .signalled(let signal):
      self = .retried(failure(Self.name(of: signal), Self.message(signal: signal, resources)))
    case .exceededOutput:
      let limit = ByteSize.text(resources.output)
      self = .permanent(
        failure("output", "wrote more than \(limit); write less, or raise `resources.output`"))
    case .notStarted(let fault):
      self = fault.verdict
    case .stopped:
      self = .retried(failure("stopped", "was stopped"))
    }
  }

  private static func message(_ code: Int32, _ errorTail: String) -> String {
    var message = "exited with \(code)"
    switch code {
    case 126: message += " (a command was found but could not be run)"
    case 127: message += " (a command was not found)"
    // Shells say so when a program they have started was ended by a signal.
    case 129...159: message += " (a program it ran was ended by \(name(of: code - 128)))"
    default: break
    }
    let last = errorTail.split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }
    return last.map { "\(message): \($0.prefix(500))" } ?? message
  }

  private static func message(signal: Int32, _ resources: JobResources) -> String {
    let message = "was ended by \(name(of: signal))"
    switch signal {
    case SIGXCPU:
      let limit = resources.cpu.map { " (\($0) s)" } ?? ""
      return "\(message): it used up its processor time\(limit); raise `resources.cpu` if it needs more"
    case SIGKILL:
      return
        "\(message): somebody killed it, the system ran out of memory, or it went on after its processor time"
    case SIGABRT, SIGSEGV, SIGBUS:
      let limit = resources.memory.map { ", perhaps for want of memory (limit \(ByteSize.text($0)))" } ?? ""
      return "\(message): it crashed\(limit)"
    default:
      return message
    }
  }

  private static func name(of signal: Int32) -> String {
    let names: [Int32: String] = [
      SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
      SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1",
      SIGSEGV: "SIGSEGV", SIGUSR2: "SIGUSR2", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM",
      SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ", SIGSYS: "SIGSYS",
    ]
    return names[signal] ?? "signal \(signal)"
  }
}

extension ChildStartFault {
  /// A command that is not there will not be there a second later; a machine without memory may be better
  /// then.
  fileprivate var verdict: ScriptExit {
    let reason = String(cString: strerror(code))
    switch (step, code) {
    case (.exec, ENOENT):
      return .permanent(
        Failure(
          type: "command not found", message: "the program that the script's first line (#!) names is missing"
        ))
    case (.exec, ENOEXEC):
      return .permanent(
        Failure(
          type: "command not found",
          message: "the command is no program: begin the script with #!/bin/sh, or write [bash, FILE]"))
    case (.exec, EACCES), (.exec, E2BIG), (.directory, _):
      let what = step == .directory ? "the job's folder cannot be entered" : "the command cannot be run"
      return .permanent(Failure(type: "not started", message: "\(what): \(reason)"))
    default:
      return .retried(Failure(type: "not started", message: "the process could not be started: \(reason)"))
    }
  }
}
