import ArgumentParser
import Foundation
import Logging
import Nightshift
import NightshiftJobs
import NightshiftSQLite

/// `nightshift run`
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run one job now, in the foreground.",
    usage: "nightshift run <kind> [<json>] [<options>]",
    discussion: """
      The job is stored like any other, and run by this process: its log and progress go to standard error, its \
      result to standard output. One attempt is made. The exit status is the outcome: 0 completed, 1 dead, \
      2 cancelled, 3 to be run again (a failure with attempts left, or a snooze; a worker takes it from there).
      """)

  @Argument(help: "The kind of job; `nightshift kinds` lists them.")
  var kind: String

  @Argument(help: ArgumentHelp("The payload: JSON, @FILE, or - for standard input.", valueName: "json"))
  var payload: String = "{}"

  @Option(help: ArgumentHelp("Folder of the script jobs (default: ./jobs).", valueName: "dir"))
  var jobs: String?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let settings = try shared.settings(jobs.map { [.jobs: ("--jobs", $0)] } ?? [:])
    let output = shared.output
    let logger = LogSetup.start(settings, terminal: output.terminal, quietLevel: .warning)
    try DataFolder(path: settings.required(.data)).prepare()
    let payload = try PayloadArgument.read(payload)
    guard let kind = JobKind(rawValue: kind) else {
      throw CommandFailure(
        "\"\(kind)\" is no kind of job: use a–z, 0–9, '.', '_' and '-'. `nightshift kinds` lists those there are.",
        status: ExitStatus.usage)
    }
    let run = ForegroundRun(settings: settings, output: output, logger: logger)
    let status = try await run.run(JobDraft(kind: kind, payload: payload.serialized()))
    if status != ExitStatus.success { throw ExitCode(status) }
  }
}
