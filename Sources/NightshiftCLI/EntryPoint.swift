import ArgumentParser
import CAllocator
import Foundation
import Nightshift
import NightshiftServer

/// Where the program begins.
@main
enum EntryPoint {
  static func main() async {
    // A client that hangs up must not end the process; `Output` deals with a closed pipe.
    signal(SIGPIPE, SIG_IGN)
    nightshift_allocator_keep_little()
    let arguments = Aliases.resolve(Array(CommandLine.arguments.dropFirst()))
    if let complaint = UnknownCommand.complaint(arguments) { complain(complaint, ExitStatus.usage) }
    do {
      var command = try await NightshiftCommand.asyncParseAsRoot(arguments)
      if var asyncCommand = command as? any AsyncParsableCommand {
        try await asyncCommand.run()
      } else {
        try command.run()
      }
    } catch {
      end(with: error)
    }
  }

  private static func end(with error: any Error) -> Never {
    switch error {
    case let code as ExitCode: exit(code.rawValue)
    case let failure as CommandFailure: complain(failure.description, failure.status)
    case let error as StoreError: complain(error.description, ExitStatus.failure)
    case let error as ConfigurationError: complain(error.description, ExitStatus.usage)
    case let error as SubmissionError: complain(text(error), ExitStatus.failure)
    case let error as ServerError: complain(error.description, ExitStatus.failure)
    case is CancellationError: exit(128 + SIGINT)
    // Help, completions and wrong usage are ArgumentParser's own.
    default:
      guard let rule = rule(for: error) else { NightshiftCommand.exit(withError: error) }
      Output.write("\(NightshiftCommand.fullMessage(for: error))\n\(rule)\n", to: STDERR_FILENO)
      exit(NightshiftCommand.exitCode(for: error).rawValue)
    }
  }

  /// How a length of time is written, where the parser only says that one is invalid: it knows no rule.
  private static func rule(for error: any Error) -> String? {
    let message = NightshiftCommand.message(for: error)
    guard message.contains("is invalid for"), message.contains("<duration>") || message.contains("<time>") else {
      return nil
    }
    return "What is asked for is \(DurationText.rule)."
  }

  private static func text(_ error: SubmissionError) -> String {
    error.faults.map { "\(ArgumentName.of(pointer: $0.pointer)): \($0.message)" }.joined(separator: "\n")
  }

  private static func complain(_ message: String, _ status: Int32) -> Never {
    let terminal = Terminal.current(environment: ProcessInfo.processInfo.environment)
    let label = Style.red.paint("Error:", ifColored: terminal.colorsErrors)
    Output.write("\(label) \(message)\n", to: STDERR_FILENO)
    exit(status)
  }
}
