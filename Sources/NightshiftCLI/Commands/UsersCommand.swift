import ArgumentParser
import Foundation
import HTTPTypes
import Nightshift

/// `nightshift users`
struct UsersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "users", abstract: "Add, change and remove the people who sign in to the console.",
    usage: "nightshift users [<subcommand>] [<options>]",
    subcommands: [
      UsersAdd.self, UsersList.self, UsersChange.self, UsersPassword.self, UsersSignOut.self, UsersRemove.self,
    ],
    defaultSubcommand: UsersList.self)
}

struct UsersAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Add a person. Its password is made and shown this once.",
    usage: "nightshift users add <name> [<options>]")

  @Argument(help: "The name to sign in with: a–z, 0–9, '.', '_', '-' and '@'.")
  var name: String

  @Option(
    help:
      "What it may do; each role may also do what the ones before it may, but that a member sees its own jobs only.",
    completion: .list(Role.allCases.map(\.rawValue)))
  var role: Role = .member

  @Option(help: ArgumentHelp("Its full name.", valueName: "text"))
  var title: String?

  @Option(name: .customLong("org"), help: ArgumentHelp("It sees this organization's jobs only.", valueName: "name"))
  var organization: String?

  @Flag(help: "Read the password from standard input, instead of making one.")
  var passwordStdin = false

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let password = try passwordStdin ? PasswordInput.read() : nil
    try await shared.withAPI { api, output in
      var body: [String: JSONValue] = ["name": .string(name), "role": .string(role.rawValue)]
      body["title"] = title.map { .string($0) }
      body["organization"] = organization.map { .string($0) }
      body["password"] = password.map { .string($0) }
      let answer = try await api.post("/api/users", .object(body))
      if output.isJSON { return output.json(answer) }
      guard answer["password"] != nil else { return output.line("User \(name) is added.") }
      output.line(answer.text("password"))
      output.note("The password of \(name), shown this once; it is to be changed at the first sign-in.")
    }
  }
}

struct UsersList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List users.", usage: "nightshift users [list] [<options>]")

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.get("/api/users")
      if output.isJSON { return output.json(answer) }
      let now = Date()
      var table = Table([
        .text("NAME"), .text("ROLE"), .text("STATUS"), .flexible("ORGANIZATION").optional, .text("SIGNED IN"),
        .flexible("FULL NAME").optional,
      ])
      for user in answer.items("users") {
        let status: Table.Cell =
          if user["disabledAt"] != nil { .init("disabled", .dim) } else if user["mustChangePassword"] == true {
            .init("new password", .yellow)
          } else { .init("valid", .green) }
        table.add([
          .init(user.text("name")), .init(user.text("role")), status,
          .init(user["organization"]?.stringValue ?? "all", .dim),
          .init(user["signedInAt"] == nil ? "never" : user.relative("signedInAt", now: now), .dim),
          .init(user["title"]?.stringValue ?? "", .dim),
        ])
      }
      output.table(table, whenEmpty: "There are no users yet. Add one: nightshift users add NAME --role admin")
    }
  }
}

struct UsersChange: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "change", abstract: "Change what a user is and may do.",
    usage: "nightshift users change <name> [<options>]")

  @Argument(help: "The user.")
  var name: String

  @Option(help: "What it may do from now on.", completion: .list(Role.allCases.map(\.rawValue)))
  var role: Role?

  @Option(help: ArgumentHelp("Its full name; an empty one takes it away.", valueName: "text"))
  var title: String?

  @Option(
    name: .customLong("org"),
    help: ArgumentHelp("It sees this organization's jobs only; an empty name lets it see all.", valueName: "name"))
  var organization: String?

  @Flag(help: "Keep it from signing in, and sign it out at once.")
  var disable = false

  @Flag(help: "Let it sign in again.")
  var enable = false

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard !(disable && enable) else { throw ValidationError("--enable and --disable exclude each other.") }
    guard role != nil || title != nil || organization != nil || disable || enable else {
      throw ValidationError("Give --role, --title, --org, --disable or --enable.")
    }
  }

  func run() async throws {
    try await shared.withAPI { api, output in
      var body: [String: JSONValue] = [:]
      body["role"] = role.map { .string($0.rawValue) }
      body["title"] = title.map { $0.isEmpty ? .null : .string($0) }
      body["organization"] = organization.map { $0.isEmpty ? .null : .string($0) }
      if disable || enable { body["disabled"] = .bool(disable) }
      let path = "/api/users/\(APIRequest.escape(name))"
      let answer = try await api.call(APIRequest(method: .patch, path: path, body: .object(body)))
      if output.isJSON { return output.json(answer) }
      output.line("User \(name) is changed.")
    }
  }
}

struct UsersPassword: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "password", abstract: "Give a user another password, which ends its sessions.",
    usage: "nightshift users password <name> [<options>]")

  @Argument(help: "The user.")
  var name: String

  @Flag(help: "Read the password from standard input, instead of making one.")
  var passwordStdin = false

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let password = try passwordStdin ? PasswordInput.read() : nil
    try await shared.withAPI { api, output in
      let body: [String: JSONValue] = password.map { ["password": .string($0)] } ?? [:]
      let answer = try await api.post("/api/users/\(APIRequest.escape(name))/password", .object(body))
      if output.isJSON { return output.json(answer) }
      guard answer["password"] != nil else { return output.line("The password of \(name) is changed.") }
      output.line(answer.text("password"))
      output.note("Shown this once; it is to be changed at the next sign-in.")
    }
  }
}

struct UsersSignOut: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign-out", abstract: "End all sessions of users.",
    usage: "nightshift users sign-out <user> ... [<options>]")

  @Argument(help: ArgumentHelp("The users.", valueName: "user"))
  var names: [String]

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      for name in names {
        let path = "/api/users/\(APIRequest.escape(name))/sessions"
        let answer = try await api.call(APIRequest(method: .delete, path: path))
        if output.isJSON { output.json(answer) } else { output.line("User \(name) is signed out everywhere.") }
      }
    }
  }
}

struct UsersRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove users for good; what they did stays in the audit log.",
    usage: "nightshift users remove <user> ... [<options>]")

  @Argument(help: ArgumentHelp("The users.", valueName: "user"))
  var names: [String]

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      for name in names {
        _ = try await api.call(APIRequest(method: .delete, path: "/api/users/\(APIRequest.escape(name))"))
        if output.isJSON {
          output.json(["user": .string(name), "removed": true])
        } else {
          output.line("User \(name) is removed.")
        }
      }
    }
  }
}

/// A password from standard input: arguments are seen by everybody on the machine.
enum PasswordInput {
  static func read() throws -> String {
    guard let line = readLine(strippingNewline: true), !line.isEmpty else {
      throw CommandFailure(
        "Standard input held no password. Pipe it in: nightshift users add NAME --password-stdin < FILE")
    }
    return line
  }
}
