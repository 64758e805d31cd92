import ArgumentParser
import Foundation
import Nightshift

/// `nightshift workers`
struct WorkersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workers", abstract: "List, start, stop and drain workers.",
    usage: "nightshift workers [<subcommand>] [<options>]",
    subcommands: [WorkersList.self, WorkersStart.self, WorkersStop.self, WorkersDrain.self],
    defaultSubcommand: WorkersList.self)
}

struct WorkersList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the workers that are alive.",
    usage: "nightshift workers [list] [<options>]")

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.get("/api/workers")
      if output.isJSON { return output.json(answer) }
      let now = Date()
      var table = Table([
        .text("ID"), .flexible("NAME"), .text("MODE"), .number("RUNNING"), .flexible("QUEUES").optional,
        .number("PID").optional, .flexible("HOST").optional, .text("STARTED").optional,
      ])
      // Commands are processes of the store too, but none that runs jobs.
      for worker in answer.items("workers") where worker.text("role") != "command" {
        let mode = worker.text("mode")
        let queues = worker.texts("queues")
        table.add([
          .init(worker.text("id")), .init(worker.text("name")),
          .init(mode, mode == WorkerMode.running.rawValue ? .green : .yellow),
          .init("\(worker.number("runningCount"))/\(worker.number("concurrency"))"),
          .init(queues.isEmpty ? "all" : queues.joined(separator: ","), .dim),
          .init("\(worker.number("pid"))", .dim), .init(worker.text("host"), .dim),
          .init(worker.relative("startedAt", now: now), .dim),
        ])
      }
      output.table(table, whenEmpty: "No worker is alive. Start one: nightshift serve, or nightshift worker")
    }
  }
}

/// Which workers are meant.
struct WorkerArgument: ParsableArguments {
  static let discussion = "What is said to all also holds for workers that start later."

  @Argument(help: "A worker's id (`nightshift workers` lists them), or all.")
  var worker = "all"

  func validate() throws {
    guard worker == "all" || WorkerID(worker) != nil else {
      throw ValidationError(
        "\"\(worker)\" is no worker. Use an id (wrk_…) of `nightshift workers list`, or all.")
    }
  }

  func command(_ verb: String, one: String, all: String, _ shared: SharedOptions) async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.post("/api/workers/\(worker)/\(verb)")
      if output.isJSON { return output.json(answer) }
      output.line(worker == "all" ? "All workers \(all)." : "Worker \(worker) \(one).")
    }
  }
}

struct WorkersStart: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Let workers claim jobs.",
    usage: "nightshift workers start [<worker>] [<options>]", discussion: WorkerArgument.discussion)

  @OptionGroup var argument: WorkerArgument
  @OptionGroup var shared: SharedOptions

  func run() async throws { try await argument.command("start", one: "may claim jobs", all: "may claim jobs", shared) }
}

struct WorkersStop: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop",
    abstract: "Keep workers from claiming jobs, until they are started again; what runs goes on.",
    usage: "nightshift workers stop [<worker>] [<options>]", discussion: WorkerArgument.discussion)

  @OptionGroup var argument: WorkerArgument
  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await argument.command("stop", one: "claims no more jobs", all: "claim no more jobs", shared)
  }
}

struct WorkersDrain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain", abstract: "Let workers finish what they have, and then end.",
    usage: "nightshift workers drain [<worker>] [<options>]",
    discussion: """
      A `nightshift worker` ends once nothing is under way. The worker of a `nightshift serve` stands by instead, since \
      the API goes on; `nightshift workers start` lets it claim jobs again.
      """)

  @OptionGroup var argument: WorkerArgument
  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await argument.command("drain", one: "ends after its last job", all: "end after their last job", shared)
  }
}
