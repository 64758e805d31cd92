import ArgumentParser
import Foundation
import Nightshift

/// `nightshift pause`
struct PauseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Start no more jobs at all; what runs goes on.",
    usage: "nightshift pause [<options>]",
    discussion: """
      Jobs are still taken in, and schedules fire; nothing is started, on no machine, until `nightshift resume` or the \
      given end. `nightshift queues pause` pauses one queue.
      """)

  @OptionGroup var pause: PauseOptions
  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.post("/api/pause", pause.body)
      if output.isJSON { return output.json(answer) }
      output.line("Everything is paused\(PauseText.until(answer)); what runs goes on.")
    }
  }
}

/// `nightshift resume`
struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "End the pause of everything.",
    usage: "nightshift resume [<options>]",
    discussion: "Queues that were paused on their own stay so: `nightshift queues resume`.")

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.post("/api/resume")
      if output.isJSON { return output.json(answer) }
      output.line("Jobs are started again.")
    }
  }
}

/// When a pause ends, and what it is for.
struct PauseOptions: ParsableArguments {
  @Option(name: .customLong("for"), help: ArgumentHelp("End it after this time, such as 1h.", valueName: "duration"))
  var length: DurationArgument?

  @Option(help: ArgumentHelp("End it at this moment, such as 2026-12-01T08:00:00Z.", valueName: "moment"))
  var until: MomentArgument?

  @Option(help: ArgumentHelp("What it is for; shown with each job that waits.", valueName: "text"))
  var reason: String?

  func validate() throws {
    guard length == nil || until == nil else { throw ValidationError("Use --for or --until, not both.") }
  }

  var body: JSONValue {
    .fields([
      "for": length.map { .string($0.duration.text) }, "until": until.map { .string($0.text) },
      "reason": reason.map { .string($0) },
    ])
  }
}
