import Foundation
import Nightshift
import NightshiftPostgres
import NightshiftSQLite
import NightshiftTesting
import TestSupport

/// The database that the engine's tests run on: SQLite, or with `NIGHTSHIFT_TEST_DATABASE=postgres` the server that
/// `NIGHTSHIFT_TEST_POSTGRES` names. The test script runs them on both.
enum TestedDatabase {
  static let isPostgres = ProcessInfo.processInfo.environment["NIGHTSHIFT_TEST_DATABASE"] == "postgres"
}

extension TestEngine {
  /// An engine over a new database of the kind that is tested.
  static func fresh(
    configuration: EngineConfiguration = EngineConfiguration(), clock: TestClock = TestClock()
  ) async throws -> TestEngine {
    // The database stays behind, since nobody knows when its last connection is closed; the server is a private one.
    let storage = TestedDatabase.isPostgres ? Storage.postgres(url: try TestPostgres.Database().url) : nil
    return try await TestEngine(configuration: configuration, clock: clock, storage: storage)
  }
}

/// A database that several engines share, as several processes would; with the host's clock.
final class SharedDatabase: Sendable {
  let folder: URL
  let storage: Storage
  private let remove: @Sendable () -> Void

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("nightshift-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    if TestedDatabase.isPostgres {
      let database = try TestPostgres.Database()
      storage = .postgres(url: database.url)
      remove = { database.drop() }
    } else {
      storage = .sqlite(path: folder.appendingPathComponent("nightshift.db").path)
      remove = {}
    }
  }

  deinit {
    remove()
    // A folder that is left behind in the temporary folder harms nobody.
    try? FileManager.default.removeItem(at: folder)
  }

  func engine(_ change: (inout EngineConfiguration) -> Void = { _ in }) async throws -> Engine {
    var configuration = EngineConfiguration()
    change(&configuration)
    return try await Engine(storage, configuration: configuration, logger: quiet)
  }
}
