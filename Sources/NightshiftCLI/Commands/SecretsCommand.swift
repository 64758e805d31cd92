import ArgumentParser
import Foundation
import HTTPTypes
import Nightshift

/// `nightshift secrets`
struct SecretsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "secrets", abstract: "Set, list and remove what jobs need and nobody is to read.",
    usage: "nightshift secrets [<subcommand>] [<options>]",
    subcommands: [SecretsSet.self, SecretsList.self, SecretsRemove.self, SecretsRotate.self],
    defaultSubcommand: SecretsList.self)

  static func path(_ name: String) -> String { "/api/secrets/\(APIRequest.escape(name))" }
}

struct SecretsSet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Set a secret, from standard input or a file.",
    usage: "nightshift secrets set <name> [--file <path>]",
    discussion: """
      The value is never an argument, where other users of this machine and the shell's history would see it. One line \
      break at its end is left out.
      """)

  @Argument(help: ArgumentHelp("Its name: \(SecretRule.name).", valueName: "name"))
  var name: String

  @Option(help: ArgumentHelp("Read the value from this file instead of standard input.", valueName: "path"))
  var file: String?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let value = try SecretInput.read(file, terminal: isatty(STDIN_FILENO) != 0)
    try await shared.withAPI { api, output in
      let request = APIRequest(method: .put, path: SecretsCommand.path(name), body: ["value": .string(value)])
      _ = try await api.call(request)
      if output.isJSON { return output.json(["name": .string(name), "set": true]) }
      output.line("Secret \(name) is set. Jobs that begin from now on get it.")
    }
  }
}

struct SecretsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List secrets, without their values.",
    usage: "nightshift secrets [list] [<options>]")

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.get("/api/secrets")
      if output.isJSON { return output.json(answer) }
      let now = Date()
      var table = Table([
        .flexible("NAME"), .number("VERSION"), .text("SET"), .flexible("BY").optional, .text("LAST USED"),
        .text("KEY").optional,
      ])
      for secret in answer.items("secrets") {
        table.add([
          .init(secret.text("name")), .init("\(secret.number("version"))"),
          .init(secret.relative("updatedAt", now: now), .dim), .init(secret.text("updatedBy"), .dim),
          .init(secret.relative("usedAt", now: now), .dim), .init(secret.text("key"), .dim),
        ])
      }
      output.table(table, whenEmpty: "There are no secrets yet. Set one: nightshift secrets set NAME < FILE")
    }
  }
}

struct SecretsRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove secrets. Jobs that ask for them fail from then on.",
    usage: "nightshift secrets remove <name> ... [<options>]")

  @Argument(help: ArgumentHelp("Their names.", valueName: "name"))
  var names: [String]

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      for name in names {
        _ = try await api.call(APIRequest(method: .delete, path: SecretsCommand.path(name)))
        if output.isJSON {
          output.json(["name": .string(name), "removed": true])
        } else {
          output.line("Secret \(name) is removed.")
        }
      }
    }
  }
}

struct SecretsRotate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate", abstract: "Encrypt all secrets anew, with the server's first master key.",
    usage: "nightshift secrets rotate [<options>]",
    discussion: """
      Put the new key before the old one (NIGHTSHIFT_MASTER_KEY=NEW,OLD, or the file's first line) on every server and \
      worker and restart them; run this; then take the old key away.
      """)

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.call(
        APIRequest(method: .post, path: "/api/secrets/rotate", timeout: .seconds(600)))
      if output.isJSON { return output.json(answer) }
      output.line("\(Count.text(answer.number("count"), "secret")) encrypted anew.")
    }
  }
}

/// Where a secret's value comes from.
enum SecretInput {
  private static let limit = 65_536

  static func read(_ path: String?, terminal isTerminal: Bool) throws(CommandFailure) -> String {
    if path == nil, isTerminal { return try typed() }
    let name = path ?? "standard input"
    guard let file = FileHandle(forReadingAtPath: path ?? "/dev/stdin"),
      // Why it cannot be read, the message guesses well enough.
      let data = try? file.read(upToCount: limit + 3)
    else { throw CommandFailure("\(name) cannot be read, or is empty. Check that it is there and may be read.") }
    guard let text = String(data: data, encoding: .utf8) else {
      throw CommandFailure("\(name) is not UTF-8 text. Encode it first: base64 FILE | nightshift secrets set NAME")
    }
    return text.withoutLineEnd
  }

  /// Without showing it.
  private static func typed() throws(CommandFailure) -> String {
    guard let typed = getpass("Value: ") else {
      throw CommandFailure("The value could not be read from the terminal. Give it with --file or on standard input.")
    }
    defer { memset(typed, 0, strlen(typed)) }
    return String(cString: typed)
  }
}

extension String {
  /// Without one line break at its end, which `echo` and editors add.
  fileprivate var withoutLineEnd: String {
    if hasSuffix("\r\n") || hasSuffix("\n") { return String(dropLast()) }
    return self
  }
}
