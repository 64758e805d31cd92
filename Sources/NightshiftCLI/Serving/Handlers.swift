import Foundation
import Logging
import Nightshift
import NightshiftJobs

/// The kinds that the binary itself brings, and the scripts of its jobs folder.
enum Handlers {
  /// Registers all of them, and returns what watches the folder.
  static func register(
    on engine: Engine, _ settings: Settings, logger: Logger, serverURL: @escaping @Sendable () -> String?
  ) async throws -> ScriptJobs {
    try await BuiltInKinds.register(on: engine)
    let environment = ScriptEnvironment(
      inherited: ProcessInfo.processInfo.environment, serverURL: serverURL)
    // Absolute, since scripts run in a folder of their own.
    let root = URL(filePath: settings.required(.data)).appending(path: "scratch").path
    let scratch = try ScratchSpace(root: root, name: engine.workerID.description)
    let scripts = ScriptJobs(
      folder: settings.required(.jobs), registry: engine, environment: environment, scratch: scratch,
      clock: engine.clock, logger: logger)
    try await scripts.load()
    return scripts
  }
}
