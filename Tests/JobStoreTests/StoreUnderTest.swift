import Foundation
import Nightshift
import NightshiftPostgres
import NightshiftSQLite
import TestSupport
import Testing

/// The databases that the suite runs on. The next one is one more case here, and nothing else.
enum StoreUnderTest: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case sqlite
  case postgres

  /// PostgreSQL is there when `NIGHTSHIFT_TEST_POSTGRES` names a server; the test script starts one.
  static let allCases: [StoreUnderTest] = TestPostgres.url == nil ? [.sqlite] : [.sqlite, .postgres]

  var testDescription: String { rawValue }

  /// A store over a fresh database, which is gone when the result is.
  func make(_ migrations: [Migration] = Migration.core) throws -> TestStore {
    switch self {
    case .sqlite:
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("nightshift-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      // A folder that is left behind in the temporary folder harms nobody.
      return try TestStore(.sqlite(path: folder.appendingPathComponent("jobs.db").path), migrations) {
        try? FileManager.default.removeItem(at: folder)
      }
    case .postgres:
      let database = try TestPostgres.Database()
      return try TestStore(.postgres(url: database.url), migrations) { database.drop() }
    }
  }
}

/// A store over a database of its own, which it removes at its end.
final class TestStore: Sendable {
  let storage: Storage
  fileprivate let base: any Store
  private let remove: @Sendable () -> Void

  fileprivate init(_ storage: Storage, _ migrations: [Migration], remove: @escaping @Sendable () -> Void) throws {
    self.storage = storage
    self.remove = remove
    base = try storage.open(migrations)
  }

  /// A second store over the same database, as another process would have it.
  func another(_ migrations: [Migration] = Migration.core) throws -> any Store {
    try storage.open(migrations)
  }

  deinit {
    let (base, remove) = (base, remove)
    // Ends by itself.
    Task {
      await base.close()
      remove()
    }
  }
}

// MARK: Everything is the store's own doing

extension TestStore: Store {
  func insert(_ jobs: [NewJob], now: Timestamp) async throws(StoreError) -> [InsertOutcome] {
    try await base.insert(jobs, now: now)
  }

  func claim(_ request: ClaimRequest) async throws(StoreError) -> [ClaimedJob] {
    try await base.claim(request)
  }

  func settle(_ settlements: [Settlement]) async throws(StoreError) -> [SettleOutcome] {
    try await base.settle(settlements)
  }

  func promote(now: Timestamp, limit: Int, freed: Set<String>) async throws(StoreError) -> Promotion {
    try await base.promote(now: now, limit: limit, freed: freed)
  }

  func change(
    _ change: JobChange, of jobs: [JobID], now: Timestamp
  ) async throws(StoreError) -> [ChangeOutcome] {
    try await base.change(change, of: jobs, now: now)
  }

  func beat(_ worker: WorkerID, _ answer: @escaping @Sendable (Result<WorkerOrders, StoreError>) -> Void) {
    base.beat(worker, answer)
  }

  func reclaim(_ reclaim: Reclaim) async throws(StoreError) -> Int { try await base.reclaim(reclaim) }
  func prune(_ jobs: [JobID]) async throws(StoreError) -> Int { try await base.prune(jobs) }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (any ReadTransaction) throws -> Value
  ) async throws(StoreError) -> Value { try await base.read(body) }

  func write<Value: Sendable>(
    _ body: @escaping @Sendable (any WriteTransaction) throws -> Value
  ) async throws -> Value { try await base.write(body) }

  func observeCommits(_ observer: @escaping @Sendable (CommitNotice) -> Void) {
    base.observeCommits(observer)
  }
  func reportTransitions(to audience: Audience) { base.reportTransitions(to: audience) }
  func apply(_ gates: GateSet) { base.apply(gates) }
  func waitForWritesUnderWay() async { await base.waitForWritesUnderWay() }
  func close() async { await base.close() }
  func migrate() async throws(StoreError) -> [Migration] { try await base.migrate() }
  var clock: any WallClock { base.clock }
  var summary: String { base.summary }

  func statements(for job: NewJob, now: Timestamp) throws(StoreError) -> [Statement] {
    try base.statements(for: job, now: now)
  }

  func findings(_ depth: CheckDepth) async -> [StoreFinding] { await base.findings(depth) }
}
