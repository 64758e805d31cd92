import Foundation
import Logging
import Nightshift
import NightshiftSQLite

/// The folder, sizes and clock that the measurements share.
package struct Bench: Sendable {
  /// Where the databases are made; their disk decides the figures.
  package var folder: String
  /// Jobs in a run of the engine.
  package var jobs: Int = 100_000

  package init(folder: String) { self.folder = folder }

  /// 200 bytes of JSON, as ``NoOp`` encodes them.
  static let text = String(repeating: "x", count: 178)

  func path(_ name: String) -> String { "\(folder)/\(name).db" }

  /// Removes a database with all that belongs to it.
  func remove(_ name: String) {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []  // no folder, no files
    for file in files where file.hasPrefix("\(name).db") {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(file)")  // what stays is removed with the folder
    }
  }

  func engine(_ name: String, _ change: (inout EngineConfiguration) -> Void = { _ in }) async throws -> Engine {
    var configuration = EngineConfiguration()
    change(&configuration)
    return try await Engine(
      .sqlite(path: path(name)), configuration: configuration,
      logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  /// A raw loop over a fresh database with the store's schema.
  func rawLoop(_ name: String, batch: Int) async throws -> RawLoop {
    remove(name)
    let store = try SQLiteStore(path: path(name), migrations: Migration.core)
    await store.close()
    return try RawLoop(path: path(name), batch: batch, payload: Array("{\"number\":1,\"text\":\"\(Self.text)\"}".utf8))
  }

  static func seconds(_ body: () async throws -> Void) async rethrows -> Double {
    let time = try await ContinuousClock().measure { try await body() }
    return time.seconds
  }

  static func percentile(_ share: Double, of sorted: [Double]) -> Double {
    guard !sorted.isEmpty else { return 0 }
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
  }
}

/// A job that does nothing, with a typed payload of 200 bytes.
struct NoOp: Job {
  static let kind: JobKind = "bench"
  var number: Int
  var text: String

  func run(_ context: JobContext) async throws {}
}
