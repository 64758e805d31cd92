import ArgumentParser
import Nightshift

struct KindsPause: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Start no more jobs of a kind, in whatever queue; what runs goes on.",
    usage: "nightshift kinds pause <kind> ... [<options>]")

  @Argument(help: ArgumentHelp("Their names; `nightshift kinds` lists them.", valueName: "kind"))
  var kinds: [String]

  @Option(name: .customLong("for"), help: ArgumentHelp("End it after this time, such as 1h.", valueName: "duration"))
  var length: DurationArgument?

  @Option(help: ArgumentHelp("End it at this moment, such as 2026-12-01T08:00:00Z.", valueName: "moment"))
  var until: MomentArgument?

  @Option(help: ArgumentHelp("What it is for; shown with each job that waits.", valueName: "text"))
  var reason: String?

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard length == nil || until == nil else { throw ValidationError("Use --for or --until, not both.") }
  }

  func run() async throws {
    var body: [String: JSONValue] = [:]
    body["for"] = length.map { .string($0.duration.text) }
    body["until"] = until.map { .string($0.text) }
    body["reason"] = reason.map { .string($0) }
    try await shared.withAPI { api, output in
      for kind in kinds {
        let answer = try await api.post("/api/kinds/\(APIRequest.escape(kind))/pause", .object(body))
        if output.isJSON { output.json(answer) } else { output.line(Self.line(kind, answer)) }
      }
    }
  }

  private static func line(_ kind: String, _ answer: JSONValue) -> String {
    "Kind \(kind) is paused\(PauseText.until(answer)); what runs goes on."
  }
}

struct KindsResume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "End a pause: the kind's jobs are started again.",
    usage: "nightshift kinds resume <kind> ... [<options>]")

  @Argument(help: ArgumentHelp("Their names; `nightshift kinds` lists them.", valueName: "kind"))
  var kinds: [String]

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      for kind in kinds {
        let answer = try await api.post("/api/kinds/\(APIRequest.escape(kind))/resume")
        if output.isJSON { output.json(answer) } else { output.line("Kind \(kind) is open.") }
      }
    }
  }
}
