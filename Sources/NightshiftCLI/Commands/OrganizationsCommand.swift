import ArgumentParser
import Foundation
import HTTPTypes
import Nightshift

/// `nightshift organizations`
struct OrganizationsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "organizations", abstract: "Add, list and remove those whose work is kept apart.",
    usage: "nightshift organizations [<subcommand>] [<options>]",
    subcommands: [OrganizationsAdd.self, OrganizationsList.self, OrganizationsRemove.self],
    defaultSubcommand: OrganizationsList.self)
}

struct OrganizationsAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Add an organization.", usage: "nightshift organizations add <name> [<options>]")

  @Argument(help: "Its name: a–z, 0–9, '.', '_' and '-'.")
  var name: String

  @Option(help: ArgumentHelp("Its full name.", valueName: "text"))
  var title: String?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      var body: [String: JSONValue] = ["name": .string(name)]
      body["title"] = title.map { .string($0) }
      let answer = try await api.post("/api/organizations", .object(body))
      if output.isJSON { return output.json(answer) }
      output.line("Organization \(name) is added.")
    }
  }
}

struct OrganizationsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List organizations.", usage: "nightshift organizations [list] [<options>]")

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.get("/api/organizations")
      if output.isJSON { return output.json(answer) }
      var table = Table([.text("NAME"), .flexible("FULL NAME"), .text("USERS")])
      for organization in answer.items("organizations") {
        table.add([
          .init(organization.text("name")), .init(organization["title"]?.stringValue ?? "", .dim),
          .init("\(organization["users"]?.intValue ?? 0)"),
        ])
      }
      output.table(table, whenEmpty: "There are no organizations: everybody sees the jobs of all.")
    }
  }
}

struct OrganizationsRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove organizations that have no users, tokens or jobs any more.",
    usage: "nightshift organizations remove <name> ... [<options>]")

  @Argument(help: ArgumentHelp("The organizations.", valueName: "name"))
  var names: [String]

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      for name in names {
        _ = try await api.call(APIRequest(method: .delete, path: "/api/organizations/\(APIRequest.escape(name))"))
        if output.isJSON {
          output.json(["organization": .string(name), "removed": true])
        } else {
          output.line("Organization \(name) is removed.")
        }
      }
    }
  }
}
