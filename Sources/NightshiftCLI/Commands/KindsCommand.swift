import ArgumentParser
import Nightshift

/// `nightshift kinds`
struct KindsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kinds", abstract: "List, pause and resume the kinds of jobs.",
    usage: "nightshift kinds [<subcommand>] [<options>]",
    subcommands: [KindsList.self, KindsPause.self, KindsResume.self], defaultSubcommand: KindsList.self)
}

struct KindsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the kinds of jobs that workers have registered.",
    usage: "nightshift kinds [list] [<options>]")

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      let answer = try await api.get("/api/kinds")
      if output.isJSON { return output.json(answer) }
      output.table(
        Self.table(answer.items("kinds")),
        whenEmpty: "No worker has registered a kind yet. Start one: nightshift serve")
    }
  }

  private static func table(_ kinds: [JSONValue]) -> Table {
    // Shown only where there is something to say: few kinds are ever paused.
    let hasPaused = kinds.contains { $0["paused"]?.boolValue == true }
    var table = Table(
      [.text("KIND")] + (hasPaused ? [.text("STATUS")] : []) + [
        .text("QUEUE"), .text("PRIORITY").optional, .number("ATTEMPTS").optional,
        .text("TIMEOUT").optional, .number("WORKERS").optional, .flexible("SOURCE").optional, .flexible("DESCRIPTION"),
      ] + (hasPaused ? [.flexible("REASON").optional] : []))
    for kind in kinds {
      let workers = kind.number("workers")
      let isPaused = kind["paused"]?.boolValue == true
      table.add(
        [.init(kind.text("kind"))] + (hasPaused ? [isPaused ? .init("paused", .yellow) : .init("open", .green)] : [])
          + [
            .init(kind.text("queue"), .dim), .init(kind.text("priority"), .dim),
            .init("\(kind.number("maxAttempts"))"), .init(kind.text("timeout"), .dim),
            .init("\(workers)", workers == 0 ? .yellow : .plain), .init(kind.text("source"), .dim),
            .init(kind.text("description")),
          ] + (hasPaused ? [.init(kind.text("pauseReason"), .dim)] : []))
    }
    return table
  }
}
