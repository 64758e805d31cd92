import Foundation
import Nightshift
import NightshiftSQLite

/// The databases that the suite runs on. The next one is one more case here, and nothing else.
enum StoreUnderTest: CaseIterable, Sendable {
  case sqlite

  /// A store over a fresh database, which is gone when the result is.
  func make(_ migrations: [Migration] = Migration.core) throws -> TestStore {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "nightshift-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return try TestStore(storage(in: folder), folder, migrations)
  }

  private func storage(in folder: URL) -> Storage {
    switch self {
    case .sqlite: .sqlite(path: folder.appendingPathComponent("jobs.db").path)
    }
  }
}

/// A store over a database of its own, which it removes at its end.
final class TestStore: Sendable {
  let storage: Storage
  fileprivate let base: any Store
  private let folder: URL

  fileprivate init(_ storage: Storage, _ folder: URL, _ migrations: [Migration]) throws {
    self.storage = storage
    self.folder = folder
    base = try storage.open(migrations)
  }

  /// A second store over the same database, as another process would have it.
  func another(_ migrations: [Migration] = Migration.core) throws -> any Store {
    try storage.open(migrations)
  }

  deinit {
    let (base, folder) = (base, folder)
    // Ends by itself. A folder that is left behind in the temporary folder harms nobody.
    Task {
      await base.close()
      try? FileManager.default.removeItem(at: folder)
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

  func promote(now: Timestamp, limit: Int) async throws(StoreError) -> Promotion {
    try await base.promote(now: now, limit: limit)
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
  func close() async { await base.close() }
  var summary: String { base.summary }

  func statements(for job: NewJob, now: Timestamp) throws(StoreError) -> [Statement] {
    try base.statements(for: job, now: now)
  }

  func findings() async -> [StoreFinding] { await base.findings() }
}
