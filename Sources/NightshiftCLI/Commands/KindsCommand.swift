import ArgumentParser
import Nightshift

/// `nightshift kinds`
struct KindsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kinds", abstract: "List the kinds of jobs.",
    usage: "nightshift kinds [<subcommand>] [<options>]", subcommands: [KindsList.self],
    defaultSubcommand: KindsList.self)
}

struct KindsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the kinds of jobs that workers have registered.",
    usage: "nightshift kinds [list] [<options>]")

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.get("/api/kinds")
      if output.isJSON { return output.json(answer) }
      var table = Table([
        .text("KIND"), .text("QUEUE"), .text("PRIORITY").optional, .number("ATTEMPTS").optional,
        .text("TIMEOUT").optional, .number("WORKERS").optional, .flexible("SOURCE").optional, .flexible("DESCRIPTION"),
      ])
      for kind in answer.items("kinds") {
        let workers = kind.number("workers")
        table.add([
          .init(kind.text("kind")), .init(kind.text("queue"), .dim), .init(kind.text("priority"), .dim),
          .init("\(kind.number("maxAttempts"))"), .init(kind.text("timeout"), .dim),
          .init("\(workers)", workers == 0 ? .yellow : .plain), .init(kind.text("source"), .dim),
          .init(kind.text("description")),
        ])
      }
      output.table(table, whenEmpty: "No worker has registered a kind yet. Start one: nightshift serve")
    }
  }
}
