import ArgumentParser
import Foundation
import Nightshift

/// `nightshift operations`
struct OperationsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "operations", abstract: "Follow and stop what is done to many jobs in the background.",
    usage: "nightshift operations [<subcommand>] [<options>]",
    discussion: """
      The console begins one for each action on the jobs that a filter finds, and `nightshift dead-letters` for a group. \
      `nightshift jobs cancel`, `retry` and `discard` need none: they return once all is done.
      """,
    subcommands: [OperationsList.self, OperationsShow.self, OperationsAbort.self],
    defaultSubcommand: OperationsList.self)
}

extension OperationID: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

struct OperationsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List operations, the newest first.",
    usage: "nightshift operations [list] [<options>]")

  @Option(help: ArgumentHelp("At most so many (default: 50).", valueName: "count"))
  var limit: Int?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.get("/api/operations", limit.map { [("limit", "\($0)")] } ?? [])
      if output.isJSON { return output.json(answer) }
      let now = Date()
      var table = Table([
        .text("ID"), .text("VERB"), .text("STATE"), .number("CHANGED"), .number("LOOKED AT"), .text("BEGAN"),
        .flexible("BY").optional,
      ])
      for operation in answer.items("operations") {
        table.add([
          .init(operation.text("id")), .init(operation.text("verb")), OperationText.state(operation),
          .init("\(operation.number("changed"))"),
          .init("\(operation.number("lookedAt"))/\(operation.number("total"))"),
          .init(operation.relative("createdAt", now: now), .dim), .init(operation.text("by"), .dim),
        ])
      }
      output.table(table, whenEmpty: "Nothing has been done to many jobs at once.")
      if answer["next"] != nil { output.note("There are more: --limit shows up to 200.") }
    }
  }
}

struct OperationsShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show how far an operation is.", usage: "nightshift operations show <id> [<options>]"
  )

  @Argument(help: "`nightshift operations` lists them.")
  var id: OperationID

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let operation = try await api.get("/api/operations/\(id)")
      if output.isJSON { return output.json(operation) }
      for line in OperationText(operation, output).lines(now: Date()) { output.line(line) }
    }
  }
}

struct OperationsAbort: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "abort", abstract: "Stop an operation; what it has changed stays changed.",
    usage: "nightshift operations abort <id> ... [<options>]")

  @Argument(help: "`nightshift operations` lists them.")
  var ids: [OperationID]

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      try await EachID(api, output).run(ids) { api, id in
        let operation = try await api.post("/api/operations/\(id)/abort")
        let jobs = Count.text(operation.number("changed"), "job")
        return (operation, "Stopped \(id): \(jobs) had been changed.")
      }
    }
  }
}

/// An operation in words.
private struct OperationText {
  private let operation: JSONValue
  private let fields: FieldLines

  init(_ operation: JSONValue, _ output: Output) {
    self.operation = operation
    fields = FieldLines(nameWidth: 11, width: output.terminal.width, isColored: output.terminal.colorsOutput)
  }

  func lines(now: Date) -> [String] {
    let (looked, total) = (operation.number("lookedAt"), operation.number("total"))
    return ["\(operation.text("id"))  \(operation.text("verb"))"]
      + fields.text("state", operation.text("state"), Self.style(operation))
      + fields.text("jobs", "\(operation.number("changed")) changed, \(looked) of \(max(looked, total)) looked at")
      + fields.json("of", operation["of"] ?? .null)
      + fields.text("reason", operation.text("reason"))
      + fields.text("began", "\(operation.relative("createdAt", now: now)), by \(operation.text("by"))")
      + fields.text("ended", ended(now))
      + fields.text("error", operation.text("error"), .red)
  }

  private func ended(_ now: Date) -> String {
    guard operation["endedAt"] != nil else { return "" }
    let by = operation.text("endedBy")
    return operation.relative("endedAt", now: now) + (by.isEmpty ? "" : ", by \(by)")
  }

  static func state(_ operation: JSONValue) -> Table.Cell { .init(operation.text("state"), style(operation)) }

  private static func style(_ operation: JSONValue) -> Style {
    switch operation.text("state") {
    case "completed": .green
    case "running": .yellow
    default: .red
    }
  }
}
