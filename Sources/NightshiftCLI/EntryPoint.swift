import ArgumentParser
import Foundation
import Nightshift
import NightshiftServer

/// Where the program begins.
@main
enum EntryPoint {
  static func main() async {
    // A client that hangs up must not end the process; `Output` deals with a closed pipe.
    signal(SIGPIPE, SIG_IGN)
    let arguments = Aliases.resolve(Array(CommandLine.arguments.dropFirst()))
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
    default: NightshiftCommand.exit(withError: error)
    }
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
