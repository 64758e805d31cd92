import ArgumentParser
import Foundation
import HTTPTypes
import Nightshift

/// `nightshift breakers`
struct BreakersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "breakers", abstract: "List, set, reset and remove circuit breakers.",
    usage: "nightshift breakers [<subcommand>] [<options>]",
    subcommands: [BreakersList.self, BreakersShow.self, BreakersSet.self, BreakersReset.self, BreakersRemove.self],
    defaultSubcommand: BreakersList.self)

  static func path(_ name: String) -> String { "/api/breakers/\(APIRequest.escape(name))" }
}

struct BreakersList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List circuit breakers and how they stand.",
    usage: "nightshift breakers [list] [<options>]")

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.get("/api/breakers")
      if output.isJSON { return output.json(answer) }
      output.table(
        Self.table(answer.items("breakers")),
        whenEmpty: "There are no circuit breakers yet. Set one: nightshift breakers set")
    }
  }

  static func table(_ breakers: [JSONValue]) -> Table {
    var table = Table([
      .flexible("BREAKER"), .text("IS"), .number("CALLS"), .number("FAILED"), .number("HELD"), .flexible("KINDS"),
    ])
    for breaker in breakers {
      let (failed, held) = (breaker.number("failed"), breaker.number("held"))
      let phase = breaker.text("phase")
      table.add([
        .init(breaker.text("name")),
        .init(BreakerText(breaker: breaker).phase, phase == "closed" ? .dim : .yellow),
        .init("\(breaker.number("succeeded") + failed)"), .init("\(failed)"),
        .init(LimitText.held(held), held == 0 ? .dim : .yellow),
        .init(breaker.texts("kinds").joined(separator: ", "), .dim),
      ])
    }
    return table
  }
}

struct BreakersShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a circuit breaker.", usage: "nightshift breakers show <name> [<options>]")

  @Argument(help: "Its name; `nightshift breakers` lists them.")
  var name: String

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let breaker = try await api.get(BreakersCommand.path(name))
      if output.isJSON { return output.json(breaker) }
      let text = BreakerText(breaker: breaker)
      for line in text.lines(width: output.terminal.width, isColored: output.terminal.colorsOutput) {
        output.line(line)
      }
    }
  }
}

struct BreakersSet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Set a circuit breaker, in place of the one with the same name if there is one.",
    usage: "nightshift breakers set <name> [<options>]",
    discussion: """
      It watches how the attempts of its kinds end, and the calls that handlers make by its name. While it is open the \
      jobs of those kinds are on hold and use up no attempts. A new one begins closed; one that is set anew stays as \
      it stands.
      """)

  @Argument(help: "Its name: a–z, 0–9, '.', '_' and '-'.")
  var name: String

  @Option(
    name: .customLong("kind"), parsing: .singleValue,
    help: ArgumentHelp("A kind whose attempts count; may be repeated.", valueName: "kind"))
  var kinds: [String] = []

  @Option(
    help: ArgumentHelp(
      "Open when so large a part of the calls has failed, such as 0.5 or 50%. (default: 0.5)", valueName: "share"))
  var failureShare: ShareArgument?

  @Option(help: ArgumentHelp("Do not open on fewer calls. (default: 10)", valueName: "count"))
  var minimumCalls: Int?

  @Option(help: ArgumentHelp("For how long a call counts. (default: 1m)", valueName: "duration"))
  var window: String?

  @Option(help: ArgumentHelp("For how long it stays open the first time. (default: 30s)", valueName: "duration"))
  var openFor: String?

  @Option(help: ArgumentHelp("How many jobs find out whether it works again. (default: 1)", valueName: "count"))
  var probes: Int?

  @OptionGroup var shared: SharedOptions

  private var body: JSONValue {
    var fields: [String: JSONValue] = [:]
    if !kinds.isEmpty { fields["kinds"] = .array(kinds.map { .string($0) }) }
    fields["failureShare"] = failureShare.map { .number($0.share) }
    fields["minimumCalls"] = minimumCalls.map { .integer(Int64($0)) }
    fields["window"] = window.map { .string($0) }
    fields["openFor"] = openFor.map { .string($0) }
    fields["probes"] = probes.map { .integer(Int64($0)) }
    return .object(fields)
  }

  func run() async throws {
    try await shared.withAPI { api, output in
      let breaker = try await api.call(APIRequest(method: .put, path: BreakersCommand.path(name), body: body))
      if output.isJSON { output.json(breaker) } else { output.line(BreakerText(breaker: breaker).line) }
      output.warnings(of: breaker)
    }
  }
}

struct BreakersReset: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset", abstract: "Close circuit breakers; what they have kept back goes on.",
    usage: "nightshift breakers reset <name> ... [<options>]")

  @Argument(help: ArgumentHelp("Their names; `nightshift breakers` lists them.", valueName: "name"))
  var names: [String]

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      for name in names {
        let breaker = try await api.call(APIRequest(method: .post, path: BreakersCommand.path(name) + "/reset"))
        if output.isJSON { output.json(breaker) } else { output.line("Circuit breaker \(name) is closed.") }
      }
    }
  }
}

struct BreakersRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "End circuit breakers; what they have kept back goes on.",
    usage: "nightshift breakers remove <name> ... [<options>]")

  @Argument(help: ArgumentHelp("Their names; `nightshift breakers` lists them.", valueName: "name"))
  var names: [String]

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      for name in names {
        _ = try await api.call(APIRequest(method: .delete, path: BreakersCommand.path(name)))
        if output.isJSON {
          output.json(["name": .string(name), "removed": true])
        } else {
          output.line("Circuit breaker \(name) is removed; what it kept back goes on.")
        }
      }
    }
  }
}
