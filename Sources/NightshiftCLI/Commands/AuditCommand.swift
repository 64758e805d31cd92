import ArgumentParser
import Foundation
import HTTPTypes
import Nightshift

/// `nightshift audit`
struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Look at, export and verify the log of who did what.",
    usage: "nightshift audit [<subcommand>] [<options>]",
    subcommands: [AuditList.self, AuditExportCommand.self, AuditVerify.self], defaultSubcommand: AuditList.self)
}

/// Which entries are meant.
struct AuditFilterOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Of this user or token only.", valueName: "name"))
  var actor: String?

  @Option(help: ArgumentHelp("Of this kind only, such as enqueue or sign-in-failed.", valueName: "verb"))
  var verb: String?

  @Option(
    help: ArgumentHelp("On this only, such as job_… or \"user anna\"; its beginning is enough.", valueName: "text"))
  var subject: String?

  @Option(help: ArgumentHelp("From this address only.", valueName: "address"))
  var address: String?

  @Option(help: ArgumentHelp("From this moment on, such as 2026-12-01T08:00:00Z.", valueName: "time"))
  var from: String?

  @Option(help: ArgumentHelp("Before this moment.", valueName: "time"))
  var to: String?

  var query: [(name: String, value: String)] {
    [("actor", actor), ("verb", verb), ("subject", subject), ("address", address), ("from", from), ("to", to)]
      .compactMap { name, value in value.map { (name: name, value: $0) } }
  }
}

struct AuditList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List entries, newest first.", usage: "nightshift audit [list] [<options>]")

  @OptionGroup var filter: AuditFilterOptions

  @Option(help: ArgumentHelp("At most so many (1 to 500).", valueName: "count"))
  var limit: Int = 50

  @Option(help: ArgumentHelp("Go on where another list ended.", valueName: "cursor"))
  var cursor: String?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let paging = [("limit", "\(limit)")] + (cursor.map { [("cursor", $0)] } ?? [])
      let answer = try await api.get("/api/audit", filter.query + paging.map { (name: $0.0, value: $0.1) })
      if output.isJSON { return output.json(answer) }
      let now = Date()
      var table = Table([
        .text("WHEN"), .flexible("WHO"), .text("FROM").optional, .text("WHAT"), .flexible("ON"),
        .flexible("DETAIL").optional,
      ])
      for entry in answer.items("entries") {
        table.add([
          .init(entry.relative("at", now: now), .dim), .init(entry.text("actor")), .init(entry.text("address"), .dim),
          .init(entry.text("verb")), .init(entry.text("subject")), .init(entry["detail"].map { "\($0)" } ?? "", .dim),
        ])
      }
      output.table(table, whenEmpty: "There are no such entries.")
      if let moment = answer["searchedBackTo"]?.stringValue { output.note("Searched back to \(moment).") }
      if let next = answer["next"]?.stringValue { output.note("There are more: --cursor \(next)") }
    }
  }
}

struct AuditExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write entries to standard output, oldest first, each with its hash.",
    usage: "nightshift audit export [<options>]")

  enum Format: String, CaseIterable, ExpressibleByArgument { case ndjson, csv }

  @Option(help: "How: JSON in lines, or a table.")
  var format: Format = .ndjson

  @OptionGroup var filter: AuditFilterOptions

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, _ in
      let query = filter.query + [(name: "format", value: format.rawValue)]
      try await api.download(APIRequest(method: .get, path: "/api/audit/export", query: query)) { bytes in
        Output.write(bytes, to: STDOUT_FILENO)
      }
    }
  }
}

struct AuditVerify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Look whether entries were changed, removed or reordered; exit with 1 if so.",
    usage: "nightshift audit verify [<options>]",
    discussion: """
      Each entry's hash covers the one before it. Whoever may write to the database could compute all of them anew: \
      write the last hash down somewhere else now and then, and give it with --expect later.
      """)

  @Option(help: ArgumentHelp("A hash that was the last one earlier; it must still be there.", valueName: "hash"))
  var expect: String?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let isIntact = try await shared.withAPI { api, output in
      let report = try await verify(api)
      if output.isJSON {
        output.json(report.json)
      } else {
        report.show(output)
      }
      return report.isIntact
    }
    if !isIntact { throw ExitCode(ExitStatus.failure) }
  }

  /// In pieces, so that no request takes long however long the log is.
  private func verify(_ api: any APIClient) async throws -> AuditReport {
    var report = AuditReport(expected: expect)
    var after: Int64?
    repeat {
      var query: [(name: String, value: String)] = []
      if let expect { query.append(("expect", expect)) }
      if let after { query.append(("after", "\(after)")) }
      let answer = try await api.get("/api/audit/verify", query)
      report.add(answer)
      after = answer["next"]?.intValue.map { Int64($0) }
    } while after != nil
    return report
  }
}
