import ArgumentParser
import HTTPTypes
import Nightshift

/// `nightshift dead-letters`
struct DeadLettersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dead-letters", abstract: "List dead jobs by what they died of, and deal with all of a group.",
    usage: "nightshift dead-letters [<subcommand>] [<options>]",
    subcommands: [DeadLettersList.self, DeadLettersRetry.self, DeadLettersDiscard.self, DeadLettersIgnore.self],
    defaultSubcommand: DeadLettersList.self)

  static func path(_ fingerprint: String, _ verb: String = "") -> String {
    "/api/dead-letters/\(APIRequest.escape(fingerprint))\(verb)"
  }

  /// Begins what is done to all of a group, and says where it can be followed.
  static func begin(_ verb: String, _ fingerprint: String, _ shared: SharedOptions) async throws {
    try await shared.withAPI { api, output in
      let operation = try await api.call(APIRequest(method: .post, path: path(fingerprint, "/\(verb)")))
      if output.isJSON { return output.json(operation) }
      let id = operation.text("id")
      let changed = Count.text(operation.number("changed"), "job was", "jobs were")
      output.line(
        operation.text("state") == "running"
          ? "\(id) has begun; it goes on in the background: nightshift operations show \(id)"
          : "\(id) is done: \(changed) changed.")
    }
  }
}

struct DeadLettersList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List groups of dead jobs, those that grew last first.",
    usage: "nightshift dead-letters [list] [<options>]")

  @Flag(help: "Those that are ignored, in place of the others.")
  var ignored = false

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.get("/api/dead-letters\(ignored ? "?ignored=true" : "")")
      if output.isJSON { return output.json(answer) }
      output.table(
        Self.table(answer.items("groups")),
        whenEmpty: ignored ? "No group is ignored." : "No job is dead, or all that are, are ignored.")
    }
  }

  static func table(_ groups: [JSONValue]) -> Table {
    var table = Table([.text("GROUP"), .number("JOBS"), .text("KIND"), .flexible("DIED OF"), .text("EXAMPLE")])
    for group in groups {
      let isExact = group["isExact"]?.boolValue ?? true
      table.add([
        .init(group.text("fingerprint")), .init("\(group.number("count"))\(isExact ? "" : "+")", .red),
        .init(group.text("kind")), .init(group.text("message"), .dim), .init(group.text("example")),
      ])
    }
    return table
  }
}

struct DeadLettersRetry: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Run all jobs of a group again.",
    usage: "nightshift dead-letters retry <group> [<options>]")

  @Argument(help: "`nightshift dead-letters` lists them.")
  var group: String

  @OptionGroup var shared: SharedOptions

  func run() async throws { try await DeadLettersCommand.begin("retry", group, shared) }
}

struct DeadLettersDiscard: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "discard", abstract: "Delete all jobs of a group, with their logs and files.",
    usage: "nightshift dead-letters discard <group> [<options>]")

  @Argument(help: "`nightshift dead-letters` lists them.")
  var group: String

  @Flag(name: .shortAndLong, help: "Do not ask.")
  var yes = false

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    if !yes {
      try await shared.withAPI { api, output in
        let found = try await api.get(DeadLettersCommand.path(group))
        guard try ConfirmationOptions.isConfirmed("Delete \(found.number("count")) dead jobs for good?", output) else {
          throw CommandFailure("Nothing was changed.")
        }
      }
    }
    try await DeadLettersCommand.begin("discard", group, shared)
  }
}

struct DeadLettersIgnore: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ignore", abstract: "Leave a group out of the list, or list it again.",
    usage: "nightshift dead-letters ignore <group> [<options>]")

  @Argument(help: "`nightshift dead-letters` lists them.")
  var group: String

  @Option(help: "Why nobody has to look at them.")
  var reason: String?

  @Flag(help: "List it again.")
  var end = false

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard end != (reason != nil) else { throw ValidationError("Say --reason, or --end to list the group again.") }
  }

  func run() async throws {
    try await shared.withAPI { api, output in
      let path = DeadLettersCommand.path(group, "/ignore")
      if end {
        _ = try await api.call(APIRequest(method: .delete, path: path))
        return output.isJSON
          ? output.json(["fingerprint": .string(group), "ignored": .null]) : output.line("It is listed again.")
      }
      let body: JSONValue = ["reason": .string(reason ?? "")]
      let answer = try await api.call(APIRequest(method: .post, path: path, body: body))
      output.isJSON ? output.json(answer) : output.line("It is ignored from now on.")
    }
  }
}
