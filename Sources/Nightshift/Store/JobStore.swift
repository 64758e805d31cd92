/// The upper storey of the seam: the hot path, written and tuned for each database.
///
/// A store decides nothing: it is told the time and the outcome. Every verb is one transaction, durable when it
/// returns, and takes many jobs at a time. What crosses the seam are values, never a row or a connection.
package protocol JobStore: Sendable {
  /// Adds jobs: all of them or, when it throws, none.
  func insert(_ jobs: [NewJob], now: Timestamp) async throws(StoreError) -> [InsertOutcome]

  /// Leases due jobs to a worker, most urgent first in each queue.
  func claim(_ request: ClaimRequest) async throws(StoreError) -> [ClaimedJob]

  /// Records how attempts ended. One that is no longer the job's current attempt changes nothing and is told so.
  func settle(_ settlements: [Settlement]) async throws(StoreError) -> [SettleOutcome]

  /// Makes due what was scheduled, and releases holds whose time has come, or which have room now.
  ///
  /// - Parameters:
  ///   - limit: At most so many jobs; 0 leaves alone what was scheduled.
  ///   - freed: Pools of gates in which jobs have ended.
  func promote(now: Timestamp, limit: Int, freed: Set<String>) async throws(StoreError) -> Promotion

  /// Changes jobs on behalf of a person.
  func change(_ change: JobChange, of jobs: [JobID], now: Timestamp) async throws(StoreError) -> [ChangeOutcome]

  /// Renews a worker's leases and brings back what others ask of it. Fails with code `leaseLost` once it was reaped.
  ///
  /// Answers by a callback, from the store's own thread, so that a beat needs none of the threads that handlers may
  /// be blocking.
  func beat(_ worker: WorkerID, _ answer: @escaping @Sendable (Result<WorkerOrders, StoreError>) -> Void)

  /// Takes back what a lost worker held, and closes its row.
  func reclaim(_ reclaim: Reclaim) async throws(StoreError) -> Int

  /// Deletes ended jobs with all that belongs to them.
  func prune(_ jobs: [JobID]) async throws(StoreError) -> Int
}

/// What a store tells its engine after a commit, from its own thread. The engine must be quick and must not block.
package struct CommitNotice: Sendable {
  /// Queues in which jobs became ready.
  package var readyQueues: Set<String> = []
  /// The earliest moment at which something scheduled in this commit is due.
  package var nextDue: Timestamp?
  /// Transitions, when anybody listens.
  package var transitions: [Transition] = []
  /// Questions that jobs have asked or that have expired, when anybody listens.
  package var questions: [CheckpointID] = []
  /// Whether something was written that this notice does not name, by another process most likely: re-read whatever is
  /// kept in memory.
  package var foreignChange = false
  /// Jobs whose running attempt was asked to stop.
  package var cancelRequests: [JobID] = []
  /// Pools of gates that may have room for jobs which are held back.
  package var freedPools: Set<String> = []
  /// Whether a breaker has opened or closed.
  package var gatesChanged = false

  package init() {}

  package var isEmpty: Bool {
    readyQueues.isEmpty && nextDue == nil && transitions.isEmpty && !foreignChange && cancelRequests.isEmpty
      && freedPools.isEmpty && !gatesChanged && questions.isEmpty
  }
}

/// Who listens to transitions.
package struct Audience: Sendable, Hashable {
  /// Somebody in this process.
  package var here = false
  /// Somebody in another process, which reads `nightshift_events`; the value names this process there.
  package var elsewhere: WorkerID?

  package init(here: Bool = false, elsewhere: WorkerID? = nil) {
    self.here = here
    self.elsewhere = elsewhere
  }
}

/// A store with everything the engine needs of it.
package protocol Store: JobStore, Database {
  /// Checks that what was opened is still where it was opened: a file may be removed or replaced under an open handle,
  /// which notices nothing.
  func checkPlace() throws(StoreError)

  /// Called after each commit with something to tell.
  func observeCommits(_ observer: @escaping @Sendable (CommitNotice) -> Void)

  /// Who listens to transitions: they are collected, or written down for other processes, only then.
  func reportTransitions(to audience: Audience)

  /// What the claims of this process are to ask, from the next write on.
  func apply(_ gates: GateSet)

  /// Returns when every write that was under way at the call is over, and what it has to tell was told.
  func waitForWritesUnderWay() async

  /// Ends when everything that was handed in is on disk and all connections are closed.
  func close() async

  /// Takes the steps of the schema that opening has left to be taken, and tells which.
  ///
  /// Where many processes share a database, a new version first runs on the old schema, everywhere.
  @discardableResult
  func migrate() async throws(StoreError) -> [Migration]

  /// The time of the database.
  var clock: any WallClock { get }

  /// For people: `SQLite 3.40.1, /var/lib/nightshift/nightshift.db`.
  var summary: String { get }

  /// The statements that enqueue a job over a connection of the caller's own.
  func statements(for job: NewJob, now: Timestamp) throws(StoreError) -> [Statement]

  /// Problems with the database as such, each with its remedy.
  func findings(_ depth: CheckDepth) async -> [StoreFinding]
}

/// How closely `nightshift doctor` and the console look.
package enum CheckDepth: Sendable {
  /// What is found in milliseconds, however large the store is: for a page.
  case quick
  /// Everything, which reads the whole database: for a person who asks.
  case thorough
}

extension JobStore {
  package func promote(now: Timestamp, limit: Int) async throws(StoreError) -> Promotion {
    try await promote(now: now, limit: limit, freed: [])
  }
}

extension Store {
  package func findings() async -> [StoreFinding] { await findings(.thorough) }
}

/// What `nightshift doctor` shows of a store.
package struct StoreFinding: Sendable {
  package var name: String
  package var isFine: Bool
  package var found: String
  package var remedy: String?

  package init(_ name: String, isFine: Bool, found: String, remedy: String? = nil) {
    self.name = name
    self.isFine = isFine
    self.found = found
    self.remedy = remedy
  }
}

/// One statement of a transactional enqueue, to be run on a connection of the caller's own, inside their transaction.
public struct Statement: Sendable, Hashable {
  /// A parameter's value.
  public enum Value: Sendable, Hashable {
    /// SQL `NULL`.
    case null
    /// A 64-bit integer.
    case integer(Int64)
    /// UTF-8 text.
    case text(String)
    /// Bytes.
    case bytes([UInt8])
  }

  /// The statement, with one `?` for each value.
  public let sql: String
  /// The values, in order.
  public let values: [Value]

  package init(sql: String, values: [SQLValue]) {
    self.sql = sql
    self.values = values.map { value in
      switch value {
      case .null: .null
      case .integer(let integer): .integer(integer)
      case .text(let text): .text(text)
      case .bytes(let bytes): .bytes(bytes)
      }
    }
  }
}

extension Store {
  package func checkPlace() throws(StoreError) {}
}
