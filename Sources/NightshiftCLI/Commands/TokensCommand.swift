import ArgumentParser
import Foundation
import HTTPTypes
import Nightshift

/// `nightshift tokens`
struct TokensCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokens", abstract: "Create, list and revoke the API's tokens.",
    subcommands: [TokensCreate.self, TokensList.self, TokensRevoke.self], defaultSubcommand: TokensList.self)
}

struct TokensCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Create a token. Its secret is shown this once.")

  @Argument(help: "What it is for.")
  var name: String

  @Option(
    help: "viewer, member, approver, operator or admin.", completion: .list(Role.allCases.map(\.rawValue)))
  var role: Role = .operator

  @Option(help: ArgumentHelp("Ends after this time, such as 90d.", valueName: "duration"))
  var expires: DurationArgument?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      var body: [String: JSONValue] = ["name": .string(name), "role": .string(role.rawValue)]
      if let expires { body["expiresIn"] = .string(expires.duration.text) }
      let answer = try await api.post("/api/tokens", .object(body))
      if output.isJSON { return output.json(answer) }
      output.line(answer.text("secret"))
      output.note(
        "Keep it safe: it is not shown again. Revoke it with: nightshift tokens revoke \(answer.text("id"))")
    }
  }
}

struct TokensList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List tokens, without their secrets.")

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.get("/api/tokens")
      if output.isJSON { return output.json(answer) }
      let now = Date()
      var table = Table([
        .text("ID"), .flexible("NAME"), .text("ROLE"), .text("STATUS"), .text("CREATED"), .flexible("BY"),
        .text("LAST USED"),
      ])
      for token in answer.items("tokens") {
        table.add([
          .init(token.text("id")), .init(token.text("name")), .init(token.text("role")),
          Self.status(token, now),
          .init(token.relative("createdAt", now: now), .dim), .init(token.text("createdBy"), .dim),
          .init(token.relative("lastUsedAt", now: now), .dim),
        ])
      }
      output.table(table, whenEmpty: "There are no tokens yet.")
    }
  }

  private static func status(_ token: JSONValue, _ now: Date) -> Table.Cell {
    if token["revokedAt"] != nil { return .init("revoked", .dim) }
    guard let end = token.moment("expiresAt") else { return .init("valid", .green) }
    return end <= now ? .init("expired", .dim) : .init("ends \(RelativeTime.text(end, now: now))", .green)
  }
}

struct TokensRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "End tokens, for ever and at once.")

  @Argument(help: ArgumentHelp("Their ids or names.", valueName: "token"))
  var tokens: [String]

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      for token in tokens {
        let path = "/api/tokens/\(APIRequest.escape(token))"
        _ = try await api.call(APIRequest(method: .delete, path: path))
        if output.isJSON {
          output.json(["token": .string(token), "revoked": true])
        } else {
          output.line("Token \(token) is revoked.")
        }
      }
    }
  }
}
