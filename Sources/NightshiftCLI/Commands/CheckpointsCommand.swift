import ArgumentParser
import Foundation
import Nightshift

/// `nightshift checkpoints`
struct CheckpointsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoints", abstract: "List, show, ask and decide the questions that jobs ask people.",
    usage: "nightshift checkpoints [<subcommand>] [<options>]",
    subcommands: [
      CheckpointsList.self, CheckpointsShow.self, CheckpointsApprove.self, CheckpointsReject.self, CheckpointsAsk.self,
      GrantsCommand.self,
    ],
    defaultSubcommand: CheckpointsList.self)
}

extension CheckpointID: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

struct CheckpointsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List what waits for an answer.",
    usage: "nightshift checkpoints [list] [<options>]")

  @Option(
    help: ArgumentHelp("Those in this state: pending (default), approved, rejected, expired, noted, withdrawn, all."))
  var state: [String] = []

  @Option(help: ArgumentHelp("Those of this type: approval, info, error."))
  var type: [String] = []

  @Option(help: "Those of jobs of this kind.")
  var kind: [String] = []

  @Option(help: ArgumentHelp("Those of this job.", valueName: "id"))
  var job: JobID?

  @Option(help: ArgumentHelp("At most so many (default: 50).", valueName: "count"))
  var limit: Int?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    var query = state.map { ("state", $0) } + type.map { ("type", $0) } + kind.map { ("kind", $0) }
    if let job { query.append(("job", "\(job)")) }
    if let limit { query.append(("limit", "\(limit)")) }
    try await shared.withAPI { api, output in
      let answer = try await api.get("/api/checkpoints", query)
      if output.isJSON { return output.json(answer) }
      output.table(Self.table(answer.items("checkpoints"), now: Date()), whenEmpty: "Nothing waits for an answer.")
      if answer["next"] != nil { output.line("There are more: --limit shows up to 200.") }
    }
  }

  private static func table(_ checkpoints: [JSONValue], now: Date) -> Table {
    var table = Table([
      .text("ID"), .text("STATE"), .text("RISK").optional, .flexible("QUESTION"), .text("KIND").optional,
      .text("EXPIRES").optional,
    ])
    for checkpoint in checkpoints {
      let state = checkpoint.text("state")
      table.add([
        .init(checkpoint.text("id")), .init(state, CheckpointText.style(of: state)),
        .init(checkpoint.text("risk"), .dim), .init(checkpoint.text("title")), .init(checkpoint.text("kind")),
        .init(state == "pending" ? checkpoint.relative("expiresAt", now: now) : "", .dim),
      ])
    }
    return table
  }
}

struct CheckpointsShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show all that is known of questions.",
    usage: "nightshift checkpoints show <id> ... [<options>]")

  @Argument(help: ArgumentHelp("Ids of the checkpoints.", valueName: "id"))
  var ids: [CheckpointID]

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      var checkpoints: [JSONValue] = []
      for id in ids { checkpoints.append(try await api.get("/api/checkpoints/\(id)")) }
      if output.isJSON { return output.json(checkpoints.count == 1 ? checkpoints[0] : .array(checkpoints)) }
      for (place, checkpoint) in checkpoints.enumerated() {
        if place > 0 { output.line() }
        let text = CheckpointText(
          checkpoint: checkpoint, isColored: output.terminal.colorsOutput, width: output.terminal.width)
        for line in text.lines() { output.line(line) }
      }
    }
  }
}

struct CheckpointsApprove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Say yes: the job goes on.",
    usage: "nightshift checkpoints approve <id> ... [<options>]")

  @Argument(help: ArgumentHelp("Ids of the checkpoints.", valueName: "id"))
  var ids: [CheckpointID]

  @Option(help: "What you say to it; it is kept with the decision.")
  var comment: String?

  @Option(help: ArgumentHelp("The data as you approve them: JSON, @FILE, or - for standard input.", valueName: "json"))
  var edit: String?

  @Option(help: "What is to be done, where the question offers choices.")
  var choice: String?

  @Option(
    help: ArgumentHelp(
      "Approve the same again without asking: job, arguments (this kind with the same data), kind.",
      valueName: "scope"))
  var remember: String?

  @Option(help: ArgumentHelp("For how long it is remembered, such as 8h.", valueName: "duration"))
  var `for`: DurationArgument?

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard edit == nil || ids.count == 1 else { throw ValidationError("--edit changes one question. Name its id.") }
    guard `for` == nil || remember != nil else { throw ValidationError("--for belongs to --remember SCOPE.") }
  }

  func run() async throws {
    var body: [String: JSONValue] = [:]
    body["comment"] = comment.map(JSONValue.string)
    body["choice"] = choice.map(JSONValue.string)
    if let edit { body["data"] = try PayloadArgument.read(edit, as: "--edit") }
    if let remember {
      var fields: [String: JSONValue] = ["scope": .string(remember)]
      fields["for"] = self.for.map { .string($0.duration.text) }
      body["remember"] = .object(fields)
    }
    try await decide(ids, "approve", .object(body), shared)
  }
}

struct CheckpointsReject: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reject", abstract: "Say no: the job is cancelled, unless it sees to it.",
    usage: "nightshift checkpoints reject <id> ... [<options>]")

  @Argument(help: ArgumentHelp("Ids of the checkpoints.", valueName: "id"))
  var ids: [CheckpointID]

  @Option(help: "Why; it is kept with the decision, and is the reason of the job's end.")
  var comment: String?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let body: [String: JSONValue] = comment.map { ["comment": .string($0)] } ?? [:]
    try await decide(ids, "reject", .object(body), shared)
  }
}

private func decide(_ ids: [CheckpointID], _ verb: String, _ body: JSONValue, _ shared: SharedOptions) async throws {
  try await shared.withAPI { api, output in
    try await EachID(api, output).run(ids) { api, id in
      let answer = try await api.post("/api/checkpoints/\(id)/\(verb)", body)
      return (answer, CheckpointText.outcome(answer))
    }
  }
}
