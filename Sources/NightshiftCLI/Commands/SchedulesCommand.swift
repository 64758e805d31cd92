import ArgumentParser
import Foundation
import HTTPTypes
import Nightshift

/// `nightshift schedules`
struct SchedulesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schedules", abstract: "List, change and preview what enqueues jobs by the clock.",
    usage: "nightshift schedules [<subcommand>] [<options>]",
    subcommands: [
      SchedulesList.self, SchedulesShow.self, SchedulesAdd.self, SchedulesEdit.self, SchedulesEnable.self,
      SchedulesDisable.self, SchedulesRun.self, SchedulesPreview.self, SchedulesHistory.self, SchedulesExport.self,
      SchedulesRemove.self, SchedulesReset.self,
    ],
    defaultSubcommand: SchedulesList.self)

  /// The path of one schedule, or of something that belongs to it.
  static func path(_ name: String, _ rest: String = "") -> String {
    "/api/schedules/\(APIRequest.escape(name))\(rest)"
  }
}

struct SchedulesList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List schedules and when they fire next.",
    usage: "nightshift schedules [list] [<options>]")

  @Option(help: ArgumentHelp("Only those with this text in their names.", valueName: "text"))
  var search: String?

  @Option(help: ArgumentHelp("How many at most (default: 100).", valueName: "count"))
  var limit: Int = 100

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard (1...1_000).contains(limit) else { throw ValidationError("--limit must be from 1 to 1000.") }
  }

  func run() async throws {
    try await shared.withAPI { api, output in
      let query = [("limit", "\(limit)")] + (search.map { [("search", $0)] } ?? [])
      let answer = try await api.get("/api/schedules", query.map { (name: $0.0, value: $0.1) })
      if output.isJSON { return output.json(answer) }
      output.table(Self.table(answer.items("schedules"), now: Date()), whenEmpty: "There are no schedules yet.")
      if answer["next"]?.stringValue != nil { output.note("There are more: use --limit or --search.") }
    }
  }

  private static func table(_ schedules: [JSONValue], now: Date) -> Table {
    var table = Table([
      .flexible("SCHEDULE"), .text("STATUS"), .text("EXPRESSION"), .flexible("ZONE").optional, .flexible("KIND"),
      .text("NEXT"), .text("LAST").optional,
    ])
    for schedule in schedules {
      let (status, style) = status(of: schedule)
      table.add([
        .init(schedule.text("name")), .init(status, style), .init(schedule.text("expression")),
        .init(schedule.text("zone"), .dim), .init(schedule.text("kind")), .init(schedule.relative("nextAt", now: now)),
        .init(schedule["last"]?.text("outcome") ?? "", .dim),
      ])
    }
    return table
  }

  private static func status(of schedule: JSONValue) -> (String, Style) {
    if schedule["problem"]?.stringValue != nil { return ("broken", .red) }
    if schedule["enabled"]?.boolValue == false { return ("off", .yellow) }
    if schedule["nextAt"]?.stringValue == nil { return ("over", .dim) }
    let isEdited = schedule["overridden"]?.objectValue != nil
    return isEdited ? ("edited", .green) : ("on", .green)
  }
}

struct SchedulesShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show all that is known of a schedule.",
    usage: "nightshift schedules show <name> [<options>]")

  @Argument(help: "Its name; `nightshift schedules` lists them.")
  var name: String

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let schedule = try await api.get(SchedulesCommand.path(name))
      if output.isJSON { output.json(schedule) } else { Self.show(schedule, output) }
    }
  }

  static func show(_ schedule: JSONValue, _ output: Output) {
    let shown = ["name", "enabled", "expression", "zone", "kind", "payload", "nextAt", "catchUp", "overlap"]
    let late = ["source", "declared", "overridden", "last", "problem", "createdAt", "updatedAt"]
    let fields = schedule.objectValue ?? [:]
    let terminal = output.terminal
    let lines = FieldLines(nameWidth: 13, indent: 0, width: terminal.width, isColored: terminal.colorsOutput)
    let others = fields.keys.filter { !shown.contains($0) && !late.contains($0) }.sorted()
    for name in shown + others + late {
      guard let value = fields[name], value != .null else { continue }
      for line in lines.json(name, value) { output.line(line) }
    }
  }
}

