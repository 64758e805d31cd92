public import Foundation
public import Logging
public import Nightshift
import NightshiftSQLite

/// An engine for tests of your own jobs: real storage in a temporary file, a clock that you move, and nothing that
/// happens in the background.
///
/// ```swift
/// let test = try await TestEngine()
/// try await test.engine.register(SendReceipt.self)
/// try await signUp(customer, test.engine)
///
/// #expect(try await test.enqueued(SendReceipt.self).map(\.orderID) == [7])
/// #expect(try await test.runUntilIdle() == 1)
/// ```
public final class TestEngine: Sendable {
  /// The engine under test.
  public let engine: Engine
  /// Its clock. A job that is due later, or waits for its next attempt, becomes ready when you move it.
  public let clock: TestClock
  /// The folder that holds the database; removed with this object.
  public let folder: URL

  /// An engine over a new file.
  ///
  /// - Parameters:
  ///   - configuration: How it works; its clock is replaced by ``clock``.
  ///   - clock: The clock to share with other things under test.
  ///   - logger: Where it logs; by default nowhere.
  ///   - storage: Instead of the new file.
  public init(
    configuration: EngineConfiguration = EngineConfiguration(), clock: TestClock = TestClock(),
    logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), storage: Storage? = nil
  ) async throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("nightshift-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var configuration = configuration
    configuration.clock = clock
    self.clock = clock
    engine = try await Engine(
      storage ?? .sqlite(path: folder.appendingPathComponent("nightshift.db").path), configuration: configuration,
      logger: logger)
  }

  deinit {
    // At once, since the process may end before the task below has run. What stays in the temporary folder harms nobody.
    try? FileManager.default.removeItem(at: folder)
    let engine = engine
    Task { await engine.close() }  // ends by itself
  }

  /// Runs everything that is due at the clock's moment, one job after the other, until nothing is left.
  ///
  /// - Returns: How many attempts that were.
  @discardableResult
  public func runUntilIdle() async throws -> Int { try await engine.runDueJobs() }

  /// The jobs of a type that are not over yet, oldest first.
  public func enqueued<Kind: Job>(_ type: Kind.Type) async throws -> [Kind] {
    try await engine.unfinishedPayloads(of: Kind.kind).map {
      try JSONDecoder().decode(Kind.self, from: Data($0))
    }
  }
}
