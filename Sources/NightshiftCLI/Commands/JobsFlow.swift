import ArgumentParser
import Nightshift

struct JobsSignal: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "signal", abstract: "Send a signal to a job; it is kept until the job waits for it.",
    usage: "nightshift jobs signal <id> <name> [<json>] [<options>]")

  @Argument(help: "The job.")
  var id: JobID

  @Argument(help: "The signal's name.")
  var name: String

  @Argument(help: ArgumentHelp("What goes with it: JSON, @FILE, or - for standard input.", valueName: "json"))
  var payload: String?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let body: JSONValue = try payload.map { ["payload": try PayloadArgument.read($0)] } ?? [:]
    try await shared.withAPI { api, output in
      let answer = try await api.post("/api/jobs/\(id)/signals/\(APIRequest.escape(name))", body)
      if output.isJSON { output.json(answer) } else { output.line("Sent \(name) to \(id).") }
    }
  }
}

struct JobsFork: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fork", abstract: "Make a new job of an old one, from one of its steps on.",
    usage: "nightshift jobs fork <id> [--step <name>] [<options>]")

  @Argument(help: "The job that stays as it is.")
  var id: JobID

  @Option(help: "The step from which on everything is done anew; without it, all is.")
  var step: String?

  @Option(help: ArgumentHelp("What that step is to have resulted in: JSON, @FILE or -.", valueName: "json"))
  var result: String?

  @Option(help: ArgumentHelp("Another payload: JSON, @FILE, or - for standard input.", valueName: "json"))
  var payload: String?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    var body: [String: JSONValue] = [:]
    body["step"] = step.map(JSONValue.string)
    if let result { body["result"] = try PayloadArgument.read(result, as: "--result") }
    if let payload { body["payload"] = try PayloadArgument.read(payload) }
    try await shared.withAPI { api, output in
      let answer = try await api.post("/api/jobs/\(id)/fork", .object(body))
      if output.isJSON { output.json(answer) } else { output.line("Forked \(id): \(answer.text("id")).") }
    }
  }
}
