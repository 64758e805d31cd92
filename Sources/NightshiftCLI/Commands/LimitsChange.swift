import ArgumentParser
import Foundation
import HTTPTypes
import Nightshift

struct LimitsSet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Set a limit, in place of the one with the same name if there is one.",
    usage: "nightshift limits set <name> [<options>]",
    discussion: """
      It covers the jobs in all the given queues that are of the given kinds; without queues those of all queues, \
      without kinds those of all kinds. What runs already goes on. With --by alone it limits nothing, and lets the \
      values of the key take turns.
      """)

  @Argument(help: "Its name: a–z, 0–9, '.', '_' and '-'.")
  var name: String

  @Option(
    name: .customLong("queue"), parsing: .singleValue,
    help: ArgumentHelp("A queue whose jobs it covers; may be repeated.", valueName: "queue"))
  var queues: [String] = []

  @Option(
    name: .customLong("kind"), parsing: .singleValue,
    help: ArgumentHelp("A kind whose jobs it covers; may be repeated.", valueName: "kind"))
  var kinds: [String] = []

  @Option(
    help: ArgumentHelp(
      "Count apart for each key (--limit-key), organization, owner, payload, or field of the payload by its JSON "
        + "pointer, such as /customer/id.",
      valueName: "key"),
    completion: .list(["key", "organization", "owner", "payload"]))
  var by: String?

  @Option(help: ArgumentHelp("How many may run at a time.", valueName: "count"))
  var concurrency: Int?

  @Option(help: ArgumentHelp("How many may begin within a time, such as 100/1m.", valueName: "rate"))
  var rate: String?

  @Flag(help: "With --rate, let them begin evenly: one after each equal part of the time.")
  var smooth = false

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard rate != nil || !smooth else { throw ValidationError("--smooth goes with --rate.") }
    guard concurrency != nil || rate != nil || by != nil else {
      throw ValidationError("Give --concurrency, --rate, or --by for fairness alone.")
    }
  }

  private var body: JSONValue {
    var fields: [String: JSONValue] = [:]
    if !queues.isEmpty { fields["queues"] = .array(queues.map { .string($0) }) }
    if !kinds.isEmpty { fields["kinds"] = .array(kinds.map { .string($0) }) }
    fields["by"] = by.map { .string($0) }
    fields["concurrency"] = concurrency.map { .integer(Int64($0)) }
    fields["rate"] = rate.map { .string($0 + (smooth ? " smooth" : "")) }
    return .object(fields)
  }

  func run() async throws {
    try await shared.withAPI { api, output in
      let limit = try await api.call(APIRequest(method: .put, path: LimitsCommand.path(name), body: body))
      if output.isJSON { output.json(limit) } else { output.line(LimitText(limit: limit).line) }
      output.warnings(of: limit)
    }
  }
}

struct LimitsRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "End limits; what they have kept back goes on.",
    usage: "nightshift limits remove <name> ... [<options>]")

  @Argument(help: ArgumentHelp("Their names; `nightshift limits` lists them.", valueName: "name"))
  var names: [String]

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      for name in names {
        _ = try await api.call(APIRequest(method: .delete, path: LimitsCommand.path(name)))
        if output.isJSON {
          output.json(["name": .string(name), "removed": true])
        } else {
          output.line("Limit \(name) is removed; what it kept back goes on.")
        }
      }
    }
  }
}
