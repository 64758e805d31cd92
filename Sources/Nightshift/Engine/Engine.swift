public import Logging
import Synchronization

/// Durable background jobs: takes them in, keeps them, runs them.
///
/// ```swift
/// let nightshift = try await Engine(.sqlite(path: "nightshift.db"))
/// try await nightshift.register(SendReceipt.self)
/// try await nightshift.enqueue(SendReceipt(orderID: 7))
/// try await nightshift.run()
/// ```
///
/// One engine per process and database is enough; all its methods may be called from anywhere. It lives until ``close()``
/// is called.
public final class Engine: Sendable {
  /// Where the engine itself logs. Payloads and results never appear there.
  public let logger: Logger

  package let store: any Store
  package let configuration: EngineConfiguration
  /// The store's clock, or the one that a test moves.
  package let clock: any WallClock
  let registry = HandlerRegistry()
  /// Where the time of each kind goes.
  let profile = ProfileRecorder()
  /// What monitoring has read of hours that are over.
  let pastTotals = Mutex(PastTotals())
  /// The time zones of its schedules.
  package let timelines = ZoneTimelines()
  let identity: Mutex<EngineIdentity>
  let process: ProcessIdentity
  /// What needs a reference to the engine. Written once, by `init`, before anybody else can see the engine, and only
  /// read from then on: hence safe, and without the lock that each attempt would have to take.
  private nonisolated(unsafe) var parts: Parts!
  let caches = Mutex(EngineCaches())
  let passwords = PasswordGate()
  let masterKeys: Mutex<[MasterKey]>
  /// Tickets of the re-readings of ``caches``.
  let refreshes = Mutex((begun: 0, applied: 0))
  /// Calls under way that find out for a circuit breaker whether a service works again.
  let probes = Mutex<[Int64: Int]>([:])
  /// The identity whose leases have ended and that is being replaced.
  let losing = Mutex<WorkerID?>(nil)
  let lifecycle = Mutex(Lifecycle.new)
  let stopTask = Mutex<Task<Void, Never>?>(nil)
  let stopped = Signal()
  /// Kept here because a task does not keep the executor that it prefers.
  let loopExecutor = LoopExecutor()

  struct Parts: Sendable {
    var events: EventHub
    var journal: Journal
    var worker: Worker
    var beats: Beats
    var housekeeper: Housekeeper
    var foreignEvents: ForeignEvents
  }

  enum Lifecycle { case new, running, closing, closed }

  /// Opens the storage and lists this process in it. Nothing runs before ``run()``.
  ///
  /// Jobs that a dead process on this machine had in hand are taken back at once.
  ///
  /// - Throws: ``StoreError`` if the storage cannot be opened, ``ConfigurationError`` for a setting that cannot work.
  public init(
    _ storage: Storage, configuration: EngineConfiguration = EngineConfiguration(),
    logger: Logger = Logger(label: "nightshift")
  ) async throws {
    try configuration.validate()
    self.configuration = configuration
    self.logger = logger
    masterKeys = Mutex(configuration.masterKeys)
    store = try storage.open(Migration.core + configuration.migrations)
    process = ProcessIdentity.current()
    clock = configuration.clock ?? store.clock
    let identity = try await EngineIdentity.register(process, configuration, store)
    self.identity = Mutex(identity)
    let recorder = try identity.recorderPath.map {
      try FlightRecorder(
        path: $0, slots: configuration.concurrency, witnessesSignals: configuration.witnessesSignals)
    }
    let journal = Journal(engine: self)
    parts = Parts(
      events: EventHub(clock: clock, epoch: identity.worker.rawValue) {
        self.foreignEvents.audienceChanged()
      } followerCame: {
        // The job may run elsewhere: a first look at it, from which on its lines are news.
        self.housekeeper.foreignChange.signal()
      },
      journal: journal, worker: Worker(engine: self, journal: journal, recorder: recorder),
      beats: Beats(engine: self), housekeeper: Housekeeper(engine: self), foreignEvents: ForeignEvents(engine: self))
    // A cycle, which `close` breaks. A weak reference would put every retain of the engine on its slow path, and each
    // attempt takes several.
    store.observeCommits { self.committed($0) }
    try await housekeeper.reapDeadProcesses()
    try await refresh()
  }

  /// This process, as it is listed in the store.
  package var workerID: WorkerID { identity.withLock { $0.worker } }
  package var events: EventHub { parts.events }
  var journal: Journal { parts.journal }
  var worker: Worker { parts.worker }
  var beats: Beats { parts.beats }
  var housekeeper: Housekeeper { parts.housekeeper }
  var foreignEvents: ForeignEvents { parts.foreignEvents }
  var isClosing: Bool { lifecycle.withLock { $0 == .closing || $0 == .closed } }

  func makeID() -> JobID { JobID(rawValue: identity.withLock { $0.ids }.next()) }
}
