import ArgumentParser
import Foundation
import Logging
import Nightshift

/// `nightshift db move`
struct DatabaseMove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "move", abstract: "Carry everything from one database to another, and verify it.",
    usage: "nightshift db move --from <url> --to <url> [<options>]",
    discussion: """
      Stop every process that uses the source first; it is only read. The target has to be empty. A move that was cut \
      off goes on when the same command is run again. Jobs that were running become ready again.
      """)

  @Option(help: ArgumentHelp("The database that has the jobs: sqlite:PATH or postgres://….", valueName: "url"))
  var from: String

  @Option(help: ArgumentHelp("The empty database that is to have them.", valueName: "url"))
  var to: String

  @Flag(help: "Only say what would be moved; the target is not looked at.")
  var dryRun = false

  @Flag(help: "Move although processes are listed on the source: they are known to have ended.")
  var ignoreWorkers = false

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let (source, target) = (try location(from, "--from"), try location(to, "--to"))
    guard source != target else { throw CommandFailure("--from and --to name the same database.") }
    if case .file(let path) = source, !FileManager.default.fileExists(atPath: path) {
      throw CommandFailure("There is no file \(path). Check --from.")
    }
    try await withStore(at: source) { store in
      if dryRun { return report(try await StoreMove.plan(store), source, target) }
      let moved = try await withStore(at: target) { try await move(store, named: source.moveName, to: $0) }
      report(moved, source, target)
    }
  }

  private func location(_ url: String, _ option: String) throws -> DatabaseLocation {
    do throws(CommandFailure) {
      return try DatabaseLocation(url: url)
    } catch {
      // It is said of the setting, which the option stands for here.
      throw CommandFailure(error.description.replacing("DATABASE_URL", with: option), status: ExitStatus.usage)
    }
  }

  private func withStore<Value>(
    at location: DatabaseLocation, _ body: (any Store) async throws -> Value
  ) async throws -> Value {
    let store = try location.storage(Logger(label: "nightshift")).open(Migration.core)
    do {
      let value = try await body(store)
      await store.close()
      return value
    } catch {
      await store.close()
      throw error
    }
  }

  private func move(_ source: any Store, named name: String, to target: any Store) async throws -> [StoreMove.Table] {
    let move = StoreMove(from: source, named: name, to: target, ignoresWorkers: ignoreWorkers)
    var view = LiveView(terminal: shared.output.terminal)
    defer { view.end() }
    // A log is no film: a line now and then says that it goes on.
    let interval: Duration = shared.output.terminal.isErrorTerminal ? .zero : .seconds(10)
    var next = ContinuousClock.now + interval
    return try await move.run { progress in
      guard ContinuousClock.now >= next else { return }
      next = .now + interval
      let share = progress.total == 0 ? 1 : Double(progress.rows) / Double(progress.total)
      view.progress(share, "\(progress.phase.rawValue) \(progress.table) (\(progress.rows) of \(progress.total))")
    }
  }

  private func report(_ tables: [StoreMove.Table], _ source: DatabaseLocation, _ target: DatabaseLocation) {
    let output = shared.output
    if output.isJSON {
      return output.json([
        "from": .string("\(source)"), "to": .string("\(target)"), "moved": .bool(!dryRun),
        "tables": .array(tables.map(Self.json)),
      ])
    }
    var table = Table([.text("table"), .number("rows")])
    for moved in tables { table.add([.init(moved.name), .init("\(moved.rows)")]) }
    output.table(table, whenEmpty: "There is nothing to move.")
    output.line(
      dryRun
        ? "This would be moved from \(source) to \(target); nothing was."
        : "\(target) has all of \(source), verified row by row. Point DATABASE_URL at it.")
  }

  private static func json(_ table: StoreMove.Table) -> JSONValue {
    var fields: [String: JSONValue] = ["table": .string(table.name), "rows": .integer(table.rows)]
    if let checksum = table.checksum { fields["sha256"] = .string(checksum) }
    return .object(fields)
  }
}

extension DatabaseLocation {
  /// The same for each way to write it, and without a password.
  fileprivate var moveName: String {
    switch self {
    case .file(let path): URL(filePath: path).standardizedFileURL.path
    case .server: description
    }
  }
}
