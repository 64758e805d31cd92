import ArgumentParser
import Foundation
import Nightshift

/// Asks before many jobs are changed at once.
struct ConfirmationOptions: ParsableArguments {
  @Flag(help: "Only say what would be changed.")
  var dryRun = false

  @Flag(name: .shortAndLong, help: "Do not ask.")
  var yes = false

  /// Tells how many jobs are meant, asks, and then makes the change.
  ///
  /// - Parameters:
  ///   - question: What is asked, for "3 jobs".
  ///   - done: What is said afterwards, for "3 jobs".
  ///   - call: Makes the change, or only counts.
  func change(
    _ output: Output, question: (String) -> String, done: (String) -> String,
    call: (_ isDryRun: Bool) async throws -> JSONValue
  ) async throws {
    if yes, !dryRun {
      let answer = try await call(false)
      return output.isJSON ? output.json(answer) : output.line(done(Self.jobs(answer.number("count"))))
    }
    let preview = try await call(true)
    let count = preview.number("count")
    if dryRun {
      if output.isJSON { return output.json(preview) }
      output.line("\(Self.jobs(count)) would be changed; nothing was.")
      for id in preview.texts("sample") { output.line("  \(id)") }
      if count > preview.texts("sample").count { output.line("  …") }
      return
    }
    guard count > 0 else {
      return output.isJSON ? output.json(preview) : output.line("No job fits; nothing was changed.")
    }
    guard try Self.isConfirmed(question(Self.jobs(count)), output) else {
      throw CommandFailure("Nothing was changed.")
    }
    let answer = try await call(false)
    output.isJSON ? output.json(answer) : output.line(done(Self.jobs(answer.number("count"))))
  }

  static func isConfirmed(_ question: String, _ output: Output) throws -> Bool {
    guard output.terminal.isInputTerminal else {
      throw CommandFailure(
        "\(question) There is no terminal to ask on. Repeat with --yes, or look first with --dry-run.",
        status: ExitStatus.usage)
    }
    Output.write("\(question) [y/N] ", to: STDERR_FILENO)
    let answer = readLine()?.trimmingCharacters(in: .whitespaces).lowercased()
    return answer == "y" || answer == "yes"
  }

  private static func jobs(_ count: Int) -> String { Count.text(count, "job") }
}
