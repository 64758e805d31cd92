import ArgumentParser
import Foundation
import HTTPTypes
import Nightshift

/// The fields of a schedule as options.
struct ScheduleFieldOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The time zone, such as Europe/Berlin.", valueName: "zone"))
  var zone: String?

  @Option(help: ArgumentHelp("The payload: JSON, @FILE, or - for standard input.", valueName: "json"))
  var payload: String?

  @Option(help: "The queue, instead of the kind's own.")
  var queue: String?

  @Option(help: "The place of its jobs within the queue.", completion: .list(Priority.allCases.map(\.rawValue)))
  var priority: Priority?

  @Option(help: ArgumentHelp("How many attempts of a job may fail.", valueName: "count"))
  var maxAttempts: Int?

  @Option(help: ArgumentHelp("How long one attempt may take.", valueName: "duration"))
  var timeout: DurationArgument?

  @Option(
    help: ArgumentHelp("Missed slots: none, latest (the default), all, or 'last 5'.", valueName: "which"),
    completion: .list(["none", "latest", "all"]))
  var catchUp: String?

  @Option(
    help: ArgumentHelp(
      "While an earlier job is not over: allow (the default), skip, queue, or cancel the older.", valueName: "what"),
    completion: .list(ScheduleOverlap.allCases.map(\.rawValue)))
  var overlap: String?

  @Option(help: ArgumentHelp("Put each job off by a part of this.", valueName: "duration"))
  var jitter: DurationArgument?

  @Option(help: ArgumentHelp("No slot before this moment.", valueName: "moment"))
  var start: MomentArgument?

  @Option(help: ArgumentHelp("No slot after this moment.", valueName: "moment"))
  var end: MomentArgument?

  @Option(name: .customLong("tag"), parsing: .singleValue, help: "A word to find its jobs by; may be repeated.")
  var tags: [String] = []

  @Option(help: ArgumentHelp("What limits by key tell its jobs apart by.", valueName: "key"))
  var limitKey: String?

  @Option(
    help: ArgumentHelp("Keep out a slot's job with this key until the one that has it has ended.", valueName: "key"))
  var unique: String?

  @Option(
    help: ArgumentHelp(
      "With --unique, what to do to the job that has the key: nothing (drop, the default), replace or extend.",
      valueName: "what"),
    completion: .list(Unique.Conflict.allCases.map(\.rawValue)))
  var onConflict: Unique.Conflict?

  @OptionGroup var keys: KeyOptions

  @Option(help: ArgumentHelp("The organization that owns its jobs.", valueName: "name"))
  var org: String?

  @Option(help: ArgumentHelp("Whom its jobs belong to.", valueName: "name"))
  var owner: String?

  @Option(help: ArgumentHelp("What it is for.", valueName: "text"))
  var description: String?

  func validate() throws {
    guard onConflict == nil || unique != nil else { throw ValidationError("--on-conflict goes with --unique.") }
    guard unique == nil || keys.fields.isEmpty else {
      throw ValidationError("--unique does not go with --debounce or --throttle.")
    }
  }

  func fields() throws -> [String: JSONValue] {
    var fields = keys.fields
    let texts = [
      "zone": zone, "queue": queue, "priority": priority?.rawValue, "timeout": timeout?.duration.text,
      "catchUp": catchUp, "overlap": overlap, "jitter": jitter?.duration.text, "start": start?.text, "end": end?.text,
      "limitKey": limitKey, "description": description, "organization": org, "owner": owner,
    ]
    for (name, text) in texts { fields[name] = text.map { .string($0) } }
    if let payload { fields["payload"] = try PayloadArgument.read(payload) }
    if let unique {
      fields["unique"] = ["key": .string(unique), "onConflict": .string((onConflict ?? .drop).rawValue)]
    }
    if let maxAttempts { fields["maxAttempts"] = .integer(Int64(maxAttempts)) }
    if !tags.isEmpty { fields["tags"] = .array(tags.map { .string($0) }) }
    return fields
  }
}

struct SchedulesAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Add a schedule.",
    usage: "nightshift schedules add <name> <expression> <kind> [<options>]")

  @Argument(help: "Its name: a–z, 0–9, '.', '_' and '-'.")
  var name: String

  @Argument(help: "When it fires: '0 2 * * *', '@daily', 'every 90s'.")
  var expression: String

  @Argument(help: "The kind of job; `nightshift kinds` lists them.")
  var kind: String

  @Flag(help: "Add it switched off.")
  var disabled = false

  @OptionGroup var options: ScheduleFieldOptions
  @OptionGroup var shared: SharedOptions

  func run() async throws {
    var fields = try options.fields()
    fields["name"] = .string(name)
    fields["expression"] = .string(expression)
    fields["kind"] = .string(kind)
    if disabled { fields["enabled"] = false }
    let body = JSONValue.object(fields)
    try await shared.withAPI { api, output in
      report(try await api.post("/api/schedules", body), "is added", output)
    }
  }
}

