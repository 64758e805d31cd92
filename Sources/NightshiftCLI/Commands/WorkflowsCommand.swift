import ArgumentParser
import Foundation
import Nightshift

/// `nightshift workflows`: alone it lists.
struct WorkflowsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workflows", abstract: "List, start, show and cancel workflows: jobs that wait for each other.",
    usage: "nightshift workflows [<subcommand>] [<options>]",
    subcommands: [WorkflowsList.self, WorkflowsStart.self, WorkflowsShow.self, WorkflowsCancel.self],
    defaultSubcommand: WorkflowsList.self)
}

struct WorkflowsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List workflows, the newest first.",
    usage: "nightshift workflows [list] [<options>]")

  @Option(help: "How many to list.")
  var limit = 20

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard (1...200).contains(limit) else { throw ValidationError("--limit is \(limit). Use 1 to 200.") }
  }

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.get("/api/workflows", [("limit", "\(limit)")])
      if output.isJSON { return output.json(answer) }
      let now = Date()
      var table = Table([
        .text("ID"), .flexible("NAME"), .text("STATE"), .flexible("JOBS"), .text("CREATED").optional,
        .flexible("BY").optional,
      ])
      for workflow in answer.items("workflows") {
        table.add([
          .init(workflow.text("id")), .init(workflow.text("name")), WorkflowText.state(workflow),
          .init(WorkflowText.counts(workflow)), .init(workflow.relative("createdAt", now: now), .dim),
          .init(workflow.text("createdBy"), .dim),
        ])
      }
      output.table(table, whenEmpty: "There are no workflows yet.")
      if answer["next"]?.stringValue != nil, output.terminal.isOutputTerminal {
        output.note("There are more: --limit shows more of them.")
      }
    }
  }
}

struct WorkflowsShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Draw a workflow: its jobs, what waits for what, and where each stands.",
    usage: "nightshift workflows show <id> [<options>]")

  @Argument(help: ArgumentHelp("The workflow's id.", valueName: "id"))
  var id: WorkflowID

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let workflow = try await api.get("/api/workflows/\(id)")
      if output.isJSON { return output.json(workflow) }
      let text = WorkflowText(workflow: workflow, terminal: output.terminal)
      for line in text.lines() { output.line(line) }
      output.line()
      output.table(text.table(), whenEmpty: "")
    }
  }
}

struct WorkflowsCancel: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "Cancel all jobs of a workflow that have not ended.",
    usage: "nightshift workflows cancel <id> ... [<options>]")

  @Argument(help: ArgumentHelp("Ids of workflows.", valueName: "id"))
  var ids: [WorkflowID]

  @Option(help: "Why, for whoever looks at the jobs later.")
  var reason: String?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let body: JSONValue = .object(reason.map { ["reason": .string($0)] } ?? [:])
      try await EachID(api, output).run(ids) { api, id in
        let answer = try await api.post("/api/workflows/\(id)/cancel", body)
        return (answer, "Cancelled \(Count.text(answer.number("count"), "job")) of \(id).")
      }
    }
  }
}
