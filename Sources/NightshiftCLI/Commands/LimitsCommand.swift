import ArgumentParser
import Foundation
import Nightshift

/// `nightshift limits`
struct LimitsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "limits", abstract: "List, set and remove what limits how many jobs run, and how often.",
    usage: "nightshift limits [<subcommand>] [<options>]",
    subcommands: [LimitsList.self, LimitsShow.self, LimitsSet.self, LimitsRemove.self],
    defaultSubcommand: LimitsList.self)

  static func path(_ name: String) -> String { "/api/limits/\(APIRequest.escape(name))" }
}

struct LimitsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List limits and how much they are used.",
    usage: "nightshift limits [list] [<options>]")

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.get("/api/limits")
      if output.isJSON { return output.json(answer) }
      output.table(
        Self.table(answer.items("limits")), whenEmpty: "There are no limits yet. Set one: nightshift limits set")
    }
  }

  static func table(_ limits: [JSONValue]) -> Table {
    var table = Table([
      .flexible("LIMIT"), .wrapping("LETS RUN"), .number("RUNNING"), .number("HELD"), .flexible("FOR EACH"),
      .flexible("COVERS"),
    ])
    for limit in limits {
      let (text, held) = (LimitText(limit: limit), limit.number("held"))
      table.add([
        .init(limit.text("name")), .init(text.allows), .init("\(limit.number("running"))"),
        .init(LimitText.held(held), held == 0 ? .dim : .yellow), .init(text.key, .dim), .init(text.covers, .dim),
      ])
    }
    return table
  }
}

struct LimitsShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a limit and the values of its key that use it most.",
    usage: "nightshift limits show <name> [<options>]")

  @Argument(help: "Its name; `nightshift limits` lists them.")
  var name: String

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let limit = try await api.get(LimitsCommand.path(name))
      if output.isJSON { return output.json(limit) }
      let text = LimitText(limit: limit)
      for line in text.lines(width: output.terminal.width, isColored: output.terminal.colorsOutput) {
        output.line(line)
      }
      let keys = limit.items("keys")
      guard !keys.isEmpty else { return }
      output.line()
      output.table(Self.table(keys), whenEmpty: "")
      if let rest = text.keysNotShown { output.note(rest) }
    }
  }

  private static func table(_ keys: [JSONValue]) -> Table {
    var table = Table([.flexible("KEY"), .number("RUNNING"), .number("HELD")])
    for use in keys {
      let (key, held) = (use.text("key"), use.number("held"))
      table.add([
        key.isEmpty ? .init("(none)", .dim) : .init(key), .init("\(use.number("running"))"),
        .init(LimitText.held(held), held == 0 ? .dim : .yellow),
      ])
    }
    return table
  }
}
