import ArgumentParser
import Foundation
import Logging
import Nightshift

/// What every command takes.
struct SharedOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Folder of the store (default: ./nightshift-data).", valueName: "dir"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "Least level that is logged: trace, debug, info, notice, warning, error, critical.",
      valueName: "level"))
  var logLevel: String?

  @Flag(help: "Print JSON, as the API gives it.")
  var json = false

  /// The settings of this run, with the flags of the command at the top.
  func settings(
    _ flags: [SettingKey: (name: String, value: String)] = [:]
  ) throws(CommandFailure) -> Settings {
    var flags = flags
    if let data { flags[.data] = ("--data", data) }
    if let logLevel { flags[.logLevel] = ("--log-level", logLevel) }
    return try Settings.load(flags: flags)
  }

  var output: Output {
    Output(terminal: Terminal.current(environment: ProcessInfo.processInfo.environment), isJSON: json)
  }
}

extension SharedOptions {
  /// Runs a command's body with the API, and closes it however the body ends.
  func withAPI<Value>(
    _ body: (_ api: any APIClient, _ output: Output) async throws -> Value
  ) async throws -> Value {
    let settings = try settings()
    let output = output
    // A command is quiet unless asked: what it has to say it prints itself.
    LogSetup.start(settings, terminal: output.terminal, quietLevel: .warning)
    let api = try await APIConnection.open(settings)
    do {
      let value = try await body(api, output)
      await api.close()
      return value
    } catch {
      await api.close()
      throw error
    }
  }
}