struct SchedulesEdit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edit", abstract: "Change fields of a schedule.",
    usage: "nightshift schedules edit <name> [<options>]",
    discussion: "What a file declares comes back with `nightshift schedules reset`.")

  @Argument(help: "Its name; `nightshift schedules` lists them.")
  var name: String

  @Option(help: ArgumentHelp("When it fires.", valueName: "expression"))
  var expression: String?

  @Option(help: "The kind of job.")
  var kind: String?

  @Option(
    name: .customLong("unset"), parsing: .singleValue,
    help: ArgumentHelp(
      "Leave a field out, such as queue, also where the file declares it; may be repeated.", valueName: "field"))
  var unset: [String] = []

  @OptionGroup var options: ScheduleFieldOptions
  @OptionGroup var shared: SharedOptions

  func run() async throws {
    var fields = try options.fields()
    if let expression { fields["expression"] = .string(expression) }
    if let kind { fields["kind"] = .string(kind) }
    for name in unset { fields[ArgumentName.field(of: name)] = .null }
    guard !fields.isEmpty else {
      throw CommandFailure(
        "Nothing is to be changed. Name a field, such as --expression '0 3 * * *'.", status: ExitStatus.usage)
    }
    let body = JSONValue.object(fields)
    try await shared.withAPI { api, output in
      let request = APIRequest(method: .patch, path: SchedulesCommand.path(name), body: body)
      report(try await api.call(request), "is changed", output)
    }
  }
}

struct SchedulesEnable: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable", abstract: "Switch schedules on.",
    usage: "nightshift schedules enable <name> ... [<options>]")

  @Argument(help: ArgumentHelp("Their names; `nightshift schedules` lists them.", valueName: "name"))
  var names: [String]

  @OptionGroup var shared: SharedOptions

  func run() async throws { try await change(names, "enable", "is on", shared) }
}

struct SchedulesDisable: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable", abstract: "Switch schedules off; slots that come meanwhile are not made up for.",
    usage: "nightshift schedules disable <name> ... [<options>]")

  @Argument(help: ArgumentHelp("Their names; `nightshift schedules` lists them.", valueName: "name"))
  var names: [String]

  @OptionGroup var shared: SharedOptions

  func run() async throws { try await change(names, "disable", "is off", shared) }
}

struct SchedulesReset: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset", abstract: "Forget what was changed at run time: what the file declares counts again.",
    usage: "nightshift schedules reset <name> ... [<options>]")

  @Argument(help: ArgumentHelp("Their names; `nightshift schedules` lists them.", valueName: "name"))
  var names: [String]

  @OptionGroup var shared: SharedOptions

  func run() async throws { try await change(names, "reset", "is as it is declared", shared) }
}

struct SchedulesRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "End schedules that were added at run time. Their jobs are left alone.",
    usage: "nightshift schedules remove <name> ... [<options>]")

  @Argument(help: ArgumentHelp("Their names; `nightshift schedules` lists them.", valueName: "name"))
  var names: [String]

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      try await EachID(api, output).run(names) { api, name in
        _ = try await api.call(APIRequest(method: .delete, path: SchedulesCommand.path(name)))
        return (["name": .string(name), "removed": true], "Schedule \(name) is removed.")
      }
    }
  }
}

private func change(_ names: [String], _ verb: String, _ done: String, _ shared: SharedOptions) async throws {
  try await shared.withAPI { api, output in
    try await EachID(api, output).run(names) { api, name in
      let schedule = try await api.post(SchedulesCommand.path(name, "/\(verb)"))
      return (schedule, text(schedule, done))
    }
  }
}

private func report(_ schedule: JSONValue, _ done: String, _ output: Output) {
  if output.isJSON { output.json(schedule) } else { output.line(text(schedule, done)) }
}

private func text(_ schedule: JSONValue, _ done: String) -> String {
  let next = schedule.relative("nextAt", now: Date())
  return "Schedule \(schedule.text("name")) \(done)\(next.isEmpty ? "." : "; next \(next).")"
}
