import ArgumentParser
import Foundation
import Logging
import Nightshift
import NightshiftSQLite

/// `nightshift db`
struct DatabaseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "db", abstract: "Migrate, back up, restore, check and move the database.",
    subcommands: [
      DatabaseMigrate.self, DatabaseBackup.self, DatabaseRestore.self, DatabaseCheck.self, DatabaseMove.self,
    ])
}

struct DatabaseMigrate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Bring the schema up to date, as each start does.",
    usage: "nightshift db migrate [<options>]")

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let settings = try shared.settings()
    if settings[.database] == nil { try DataFolder(path: settings.required(.data)).prepare() }
    let database = try settings.database
    let store = try database.storage(Logger(label: "nightshift")).open(Migration.core)
    let taken: [Migration]
    do {
      taken = try await store.migrate()
    } catch {
      await store.close()
      throw error
    }
    await store.close()
    let output = shared.output
    if output.isJSON {
      let steps = taken.map { JSONValue.string("\($0.module) \($0.number): \($0.name)") }
      return output.json(["database": .string("\(database)"), "migrated": true, "steps": .array(steps)])
    }
    for step in taken { output.line("Took step \(step.number) of schema \(step.module): \(step.name).") }
    output.line("\(database) is up to date.")
  }
}

struct DatabaseBackup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Make a consistent copy, also while the server runs.",
    usage: "nightshift db backup <file> [<options>]")

  @Argument(help: ArgumentHelp("The copy; it must not be there yet.", valueName: "file"))
  var file: String

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let path = try shared.settings().database.file(
      for: "db backup", instead: "Use pg_dump: it makes a consistent copy while everything runs.")
    try SQLiteBackup.backup(of: path, to: file)
    let attributes = try FileManager.default.attributesOfItem(atPath: file)
    let size = attributes[.size] as? Int64 ?? 0
    let output = shared.output
    if output.isJSON {
      return output.json(["database": .string(path), "file": .string(file), "size": .integer(size)])
    }
    output.line("\(file) is a checked copy of \(path) (\(max(1, size >> 10)) KiB).")
  }
}

struct DatabaseRestore: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Replace the database with a copy; the old one is kept beside it.",
    usage: "nightshift db restore <file> [<options>]")

  @Argument(help: ArgumentHelp("The copy.", valueName: "file"))
  var file: String

  @Flag(name: .shortAndLong, help: "Do not ask.")
  var yes = false

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let settings = try shared.settings()
    let output = shared.output
    let path = try settings.database.file(for: "db restore", instead: "Use pg_restore or psql.")
    let isReplacing = FileManager.default.fileExists(atPath: path)
    if isReplacing, !yes, try !ConfirmationOptions.isConfirmed("Replace \(path) with \(file)?", output) {
      throw CommandFailure("Nothing was changed.")
    }
    if settings[.database] == nil { try DataFolder(path: settings.required(.data)).prepare() }
    let aside = try SQLiteBackup.restore(from: file, to: path)
    if output.isJSON {
      let replaced: JSONValue = aside.map { .string($0) } ?? .null
      return output.json(["database": .string(path), "file": .string(file), "replaced": replaced])
    }
    output.line("\(path) is restored from \(file).")
    if let aside { output.line("The replaced database is \(aside).") }
  }
}

struct DatabaseCheck: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Look for damage in the database's file.",
    usage: "nightshift db check [<file>] [<options>]")

  @Argument(help: ArgumentHelp("A file, instead of the store's own.", valueName: "file"))
  var file: String?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let path = try file ?? shared.settings().database.file(for: "db check", instead: "Use pg_amcheck.")
    let problems = try SQLiteBackup.check(path)
    let output = shared.output
    if output.isJSON {
      output.json(["database": .string(path), "problems": .array(problems.map { .string($0) })])
    } else if problems.isEmpty {
      output.line("\(path) is sound.")
    } else {
      for problem in problems { output.line(problem) }
      output.note("\(path) is damaged. Stop Nightshift and restore a backup: nightshift db restore FILE")
    }
    if !problems.isEmpty { throw ExitCode(ExitStatus.failure) }
  }
}
