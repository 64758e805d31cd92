import Foundation
import Logging
import Nightshift
import NightshiftPostgres
import NightshiftSQLite

/// The folder, sizes and clock that the measurements share.
package struct Bench: Sendable {
  /// Where the databases are made; their disk decides the figures.
  package var folder: String
  /// Instead of files: a PostgreSQL server in which databases may be made; its path is replaced.
  package var server: String?
  /// Jobs in a run of the engine.
  package var jobs: Int = 100_000

  package init(folder: String) { self.folder = folder }

  /// 200 bytes of JSON, as ``NoOp`` encodes them.
  static let text = String(repeating: "x", count: 178)

  /// Where a measurement's database is.
  func storage(_ name: String) -> Storage {
    if let url = url(name) { .postgres(url: url) } else { .sqlite(path: path(name)) }
  }

  private func path(_ name: String) -> String { "\(folder)/\(name).db" }

  private func url(_ name: String) -> String? {
    guard let server, var parts = URLComponents(string: server) else { return nil }
    parts.path = "/\(Self.database(name))"
    return parts.string
  }

  private static func database(_ name: String) -> String { "nightshift_bench_\(name.replacing("-", with: "_"))" }

  /// Removes a database with all that belongs to it.
  func remove(_ name: String) throws {
    if let server {
      try PostgresServer.run(["DROP DATABASE IF EXISTS \(Self.database(name)) WITH (FORCE)"], at: server)
      return
    }
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []  // no folder, no files
    for file in files where file.hasPrefix("\(name).db") {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(file)")  // what stays is removed with the folder
    }
  }

  /// Makes an empty database where that is not done by opening it.
  private func make(_ name: String) throws {
    guard let server else { return }
    let there = try PostgresServer.run(
      ["SELECT 1 FROM pg_database WHERE datname = '\(Self.database(name))'"], at: server)
    if there.isEmpty { try PostgresServer.run(["CREATE DATABASE \(Self.database(name))"], at: server) }
  }

  func engine(_ name: String, _ change: (inout EngineConfiguration) -> Void = { _ in }) async throws -> Engine {
    try make(name)
    var configuration = EngineConfiguration()
    change(&configuration)
    return try await Engine(
      storage(name), configuration: configuration,
      logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  /// A raw loop over a fresh database with the store's schema.
  func rawLoop(_ name: String, batch: Int) async throws -> any RawLimit {
    try remove(name)
    try make(name)
    let store = try storage(name).open(Migration.core)
    await store.close()
    let payload = Array("{\"number\":1,\"text\":\"\(Self.text)\"}".utf8)
    if let url = url(name) { return try PostgresRawLoop(url: url, batch: batch, payload: payload) }
    return try SQLiteRawLoop(path: path(name), batch: batch, payload: payload)
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
