import DequeModule
import Logging
import Synchronization

/// Claims jobs and runs their handlers.
///
/// Three loops share one guarded state: `fetch` claims into the local buffer, the slots run what is in it, `settle`
/// records how attempts ended. Each takes all that waits at once, so that under load a few transactions carry
/// thousands of jobs, and when idle nothing moves at all.
final class Worker: Sendable {
  struct State {
    var buffer: LocalBuffer
    var idleSlots: [Slot]
    var slots: [Slot]
    var finished: [Settlement] = []
    /// What is being recorded at the moment.
    var settling: [Int: [Settlement]] = [:]
    var lastSettlement = 0
    var mode: WorkerMode = .running
    /// Told to stop for good: nothing is claimed or begun any more.
    var isStopping = false
    /// Queues in which something may be ready.
    var hints: Set<String> = []
    var lanes: [String] = []
    var rotation = 0
    /// Whether the store is being asked for cancels that found nobody here.
    var looksForCancels = false
    /// Kinds that were claimed and that this process does not have.
    var lacking: Set<String> = []
    /// Jobs that this process holds the lease on: buffered, running, or not yet settled.
    var held = 0
  }

  /// Which owns this object. Handlers' tasks hold it strongly, so that one that does not return finds it still there.
  unowned let engine: Engine
  // What each attempt needs of the engine. Asking the engine itself counts a reference to it, and all threads that run
  // jobs would wait for that one count.
  let clock: any WallClock
  let registry: HandlerRegistry
  let journal: Journal
  let middleware: [any JobMiddleware]
  let observer: (any EngineObserver)?
  let state: Mutex<State>
  let mayFetch = Signal()
  let mustSettle = Signal()
  /// Signalled when a job is no longer held.
  let changed = Signal()
  let modeChanged = Signal()
  let recorder: FlightRecorder?

  init(engine: Engine, journal: Journal, recorder: FlightRecorder?) {
    self.engine = engine
    self.journal = journal
    clock = engine.clock
    registry = engine.registry
    middleware = engine.configuration.middleware
    observer = engine.configuration.observer
    self.recorder = recorder
    let concurrency = engine.configuration.concurrency
    let slots = (0..<concurrency).map(Slot.init(index:))
    let buffer = LocalBuffer(concurrency: concurrency, limit: engine.configuration.bufferLimit)
    state = Mutex(State(buffer: buffer, idleSlots: slots.reversed(), slots: slots))
  }

  var heldCount: Int { state.withLock { $0.held } }
  /// Every job that this process knows to hold.
  var heldJobs: Set<JobID> {
    let (slots, others) = state.withLock { state in
      (state.slots, state.buffer.ids + (state.finished + state.settling.values.joined()).map(\.id))
    }
    return Set(others + slots.compactMap { $0.current?.context.id })
  }
  var activeCount: Int { state.withLock { $0.buffer.active } }
  var mode: WorkerMode { state.withLock { $0.mode } }

  /// Runs until cancelled; ``stop(gracePeriod:)`` before that, or jobs are left to their lease.
  func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.fetch() }
      group.addTask { await self.settleLoop() }
      await group.waitForAll()
    }
  }

  /// Says that something may be ready in these queues.
  func notice(readyQueues: Set<String>) {
    let isServed = state.withLock { state in
      let served = readyQueues.intersection(state.lanes)
      state.hints.formUnion(served)
      return !served.isEmpty
    }
    if isServed { mayFetch.signal() }
  }

  /// Says which queues there are to serve now, and that something may be ready in any of them.
  func serve(queues: [String]) {
    state.withLock { state in
      state.lanes = queues
      state.hints = Set(queues)
    }
    mayFetch.signal()
  }

  /// Says that a queue has come into being.
  func add(queues: Set<String>) {
    state.withLock { state in
      let new = queues.subtracting(state.lanes)
      state.lanes += new.sorted()
      state.hints.formUnion(new)
    }
  }

  /// Says that this process has a kind from now on.
  func learned(_ kind: JobKind) {
    state.withLock { state in
      guard state.lacking.remove(kind.rawValue) != nil else { return }
      state.hints = Set(state.lanes)
    }
    mayFetch.signal()
  }

  func set(mode: WorkerMode) {
    let isNew = state.withLock { state in
      defer { state.mode = mode }
      return state.mode != mode
    }
    guard isNew else { return }
    engine.logger.info("worker is now \(mode.rawValue)")
    mayFetch.signal()
    modeChanged.signal()
  }
}

// MARK: Claiming

extension Worker {
  private func fetch() async {
    while !Task.isCancelled {
      await mayFetch.wait()
      while !Task.isCancelled, let request = nextRequest() {
        do throws(StoreError) {
          try await take(request, engine.store.claim(request))
        } catch {
          await claimFailed(error, request)
          break
        }
      }
    }
  }

  /// What to ask for now; `nil` when there is no room, or nothing is known to be ready.
  private func nextRequest() -> ClaimRequest? {
    state.withLock { state in
      guard !state.isStopping, state.mode == .running, !state.hints.isEmpty else { return nil }
      let room = state.buffer.room
      guard room > 0 else { return nil }
      state.rotation &+= 1
      let lanes = state.lanes.filter(state.hints.contains)
      // Queues take turns at being first, so that a busy one does not starve the others.
      let first = lanes.isEmpty ? 0 : state.rotation % lanes.count
      state.hints.removeAll()
      guard !lanes.isEmpty else { return nil }
      return ClaimRequest(
        worker: engine.workerID, now: clock.now,
        lanes: (lanes[first...] + lanes[..<first]).map { .init(QueueName(stored: $0), limit: room) }, limit: room,
        lacking: state.lacking.sorted())
    }
  }

  private func take(_ request: ClaimRequest, _ jobs: [ClaimedJob]) {
    state.withLock { state in
      // A full batch means that there is more: at least in the queue that filled it and in those behind it.
      if jobs.count == request.limit { state.hints.formUnion(request.lanes.map(\.queue.rawValue)) }
      state.held += jobs.count
      state.buffer.add(jobs)
      if !state.buffer.suspects.isEmpty, state.buffer.suspectDeadline == nil {
        let deadline = clock.monotonic + LocalBuffer.patience.microseconds * 1000
        state.buffer.suspectDeadline = deadline
      }
    }
    if !jobs.isEmpty { engine.beats.hold() }
    dispatch()
  }

  private func claimFailed(_ error: StoreError, _ request: ClaimRequest) async {
    if error.code == .leaseLost { return await engine.leaseLost(of: request.worker) }
    engine.logger.warning("jobs could not be claimed", metadata: ["error": "\(error)"])
    engine.housekeeper.strays.expect()
    // Only a cancellation ends the wait early, and then the loop ends too.
    try? await clock.sleep(for: .milliseconds(500))
    state.withLock { $0.hints.formUnion(request.lanes.map(\.queue.rawValue)) }
    mayFetch.signal()
  }

  /// Starts as many slots as there is work for.
  func dispatch() {
    while let slot = slotToStart() {
      slot.start { [engine] in
        await self.work(in: slot, of: engine)
      }
    }
  }

  private func slotToStart() -> Slot? {
    state.withLock { state in
      // Slots that were started and have not taken their job yet. Without them in the sum a suspect that waits for its
      // turn would be offered to one idle slot after the other.
      let starting = state.slots.count - state.idleSlots.count - state.buffer.active
      guard starting < state.buffer.startable else { return nil }
      return state.idleSlots.popLast()
    }
  }
}
