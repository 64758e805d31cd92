import ArgumentParser
import Foundation
import Nightshift

/// `nightshift jobs [list]`
struct JobsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List jobs, the newest first.",
    usage: "nightshift jobs [list] [<options>]")

  @OptionGroup var filter: JobFilterOptions

  @Option(help: "How many to list.")
  var limit = 20

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard (1...200).contains(limit) else {
      throw ValidationError("--limit is \(limit). Use 1 to 200; the filters narrow what is listed.")
    }
  }

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.get("/api/jobs", filter.query + [("limit", "\(limit)")])
      if output.isJSON { return output.json(answer) }
      let table = JobTable.make(answer.items("jobs"), now: Date())
      output.table(table, whenEmpty: filter.isEmpty ? "There are no jobs yet." : "No job fits these filters.")
      if let back = answer["searchedBackTo"]?.stringValue {
        output.note(
          "The search ran out of time: nothing older than \(back) was looked at. Narrow it by kind or queue.")
      } else if answer["next"]?.stringValue != nil, output.terminal.isOutputTerminal {
        output.note("There are more: --limit shows more of them, the filters narrow them.")
      }
    }
  }
}
