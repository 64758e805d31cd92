import ArgumentParser
import Foundation
import Nightshift

/// `nightshift workers`
struct WorkersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workers", abstract: "List, start, stop and drain workers.",
    subcommands: [WorkersList.self, WorkersStart.self, WorkersStop.self, WorkersDrain.self],
    defaultSubcommand: WorkersList.self)
}

struct WorkersList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the workers that are alive.")

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.get("/api/workers")
      if output.isJSON { return output.json(answer) }
      let now = Date()
      var table = Table([
        .text("ID"), .flexible("NAME"), .text("MODE"), .number("RUNNING"), .flexible("QUEUES"),
        .flexible("HOST"),
        .number("PID"), .text("STARTED"),
      ])
      // Commands are processes of the store too, but none that runs jobs.
      for worker in answer.items("workers") where worker.text("role") != "command" {
        let mode = worker.text("mode")
        let queues = worker.texts("queues")
        table.add([
          .init(worker.text("id")), .init(worker.text("name")),
          .init(mode, mode == WorkerMode.running.rawValue ? .green : .yellow),
          .init("\(worker.items("running").count)/\(worker.number("concurrency"))"),
          .init(queues.isEmpty ? "all" : queues.joined(separator: ","), .dim),
          .init(worker.text("host"), .dim),
          .init("\(worker.number("pid"))", .dim), .init(worker.relative("startedAt", now: now), .dim),
        ])
      }
      output.table(table, whenEmpty: "No worker is alive. Start one: nightshift serve, or nightshift worker")
    }
  }
}

/// Which workers are meant.
struct WorkerArgument: ParsableArguments {
  @Argument(help: "The worker's id, or `all`, which also holds for workers that start later.")
  var worker = "all"

  func validate() throws {
    guard worker == "all" || WorkerID(worker) != nil else {
      throw ValidationError(
        "\"\(worker)\" is no worker. Use an id (wrk_…) of `nightshift workers list`, or all.")
    }
  }

  func command(_ verb: String, _ done: String, _ shared: SharedOptions) async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.post("/api/workers/\(worker)/\(verb)")
      if output.isJSON { return output.json(answer) }
      let whom = worker == "all" ? "All workers" : "Worker \(worker)"
      output.line("\(whom) \(done).")
    }
  }
}

struct WorkersStart: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "start", abstract: "Let workers claim jobs.")

  @OptionGroup var argument: WorkerArgument
  @OptionGroup var shared: SharedOptions

  func run() async throws { try await argument.command("start", "may claim jobs", shared) }
}

struct WorkersStop: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop", abstract: "Keep workers from claiming jobs; what runs goes on.")

  @OptionGroup var argument: WorkerArgument
  @OptionGroup var shared: SharedOptions

  func run() async throws { try await argument.command("stop", "claim no more jobs", shared) }
}

struct WorkersDrain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain", abstract: "Let workers finish what they have, and then end.")

  @OptionGroup var argument: WorkerArgument
  @OptionGroup var shared: SharedOptions

  func run() async throws { try await argument.command("drain", "end after their last job", shared) }
}
