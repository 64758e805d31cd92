import Foundation
public import Nightshift
import Synchronization

/// The store in a PostgreSQL database, for any number of processes on any number of machines.
///
/// A blocking connection on each thread, and lanes of threads: what waits in a lane goes out as one statement. Other
/// processes hear of a commit by `NOTIFY`.
package final class PostgresStore: Store {
  private let url: PostgresURL
  private let postgresClock = PostgresClock()
  private let shared: Shared
  private let inserts: PostgresLane
  private let claims: PostgresLane
  private let settlements: PostgresLane
  private let changes: PostgresLane
  private let readers: PostgresLane
  private let bell: PostgresBell
  private let version: String
  /// Steps of the schema that are yet to be taken by `nightshift db migrate`.
  private let pending: Mutex<[Migration]>
  private let migrations: [Migration]
  /// Claims whose answer was lost with the connection: what they took is handed out with the worker's next one.
  private let lostClaims = Mutex<[WorkerID: Timestamp]>([:])
  /// The first of each batch of settlements whose answer was lost.
  private let unanswered = Mutex<Set<Settlement.Fence?>>([])

  /// What the lanes' threads ask for and tell.
  private final class Shared: Sendable {
    let observer = Mutex<Observer?>(nil)
    let audience = Mutex(Audience())
    let gates = Mutex(GateSet.none)
    let bell = Mutex<PostgresBell?>(nil)
    let writes = OngoingWrites()
    let outage = Outage(patience: PostgresLane.patience)

    /// A closure on its own inside a `Mutex` would be wrapped once more at each access.
    struct Observer { var tell: @Sendable (CommitNotice) -> Void }

    func tell(_ notice: CommitNotice) {
      guard !notice.isEmpty, let observer = observer.withLock({ $0 }) else { return }
      observer.tell(notice)
    }
  }

  /// Connects, and makes the tables if the database has none.
  ///
  /// - Throws: ``StoreError``: code `unavailable` if the database cannot be reached, `wrongVersion` if a newer Nightshift
  ///   has migrated it.
  package init(
    url text: String, migrations: [Migration], says: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(StoreError) {
    let url = try PostgresURL(text)
    self.url = url
    // The bell's connection: it listens before anybody reads what it is to tell the changes of.
    let session = try PostgresSession(connecting: url, role: "bell")
    self.migrations = migrations + PostgresSchema.migrations
    pending = Mutex(try PostgresMigrator(session, migrations + PostgresSchema.migrations).prepare())
    try postgresClock.measure(session)
    version = session.connection.serverVersion
    let shared = Shared()
    self.shared = shared
    let configure: @Sendable (PostgresSession) -> Void = { session in
      session.audience = shared.audience.withLock { $0 }
      session.gates = shared.gates.withLock { $0 }
    }
    let onCommit: @Sendable (PostgresSession) -> Void = { session in
      shared.tell(session.tally.notice)
      shared.bell.withLock { $0 }?.announce(
        session.tally.notice, changesMore: session.changesMore, changesCounters: session.tally.changesCounters)
    }
    func lane(_ name: String, _ threads: Int, capacity: Int = 10_000, merging: Bool = false) -> PostgresLane {
      PostgresLane(
        name, url, threads: threads, capacity: capacity, merging: merging, writes: shared.writes, outage: shared.outage,
        configure: configure, onCommit: onCommit)
    }
    inserts = lane("insert", 2, capacity: 50_000, merging: true)
    claims = lane("claim", 1)
    settlements = lane("settle", 1)
    let changes = lane("change", 2)
    self.changes = changes
    readers = lane("read", 2)
    let clock = postgresClock
    bell = PostgresBell(
      url, clock, hear: { shared.tell($0) },
      fold: {
        // Nothing is lost if it fails: whoever folds next folds these as well.
        changes.submit(
          PendingWork(resolvesCommit: false, { _ in }, { session throws(StoreError) in try session.fold(clock.now) }))
      }, says: says)
    let bell = bell
    shared.bell.withLock { $0 = bell }
    try bell.start(session)
  }

  package func observeCommits(_ observer: @escaping @Sendable (CommitNotice) -> Void) {
    shared.observer.withLock { $0 = Shared.Observer(tell: observer) }
  }

  package func reportTransitions(to audience: Audience) { shared.audience.withLock { $0 = audience } }

  package func apply(_ gates: GateSet) { shared.gates.withLock { $0 = gates } }

  package func waitForWritesUnderWay() async { await shared.writes.waitForAll() }

  package func close() async {
    for lane in [readers, inserts, claims, settlements, changes] { await lane.stop() }
    // Last, so that the others hear of what was committed last.
    await bell.stop()
    shared.bell.withLock { $0 = nil }
  }

  package var pendingMigrations: [Migration] { pending.withLock { $0 } }

  package func migrate() async throws(StoreError) -> [Migration] {
    let (url, migrations) = (url, migrations)
    // On a thread of its own, since it may take as long as it wants.
    let result = await withUnsafeContinuation {
      (continuation: UnsafeContinuation<Result<[Migration], StoreError>, Never>) in
      _ = ServingThread(name: "nightshift-migrate") {
      } serve: { _ in
        continuation.resume(returning: Result { () throws(StoreError) in try Self.migrate(url, migrations) })
      }
    }
    let taken = try result.get()
    pending.withLock { $0 = [] }
    return taken
  }

  private static func migrate(_ url: PostgresURL, _ migrations: [Migration]) throws(StoreError) -> [Migration] {
    try PostgresMigrator(PostgresSession(connecting: url, role: "migrate"), migrations).migrate()
  }

  package var clock: any WallClock { postgresClock }

  package var summary: String { "PostgreSQL \(version), \(url)" }
}

extension PostgresStore {
  /// Checks that a URL can be read, without connecting.
  ///
  /// - Throws: ``StoreError`` that says what is wrong with it.
  package static func check(url: String) throws(StoreError) { _ = try PostgresURL(url) }

  /// A URL without its password.
  package static func shown(url: String) -> String { (try? PostgresURL(url))?.description ?? "postgres://…" }
}

// MARK: The hot path

extension PostgresStore {
  package func insert(_ jobs: [NewJob], now: Timestamp) async throws(StoreError) -> [InsertOutcome] {
    guard !jobs.isEmpty else { return [] }
    let result = await withUnsafeContinuation {
      (continuation: UnsafeContinuation<Result<[InsertOutcome], StoreError>, Never>) in
      inserts.submit(PendingInsert(jobs, now: now) { continuation.resume(returning: $0) })
    }
    return try result.get()
  }

  package func claim(_ request: ClaimRequest) async throws(StoreError) -> [ClaimedJob] {
    let lost = lostClaims.withLock { $0.removeValue(forKey: request.worker) }
    do throws(StoreError) {
      let tries = Mutex(0)
      return try await claims.submit(resolvesCommit: false) { session throws(StoreError) in
        // Done again after a lost connection: the first time may have gone through.
        let isAgain = tries.withLock { tries in
          defer { tries += 1 }
          return tries > 0
        }
        return try session.claim(request, after: [lost, isAgain ? request.now : nil].compactMap(\.self))
      }
    } catch {
      if error.code == .unavailable { lostClaims.withLock { $0[request.worker] = lost ?? request.now } }
      throw error
    }
  }

  package func settle(_ settlements: [Settlement]) async throws(StoreError) -> [SettleOutcome] {
    let tries = Mutex(0)
    let isAgain = unanswered.withLock { $0.remove(settlements.first?.fence) != nil }
    do throws(StoreError) {
      return try await self.settlements.submit(resolvesCommit: false) { session throws(StoreError) in
        let tries = tries.withLock { tries in
          tries += 1
          return tries
        }
        return try session.settle(settlements, mayHaveLanded: isAgain || tries > 1)
      }
    } catch {
      // Whoever settled them will come again with the same.
      if error.code == .unavailable { unanswered.withLock { _ = $0.insert(settlements.first?.fence) } }
      throw error
    }
  }

  package func promote(now: Timestamp, limit: Int, freed: Set<String>) async throws(StoreError) -> Promotion {
    try await changes.submit { session throws(StoreError) in
      try session.promote(now: now, limit: limit, freed: freed)
    }
  }

  package func change(
    _ change: JobChange, of jobs: [JobID], now: Timestamp
  ) async throws(StoreError) -> [ChangeOutcome] {
    try await changes.submit { session throws(StoreError) in try session.change(change, of: jobs, now: now) }
  }

  package func beat(
    _ worker: WorkerID, _ answer: @escaping @Sendable (Result<WorkerOrders, StoreError>) -> Void
  ) {
    // On the lane of the claims, whose transactions are short.
    claims.submit(
      PendingWork(resolvesCommit: false, answer) { session throws(StoreError) in try session.beat(worker) })
  }

  package func reclaim(_ reclaim: Reclaim) async throws(StoreError) -> Int {
    try await changes.submit { session throws(StoreError) in
      session.changesMore = true
      return try session.reclaim(reclaim)
    }
  }

  package func prune(_ jobs: [JobID]) async throws(StoreError) -> Int {
    try await changes.submit { session throws(StoreError) in try session.prune(jobs) }
  }
}

// MARK: Portable SQL

extension PostgresStore {
  package func read<Value: Sendable>(
    _ body: @escaping @Sendable (any ReadTransaction) throws -> Value
  ) async throws(StoreError) -> Value {
    let result = try await readers.submit(mode: "ISOLATION LEVEL REPEATABLE READ READ ONLY", resolvesCommit: false) {
      session throws(StoreError) in try session.attempt(body)
    }
    switch result {
    case .success(let value): return value
    case .failure(let error as StoreError): throw error
    case .failure(let error): throw StoreError(.invalid, "A read failed.", cause: "\(error)")
    }
  }

  package func write<Value: Sendable>(
    _ body: @escaping @Sendable (any WriteTransaction) throws -> Value
  ) async throws -> Value {
    let result = try await changes.submit { session throws(StoreError) in
      session.changesMore = true
      return try session.attempt(body)
    }
    return try result.get()
  }
}

extension PostgresSession {
  /// Runs a closure; what it throws on its own account undoes the transaction, and is handed on as it is.
  fileprivate func attempt<Value>(
    _ body: (any WriteTransaction) throws -> Value
  ) throws(StoreError) -> Result<Value, any Error> {
    do {
      return .success(try body(self))
    } catch {
      // The database's fault, which may go away when the same is done again.
      if let error = error as? StoreError, fault != nil { throw error }
      undo()
      return .failure(error)
    }
  }

  /// Adds up what transactions have appended to the counters. One process does it for all.
  fileprivate func fold(_ now: Timestamp) throws(StoreError) {
    guard
      try query("SELECT pg_try_advisory_xact_lock(hashtextextended('nightshift fold', 0))")[0].integer(0) == 1
    else { return }
    _ = try send(PostgresStatements.foldCounters, PostgresParameters())
    let hour = GroupTally.hour(of: now) - 3_600_000_000
    _ = try send(PostgresStatements.foldRollups, PostgresParameters([.integer(hour)]))
    // Whoever asks for a mark does so within seconds.
    try execute("DELETE FROM nightshift_commits WHERE abs(at) < ?", [SQLValue(now - .seconds(3_600))])
  }
}

extension Settlement {
  /// What says which attempt of which job on which worker is meant.
  fileprivate struct Fence: Hashable {
    var job: JobID
    var attempt: Int
    var worker: WorkerID
  }

  fileprivate var fence: Fence { Fence(job: id, attempt: attempt, worker: worker) }
}

extension Storage {
  /// A PostgreSQL database, by a URL as libpq takes it: `postgres://user:password@host/database`.
  ///
  /// Several hosts may be named, separated by commas; the one that takes writes is used. Any number of processes on any
  /// number of machines may share the database. Durable at each commit (`synchronous_commit=on`).
  ///
  /// - Parameter says: Called with what belongs into the log.
  public static func postgres(
    url: String, says: @escaping @Sendable (String) -> Void = { _ in }
  ) -> Storage {
    Storage { migrations throws(StoreError) in
      try PostgresStore(url: url, migrations: migrations, says: says)
    }
  }
}
