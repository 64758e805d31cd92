import CSQLite
import Foundation
public import Nightshift

/// The store in one SQLite file.
///
/// One thread writes, with group commit and `synchronous=FULL`; a few threads read. Several processes may share the
/// file: they take turns to write, and each notices within a tenth of a second that another has committed.
package final class SQLiteStore: Store {
  package let path: String
  /// The file that is open.
  private let file: FileIdentity?
  private let writer = Writer()
  private let readers: ReaderPool

  /// Opens the file, or makes it (mode 0600), and brings its schema up to date.
  ///
  /// - Throws: ``StoreError``: code `wrongVersion` if a newer Nightshift made the file, else why it cannot be opened.
  package init(
    path: String, migrations: [Migration], readers: Int = 2, autoVacuum: AutoVacuum = .none
  ) throws(StoreError) {
    self.path = path
    self.readers = ReaderPool(path: path, threads: readers)
    Self.configureLibrary
    Self.makeFile(path)
    try Self.checkAccess(path)
    let turn = try TurnLock(besides: path)
    turn.take()
    let session: WriterSession
    do throws(StoreError) {
      let connection = try SQLiteConnection(path: path, mode: .writer, autoVacuum: autoVacuum)
      try SQLiteMigrator(connection).run(SQLiteSchema.migrations + migrations)
      session = try WriterSession(connection)
    } catch {
      turn.leave()
      throw error
    }
    turn.leave()
    file = FileIdentity(of: path)
    writer.start(session, turn)
    self.readers.start()
  }

  /// Before the first connection of the process: SQLite refuses it afterwards, which is harmless.
  private static let configureLibrary: Void = { _ = nightshift_sqlite_disable_memory_statistics() }()

  /// SQLite gives its log and shared memory the mode of the database's file, so that one decides. A failure shows
  /// with its cause when SQLite opens the file.
  private static func makeFile(_ path: String) {
    let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    if file >= 0 { Foundation.close(file) }
  }

  /// Before SQLite does: it would make a log and shared memory with the file's mode, and leave them there.
  private static func checkAccess(_ path: String) throws(StoreError) {
    for file in [path, path + "-wal", path + "-shm"] where access(file, F_OK) == 0 && access(file, W_OK) != 0 {
      throw StoreError(
        .readOnly, "The file \(file) may not be written to by this user. Check the owner and mode of \(path)*.",
        cause: String(cString: strerror(errno)))
    }
  }

  package func checkPlace() throws(StoreError) {
    guard FileIdentity(of: path) != file else { return }
    throw StoreError(
      .unavailable,
      "The database \(path) was removed or replaced while it was open. Stop this process, put the file back (or restore "
        + "a backup), and start it again.")
  }

  package func observeCommits(_ observer: @escaping @Sendable (CommitNotice) -> Void) { writer.observe(observer) }

  package func reportTransitions(to audience: Audience) { writer.report(to: audience) }

  package func apply(_ gates: GateSet) { writer.apply(gates) }

  package func waitForWritesUnderWay() async {
    // One writes after the other. A write that fails has waited for its turn as well.
    try? await write { _ in }
  }

  package func close() async {
    // The writer last: the one that closes last folds the log back into the file.
    await readers.stop()
    await writer.stop()
  }

  package func migrate() async throws(StoreError) -> [Migration] {
    // Opening has done it: whoever opens the file has it to itself for that moment.
    []
  }

  package var clock: any WallClock { SystemClock() }

  package var summary: String { "SQLite \(String(cString: sqlite3_libversion())), \(path)" }
}

// MARK: The hot path

extension SQLiteStore {
  package func insert(_ jobs: [NewJob], now: Timestamp) async throws(StoreError) -> [InsertOutcome] {
    try await writer.insert(jobs, now: now)
  }

  package func claim(_ request: ClaimRequest) async throws(StoreError) -> [ClaimedJob] {
    try await writer.submit { session throws(StoreError) in try session.claim(request) }
  }

  package func settle(_ settlements: [Settlement]) async throws(StoreError) -> [SettleOutcome] {
    try await writer.submit { session throws(StoreError) in try session.settle(settlements) }
  }

  package func promote(now: Timestamp, limit: Int, freed: Set<String>) async throws(StoreError) -> Promotion {
    try await writer.submit { session throws(StoreError) in
      try session.promote(now: now, limit: limit, freed: freed)
    }
  }

  package func change(
    _ change: JobChange, of jobs: [JobID], now: Timestamp
  ) async throws(StoreError) -> [ChangeOutcome] {
    try await writer.submit { session throws(StoreError) in try session.change(change, of: jobs, now: now) }
  }

  package func beat(
    _ worker: WorkerID, _ answer: @escaping @Sendable (Result<WorkerOrders, StoreError>) -> Void
  ) {
    writer.submit(answer) { session throws(StoreError) in try session.beat(worker) }
  }

  package func reclaim(_ reclaim: Reclaim) async throws(StoreError) -> Int {
    try await writer.submit { session throws(StoreError) in try session.reclaim(reclaim) }
  }

  package func prune(_ jobs: [JobID]) async throws(StoreError) -> Int {
    try await writer.submit { session throws(StoreError) in try session.prune(jobs) }
  }
}

// MARK: Portable SQL

extension SQLiteStore {
  package func read<Value: Sendable>(
    _ body: @escaping @Sendable (any ReadTransaction) throws -> Value
  ) async throws(StoreError) -> Value {
    switch await readers.read(body) {
    case .success(let value): return value
    case .failure(let error as StoreError): throw error
    case .failure(let error): throw StoreError(.invalid, "A read failed.", cause: "\(error)")
    }
  }

  package func write<Value: Sendable>(
    _ body: @escaping @Sendable (any WriteTransaction) throws -> Value
  ) async throws -> Value {
    let result = try await writer.submit { session throws(StoreError) in try session.attempt(body) }
    return try result.get()
  }
}

extension WriterSession {
  /// Runs a closure so that its failure undoes its own writes only, and not those of the group it is in.
  fileprivate func attempt<Value>(
    _ body: (any WriteTransaction) throws -> Value
  ) throws(StoreError) -> Result<Value, any Error> {
    let before = tally
    try connection.execute("SAVEPOINT attempt")
    do {
      let value = try body(self)
      try connection.execute("RELEASE attempt")
      return .success(value)
    } catch {
      do throws(StoreError) {
        try connection.execute("ROLLBACK TO attempt")
        try connection.execute("RELEASE attempt")
      } catch let rollback {
        // SQLite has undone the whole transaction by itself, as it may on a full disk: the others fail with this one.
        throw error as? StoreError ?? rollback
      }
      tally = before
      forget()
      return .failure(error)
    }
  }
}

extension Storage {
  /// One SQLite file at `path`; it is made if it is not there. Its folder must exist.
  ///
  /// Durable at each commit (`synchronous=FULL`, write-ahead log). Any number of processes on one machine may share
  /// the file; it must not lie on a network file system.
  public static func sqlite(path: String) -> Storage {
    Storage { migrations throws(StoreError) in try SQLiteStore(path: path, migrations: migrations) }
  }
}
