import Dispatch
import Foundation
import Logging
import Nightshift
import NightshiftPostgres
import NightshiftSQLite

/// A worker with jobs in Swift for the crash test: `crash-worker DATA-FOLDER`.
///
/// From the environment: `LEDGER`, the file in which its jobs note what they do; `DATABASE_URL`, else the SQLite file of
/// the folder; `NIGHTSHIFT_WORKER_LEASE_DURATION`, in seconds.
@main
struct CrashWorker {
  static func main() async throws {
    let environment = ProcessInfo.processInfo.environment
    guard CommandLine.arguments.count == 2, let path = environment["LEDGER"], let ledger = Ledger(path: path) else {
      FileHandle.standardError.write(Data("usage: LEDGER=FILE crash-worker DATA-FOLDER\n".utf8))
      exit(64)
    }
    let folder = CommandLine.arguments[1]
    var configuration = EngineConfiguration()
    configuration.name = "crash-worker"
    configuration.queues = ["flow"]
    configuration.concurrency = 8
    configuration.recorderFolder = "\(folder)/run"
    configuration.witnessesSignals = true
    configuration.gracePeriod = .seconds(10)
    if let lease = environment["NIGHTSHIFT_WORKER_LEASE_DURATION"].flatMap({ Duration(text: $0) }) {
      configuration.leaseDuration = lease
    }
    let storage =
      environment["DATABASE_URL"].map { Storage.postgres(url: $0) } ?? .sqlite(path: "\(folder)/nightshift.db")
    let logger = Logger(label: "crash-worker") { StreamLogHandler.standardError(label: $0) }
    let engine = try await Engine(storage, configuration: configuration, logger: logger)
    try await engine.register(
      FlowJob.kind, payload: FlowJob.self, options: FlowJob.options, handler: { try await $0.run($1, ledger) })
    try await run(engine)
  }

  /// Until somebody asks it to end.
  private static func run(_ engine: Engine) async throws {
    signal(SIGTERM, SIG_IGN)
    let asked = DispatchSource.makeSignalSource(signal: SIGTERM)
    asked.setEventHandler { Task { await engine.stop() } }
    asked.resume()
    try await engine.run()
    asked.cancel()
    await engine.close()
  }
}

/// What jobs say they did: lines that are appended to a file, each by one call, so that a killed process leaves whole ones.
final class Ledger: Sendable {
  private let file: Int32

  init?(path: String) {
    file = open(path, O_WRONLY | O_APPEND)
    guard file >= 0 else { return nil }
  }

  /// - Parameter words: The first says what it is about; then come the job's number and attempt.
  func note(_ words: String...) {
    let line = words.joined(separator: " ") + " \(Date().timeIntervalSince1970)\n"
    let count = line.utf8.count
    guard write(file, line, count) == count else { fatalError("the ledger cannot be written to: \(errno)") }
  }
}