struct SchedulesRun: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Enqueue a schedule's job now.",
    usage: "nightshift schedules run <name> [<options>]",
    discussion: """
      With --wait the exit status is the job's outcome: 0 completed, 1 dead, 2 cancelled, 3 not over when \
      --wait-timeout was up.
      """)

  @Argument(help: "Its name; `nightshift schedules` lists them.")
  var name: String

  @Flag(help: "Wait for the end; print the result.")
  var wait = false

  @Option(help: ArgumentHelp("Stop waiting after this time.", valueName: "duration"))
  var waitTimeout: DurationArgument?

  @Flag(help: "Wait for the end; show progress and logs live.")
  var follow = false

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard waitTimeout == nil || wait || follow else {
      throw ValidationError("--wait-timeout goes with --wait or --follow.")
    }
  }

  func run() async throws {
    let status = try await shared.withAPI { api, output in
      let answer = try await api.post(SchedulesCommand.path(name, "/run"))
      guard let id = answer["id"]?.stringValue.flatMap({ JobID($0) }) else {
        throw CommandFailure("The server's answer names no job: \(answer)")
      }
      guard wait || follow else {
        // The id alone on standard output, so that a script can take it.
        if output.isJSON { output.json(answer) } else { output.line("\(id)") }
        return ExitStatus.success
      }
      let waiter = JobWaiter(api: api, output: output, showsLive: follow)
      return try await waiter.wait(for: id, timeout: waitTimeout?.duration)
    }
    if status != ExitStatus.success { throw ExitCode(status) }
  }
}

struct SchedulesHistory: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Show what became of a schedule's slots, the newest first.",
    usage: "nightshift schedules history <name> [<options>]")

  @Argument(help: "Its name; `nightshift schedules` lists them.")
  var name: String

  @Option(help: ArgumentHelp("How many at most (default: 20).", valueName: "count"))
  var limit: Int = 20

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard (1...1_000).contains(limit) else { throw ValidationError("--limit must be from 1 to 1000.") }
  }

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.get(SchedulesCommand.path(name, "/history"), [("limit", "\(limit)")])
      if output.isJSON { return output.json(answer) }
      var table = Table([
        .text("SLOT"), .text("OUTCOME"), .text("JOB"), .text("STATE"), .flexible("DETAIL").optional,
      ])
      for slot in answer.items("slots") {
        let state = slot.text("state")
        table.add([
          .init(slot.text("at")), .init(slot.text("outcome")), .init(slot.text("job")),
          .init(state, .of(state: state)), .init(slot.text("detail"), .dim),
        ])
      }
      output.table(table, whenEmpty: "No slot of \(name) has come yet.")
    }
  }
}

struct SchedulesExport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Print all schedules as a schedules file, as they count now.",
    usage: "nightshift schedules export [--output <file>] [<options>]",
    discussion: """
      With --output the file is written whole or not at all. A shell's > empties it first, and it stays empty where \
      the export fails.
      """)

  @Option(help: ArgumentHelp("Write it to this file, in place of what is there.", valueName: "file"))
  var output: String?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, terminal in
      let bytes = try await contents(api, asJSON: terminal.isJSON)
      guard let file = output else { return Output.write(bytes, to: STDOUT_FILENO) }
      try PrivateFile.write(bytes, to: file, mode: 0o644)
      terminal.note("The schedules are in \(file).")
    }
  }

  private func contents(_ api: any APIClient, asJSON: Bool) async throws -> [UInt8] {
    if asJSON { return try await Self.all(api).serialized(pretty: true) + [UInt8(ascii: "\n")] }
    let path = "/api/schedules/export"
    let response = try await api.send(APIRequest(method: .get, path: path))
    guard response.isSuccess else { throw api.failure(response, path) }
    return response.body
  }

  private static func all(_ api: any APIClient) async throws -> JSONValue {
    var schedules: [JSONValue] = []
    var after = ""
    while true {
      let page = try await api.get("/api/schedules", [("limit", "1000"), ("after", after)])
      schedules += page.items("schedules")
      guard let next = page["next"]?.stringValue else { return ["schedules": .array(schedules)] }
      after = next
    }
  }
}
