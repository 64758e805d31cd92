import ArgumentParser
import Foundation
import Nightshift

/// `nightshift schedules preview`
struct SchedulesPreview: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview", abstract: "Show the next times of an expression or a schedule.",
    usage: "nightshift schedules preview <expression-or-name> [<options>]",
    discussion: """
      An expression is worked out here, without a server: '0 2 * * *', '@daily', 'every 90s'. Notes mark times that \
      clocks skip or repeat.
      """)

  @Argument(help: ArgumentHelp("A cron expression, or the name of a schedule.", valueName: "expression-or-name"))
  var expression: String

  @Option(help: ArgumentHelp("The time zone (default: UTC, or the schedule's own).", valueName: "zone"))
  var zone: String?

  @Option(help: ArgumentHelp("The times after this moment (default: now).", valueName: "moment"))
  var from: MomentArgument?

  @Option(help: ArgumentHelp("How many, 1 to 1000 (default: 10).", valueName: "count"))
  var count: Int = 10

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard (1...1_000).contains(count) else { throw ValidationError("--count must be from 1 to 1000.") }
  }

  func run() async throws {
    // A name has no blanks and begins with no `@`; an expression has one or the other.
    guard ScheduleName.isValid(expression) else {
      return show(try times(), shared.output)
    }
    try await shared.withAPI { api, output in
      var query: [(name: String, value: String)] = [("count", "\(count)")]
      if let zone { query.append(("zone", zone)) }
      if let from { query.append(("from", from.text)) }
      show(try await api.get(SchedulesCommand.path(expression, "/preview"), query)["times"] ?? [], output)
    }
  }

  private func times() throws -> JSONValue {
    let moment = from.flatMap { RFC3339.parse($0.text) } ?? Date()
    do throws(ScheduleError) {
      return try SchedulePreview.json(
        expression, zone: zone ?? "UTC", from: Timestamp(moment), count: count, ZoneTimelines())
    } catch {
      let faults = error.faults.map { fault in
        fault.pointer == "#/zone" ? "--zone \(fault.message)" : fault.message
      }
      throw CommandFailure(faults.joined(separator: "; ") + ".", status: ExitStatus.usage)
    }
  }

  private func show(_ times: JSONValue, _ output: Output) {
    if output.isJSON { return output.json(times) }
    let times = times.arrayValue ?? []
    var table = Table([.text("UTC"), .text("LOCAL"), .wrapping("NOTE")])
    for time in times {
      table.add([.init(time.text("utc")), .init(time.text("local")), .init(time.text("note"), .yellow)])
    }
    output.table(table, whenEmpty: "It never fires again.")
  }
}
