import ArgumentParser
import Foundation
import HTTPTypes
import Nightshift

/// `nightshift tokens`
struct TokensCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokens", abstract: "Create, list and revoke the API's tokens.",
    usage: "nightshift tokens [<subcommand>] [<options>]",
    subcommands: [TokensCreate.self, TokensList.self, TokensRevoke.self], defaultSubcommand: TokensList.self)
}

struct TokensCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Create a token. Its secret is shown this once.",
    usage: "nightshift tokens create <name> [<options>]")

  @Argument(help: "What it is for.")
  var name: String

  @Option(
    help: "What it may do; each role may also do what the ones before it may.",
    completion: .list(Role.allCases.map(\.rawValue)))
  var role: Role = .operator

  @Option(help: ArgumentHelp("It ends after this time, such as 90d; without this, never.", valueName: "duration"))
  var expires: DurationArgument?

  @Option(
    name: .customLong("scope"), parsing: .singleValue,
    help: ArgumentHelp(
      "Confine it to a part of what the role may do: jobs, checkpoints, workflows, schedules, queues, limits, workers, "
        + "metrics, accounts, audit, secrets or console, with :read behind it for looking only; may be repeated.",
      valueName: "scope"))
  var scopes: [String] = []

  @Option(name: .customLong("org"), help: ArgumentHelp("It sees this organization's jobs only.", valueName: "name"))
  var organization: String?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      var body: [String: JSONValue] = ["name": .string(name), "role": .string(role.rawValue)]
      if let expires { body["expiresIn"] = .string(expires.duration.text) }
      if !scopes.isEmpty { body["scopes"] = .array(scopes.map { .string($0) }) }
      body["organization"] = organization.map { .string($0) }
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
    commandName: "list", abstract: "List tokens, without their secrets.",
    usage: "nightshift tokens [list] [<options>]")

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.get("/api/tokens")
      if output.isJSON { return output.json(answer) }
      let now = Date()
      var table = Table([
        .text("ID"), .flexible("NAME"), .text("ROLE"), .text("STATUS"), .text("CREATED").optional,
        .flexible("BY").optional, .text("LAST USED").optional,
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
    commandName: "revoke", abstract: "End tokens, at once and for good.",
    usage: "nightshift tokens revoke <token> ... [<options>]")

  @Argument(help: ArgumentHelp("Their ids or names.", valueName: "token"))
  var tokens: [String]

  @Flag(name: .shortAndLong, help: "Do not ask, also where it is the token that this command line uses.")
  var yes = false

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let own = try await api.get("/api/me").text("id")
      if !yes, tokens.contains(where: { "token:\($0)" == own }) {
        let question = "\(own) is what this command line shows to the server. Revoke it?"
        guard try ConfirmationOptions.isConfirmed(question, output) else {
          throw CommandFailure("Nothing was changed.")
        }
      }
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
