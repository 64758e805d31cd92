import ArgumentParser
import Foundation
import Nightshift

/// `nightshift queues`
struct QueuesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queues", abstract: "List, pause, resume and purge queues.",
    usage: "nightshift queues [<subcommand>] [<options>]",
    subcommands: [QueuesList.self, QueuesPause.self, QueuesResume.self, QueuesPurge.self],
    defaultSubcommand: QueuesList.self)
}

struct QueuesList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List queues and what is in them.",
    usage: "nightshift queues [list] [<options>]")

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.get("/api/queues")
      if output.isJSON { return output.json(answer) }
      if let everything = answer["everything"], everything["paused"]?.boolValue == true {
        output.note(output.paint("Everything is paused\(Self.details(of: everything)).", .yellow))
      }
      output.table(Self.table(answer.items("queues"), now: Date()), whenEmpty: "There are no queues yet.")
    }
  }

  private static func details(of pause: JSONValue) -> String {
    PauseText.details(
      since: pause.text("pausedAt"), by: pause.text("pausedBy"), until: pause.text("pausedUntil"),
      reason: pause.text("pauseReason"))
  }

  private static func table(_ queues: [JSONValue], now: Date) -> Table {
    // Few jobs ever wait or are blocked, and the table must fit 80 columns.
    let rare: [JobState] = [.waiting, .blocked].filter { state in
      queues.contains { ($0["counts"]?.number(state.rawValue) ?? 0) > 0 }
    }
    let states = [.ready, .running, .scheduled] + rare + [.dead, .completed]
    let hasPaused = queues.contains { $0["pausedBy"] != nil }
    let hasEnd = queues.contains { $0["pausedUntil"] != nil }
    let hasReason = queues.contains { $0["pauseReason"] != nil }
    var table = Table(
      [.flexible("QUEUE"), .text("STATUS")]
        + states.map { state in
          let column = Table.Column.number(state.rawValue.uppercased())
          return state == .completed ? column.optional : column
        } + [.number("WORKERS").optional, .text("OLDEST").optional]
        + (hasPaused ? [.flexible("PAUSED BY").optional] : []) + (hasEnd ? [.text("ENDS").optional] : [])
        + (hasReason ? [.flexible("REASON").optional] : []))
    for queue in queues {
      let isPaused = queue["paused"]?.boolValue ?? false
      let counts = states.map { state in
        let count = queue["counts"]?.number(state.rawValue) ?? 0
        return Table.Cell("\(count)", count == 0 ? .dim : .of(state: state.rawValue))
      }
      table.add(
        [.init(queue.text("name")), isPaused ? .init("paused", .yellow) : .init("open", .green)] + counts
          + [.init("\(queue.number("workers"))"), .init(queue.relative("oldestReadyAt", now: now), .dim)]
          + (hasPaused ? [.init(queue.text("pausedBy"), .dim)] : [])
          + (hasEnd ? [.init(queue.relative("pausedUntil", now: now), .dim)] : [])
          + (hasReason ? [.init(queue.text("pauseReason"), .dim)] : []))
    }
    return table
  }
}

struct QueuesPause: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Start no more of a queue's jobs; what runs goes on.",
    usage: "nightshift queues pause <queue> ... [<options>]",
    discussion: "A queue may be paused before its first job comes.")

  @Argument(help: ArgumentHelp("Their names; `nightshift queues` lists them.", valueName: "queue"))
  var queues: [String]

  @OptionGroup var pause: PauseOptions
  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      for queue in queues {
        let answer = try await api.post("/api/queues/\(APIRequest.escape(queue))/pause", pause.body)
        if output.isJSON {
          output.json(answer)
        } else {
          output.line("Queue \(queue) is paused\(PauseText.until(answer)); what runs goes on.")
          if answer["newQueue"]?.boolValue == true { output.note(try await Self.novelty(queue, api)) }
        }
      }
    }
  }

  /// What is said of a queue that nobody had heard of: it may be a slip.
  private static func novelty(_ queue: String, _ api: any APIClient) async throws -> String {
    let others = try await api.get("/api/queues").items("queues").map { $0.text("name") }.filter { $0 != queue }
    let nearest = Spelling.nearest(to: queue, among: others)
    let hint = nearest.map { " If you meant \($0): nightshift queues resume \(queue)" } ?? ""
    return "There was no queue \(queue) yet: it is paused from its first job on.\(hint)"
  }
}

struct QueuesResume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "End a pause: the queue's jobs are started again.",
    usage: "nightshift queues resume <queue> ... [<options>]")

  @Argument(help: ArgumentHelp("Their names; `nightshift queues` lists them.", valueName: "queue"))
  var queues: [String]

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      for queue in queues {
        let answer = try await api.post("/api/queues/\(APIRequest.escape(queue))/resume")
        if output.isJSON { output.json(answer) } else { output.line("Queue \(queue) is open.") }
      }
    }
  }
}

struct QueuesPurge: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "purge", abstract: "Cancel all jobs of a queue that have not started.",
    usage: "nightshift queues purge <queue> [<options>]")

  @Argument(help: "Its name; `nightshift queues` lists them.")
  var queue: String

  @OptionGroup var confirmation: ConfirmationOptions
  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let path = "/api/queues/\(APIRequest.escape(queue))/purge"
      try await confirmation.change(
        output, question: { "Cancel \($0) of queue \(queue)?" }, done: { "Cancelled \($0)." },
        call: { isDryRun in try await api.post(path, ["dryRun": .bool(isDryRun)]) })
    }
  }
}
