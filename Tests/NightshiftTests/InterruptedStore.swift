import Nightshift
import NightshiftTesting
import Synchronization
import TestSupport

/// A store in which something happens between one call of the engine and the next: what another process, or another
/// request, may do at that very moment.
final class InterruptedStore: Store {
  typealias Interruption = @Sendable () async throws -> Void

  private let base: any Store
  private let interruptions: Interruptions

  /// What is to happen, once each.
  final class Interruptions: Sendable {
    private let afterRead = Mutex<Interruption?>(nil)
    private let failures = Mutex<[any Error]>([])

    /// Does this once the next read has brought its answer, before the engine sees it.
    func afterNextRead(_ interruption: @escaping Interruption) { afterRead.withLock { $0 = interruption } }

    /// Whether all that was to happen has happened, and went well.
    var areOver: Bool { afterRead.withLock { $0 == nil } && failures.withLock { $0.isEmpty } }

    fileprivate func readIsOver() async {
      let interruption = afterRead.withLock { interruption in
        defer { interruption = nil }
        return interruption
      }
      do { try await interruption?() } catch { failures.withLock { $0.append(error) } }
    }
  }

  private init(_ base: any Store, _ interruptions: Interruptions) {
    self.base = base
    self.interruptions = interruptions
  }

  /// The tested database, to be interrupted.
  static func storage(_ storage: Storage, _ interruptions: Interruptions) -> Storage {
    Storage { migrations throws(StoreError) in InterruptedStore(try storage.open(migrations), interruptions) }
  }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (any ReadTransaction) throws -> Value
  ) async throws(StoreError) -> Value {
    let value = try await base.read(body)
    await interruptions.readIsOver()
    return value
  }
}

// MARK: The rest is the store's own doing

extension InterruptedStore {
  func write<Value: Sendable>(
    _ body: @escaping @Sendable (any WriteTransaction) throws -> Value
  ) async throws -> Value { try await base.write(body) }

  func insert(_ jobs: [NewJob], now: Timestamp) async throws(StoreError) -> [InsertOutcome] {
    try await base.insert(jobs, now: now)
  }

  func claim(_ request: ClaimRequest) async throws(StoreError) -> [ClaimedJob] { try await base.claim(request) }

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
  func observeCommits(_ observer: @escaping @Sendable (CommitNotice) -> Void) { base.observeCommits(observer) }
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
