import ArgumentParser
import Foundation
import HTTPTypes
import Nightshift

/// `nightshift profile`
struct ProfileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile", abstract: "Show where the time of each kind goes, and watch for slowness.",
    usage: "nightshift profile [<kind>] [<options>]",
    subcommands: [ProfileShow.self, ProfileWatch.self, ProfileUnwatch.self], defaultSubcommand: ProfileShow.self)

  static func path(_ kind: String) -> String { "/api/profile/thresholds/\(APIRequest.escape(kind))" }
}

struct ProfileShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show where the time of each kind goes, or of one: its steps and outside calls.",
    usage: "nightshift profile [show] [<kind>] [<options>]")

  @Argument(help: "Only this kind, with its parts and its slowest attempts.")
  var kind: String?

  @Option(help: ArgumentHelp("How far to look back, in whole hours (default: 1d).", valueName: "time"))
  var since = DurationArgument(argument: "1d")!

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let from = Timestamp(Date()) - since.duration
      var path = "/api/profile?from=\(APIRequest.escape(from.rfc3339))"
      if let kind { path += "&kind=\(APIRequest.escape(kind))" }
      let answer = try await api.get(path)
      if output.isJSON { return output.json(answer) }
      let kinds = answer.items("kinds")
      let nothing = "Nothing has run in this time: --since 7d looks further back."
      if let kind, kinds.isEmpty { try await Self.check(kind, api) }
      guard let kind, let profile = kinds.first(where: { $0.text("kind") == kind }) else {
        return output.table(ProfileText.table(kinds), whenEmpty: nothing)
      }
      for line in ProfileText.heading(profile) { output.line(line) }
      let parts = profile.items("parts")
      if !parts.isEmpty {
        output.line()
        output.table(ProfileText.table(ofParts: parts), whenEmpty: "")
      }
      output.line()
      output.table(ProfileText.table(ofSlowest: profile.items("slowest")), whenEmpty: "")
    }
  }

  /// A kind without a profile may have rested, or be misspelt.
  private static func check(_ kind: String, _ api: any APIClient) async throws {
    let known = try await api.get("/api/kinds").items("kinds").map { $0.text("kind") }
    guard !known.contains(kind) else { return }
    let nearest = Spelling.nearest(to: kind, among: known).map { " Did you mean \($0)?" } ?? ""
    throw CommandFailure("There is no kind \"\(kind)\".\(nearest) `nightshift kinds` lists them.")
  }
}

struct ProfileWatch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Tell when a kind becomes slow: its 95th percentile is above a bound.",
    usage: "nightshift profile watch <kind> --p95 <time> [<options>]",
    discussion: """
      One line in the outbox for each time that it becomes slow, and a finding of `nightshift doctor` for as long as it \
      is. It is slow no longer when the percentile is a fifth below the bound.
      """)

  @Argument(help: "The kind; `nightshift kinds` lists them.")
  var kind: String

  @Option(help: ArgumentHelp("The bound of the 95th percentile.", valueName: "time"))
  var p95: DurationArgument

  @Option(help: ArgumentHelp("Over how long a time, 1m to 1d (default: 10m).", valueName: "time"))
  var over: DurationArgument?

  @Option(help: ArgumentHelp("How many attempts there must be in it (default: 20).", valueName: "count"))
  var least: Int?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      var body: [String: JSONValue] = ["p95": .string(p95.duration.text)]
      if let over { body["over"] = .string(over.duration.text) }
      if let least { body["least"] = .integer(Int64(least)) }
      let answer = try await api.call(
        APIRequest(method: .put, path: ProfileCommand.path(kind), body: .object(body)))
      if output.isJSON { return output.json(answer) }
      output.line(
        "\(kind) counts as slow when its p95 over \(answer.text("over")) is above \(answer.text("p95")), with "
          + "\(answer.number("least")) attempts or more.")
    }
  }
}

struct ProfileUnwatch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unwatch", abstract: "End the watch over kinds.",
    usage: "nightshift profile unwatch <kind> ... [<options>]")

  @Argument(help: ArgumentHelp("The kinds; `nightshift profile` shows which are watched.", valueName: "kind"))
  var kinds: [String]

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      for kind in kinds {
        _ = try await api.call(APIRequest(method: .delete, path: ProfileCommand.path(kind)))
        if output.isJSON {
          output.json(["kind": .string(kind), "watched": false])
        } else {
          output.line("\(kind) is not watched any more.")
        }
      }
    }
  }
}
