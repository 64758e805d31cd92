import ArgumentParser
import Foundation
import HTTPTypes
import Nightshift

/// `nightshift checkpoints grants`
struct GrantsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grants", abstract: "List and revoke answers that were given beforehand, with --remember.",
    usage: "nightshift checkpoints grants [<subcommand>] [<options>]",
    subcommands: [GrantsList.self, GrantsRevoke.self], defaultSubcommand: GrantsList.self)
}

extension GrantID: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

struct GrantsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List what is approved without asking.",
    usage: "nightshift checkpoints grants [list] [<options>]")

  @Option(help: ArgumentHelp("At most so many (default: 50).", valueName: "count"))
  var limit: Int?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.get("/api/grants", limit.map { [("limit", "\($0)")] } ?? [])
      if output.isJSON { return output.json(answer) }
      let now = Date()
      var table = Table([
        .text("ID"), .flexible("QUESTION"), .flexible("KIND"), .text("SCOPE"), .text("BY").optional,
        .text("ENDS").optional, .text("RISK").optional,
      ])
      for grant in answer.items("grants") {
        let scope = grant.text("scope")
        table.add([
          .init(grant.text("id")), .init(grant.text("key")), .init(grant.text("kind")),
          .init(scope == "job" ? grant.text("job") : scope), .init(grant.text("by")),
          .init(grant["expiresAt"] == nil ? "never" : grant.relative("expiresAt", now: now), .dim),
          .init(grant.text("risk"), .dim),
        ])
      }
      output.table(table, whenEmpty: "Nothing is approved without asking.")
      if answer["next"] != nil { output.note("There are more: --limit shows up to 200.") }
    }
  }
}

struct GrantsRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Have people asked again.",
    usage: "nightshift checkpoints grants revoke <id> ... [<options>]")

  @Argument(help: ArgumentHelp("Ids of grants.", valueName: "id"))
  var ids: [GrantID]

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      try await EachID(api, output).run(ids) { api, id in
        _ = try await api.call(APIRequest(method: .delete, path: "/api/grants/\(id)"))
        return (["id": .string("\(id)"), "revoked": true], "Revoked \(id): people are asked again.")
      }
    }
  }
}
