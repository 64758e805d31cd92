import Logging
import Synchronization

extension Worker {
  private static let jobsBetweenYields = 64
  /// How long what ends right after a commit gathers, so that a busy worker commits a thousand times a second at most.
  /// Real time, whatever the engine's clock says.
  private static let settlePause = Duration.milliseconds(1)
  private static let smallBatch = 32

  /// The body of a slot's task: one attempt after the other, until there is nothing to begin.
  func work(in slot: Slot) async {
    var count = 0
    var next = nextJob(for: slot)
    while let job = next {
      let (attempt, goesOn) = await run(job, in: slot)
      next = finish(attempt, slot, takesNext: goesOn)
      guard goesOn else { break }
      count += 1
      // Handlers that never suspend must not keep the pool's threads from everybody else.
      if count.isMultiple(of: Self.jobsBetweenYields) { await Task.yield() }
    }
    // It may have ended because its attempt was cancelled: what is left gets a new task.
    dispatch()
    fetchIfLow()
  }

  /// Claims again where there is room and something is known to be ready.
  func fetchIfLow() {
    if state.withLock({ $0.shouldFetch }) { mayFetch.signal() }
  }

  /// The next job, or `nil` after giving the slot back.
  private func nextJob(for slot: Slot) -> ClaimedJob? {
    let (job, isLow) = state.withLock { ($0.takeNext(for: slot), $0.shouldFetch) }
    if isLow { mayFetch.signal() }
    return job
  }

  /// Runs one attempt and tells how it ended; `goesOn` is `false` if it was cancelled, so that the slot's task must end.
  private func run(_ job: ClaimedJob, in slot: Slot) async -> (ended: Settlement, goesOn: Bool) {
    let startedAt = clock.now
    guard let registration = engine.registry[job.kind] else {
      // Held, so that it is not claimed again and again; whoever has the kind releases it.
      state.withLock { _ = $0.lacking.insert(job.kind) }
      let outcome = Settlement.Outcome.held(Hold(.noWorker))
      return (Settlement(job, worker: engine.workerID, startedAt: nil, endedAt: startedAt, outcome: outcome), true)
    }
    var job = job
    job.timeout = job.timeout ?? registration.options.timeout
    let timeout = job.timeout
    let worker = engine.workerID
    let context = JobContext(
      job, engine: engine, worker: worker, deadline: timeout.map { startedAt + $0 })
    slot.begin(context, at: startedAt)
    if !registration.runsOutside { recorder?.begin(job.id, slot: slot.index) }
    let timer = timeout.map { startTimer($0, context, slot) }
    let outcome = await attempt(job, registration, context)
    timer?.cancel()
    if !registration.runsOutside { recorder?.end(slot: slot.index) }
    let goesOn = slot.end()
    let journal = engine.journal
    if journal.isUsed { await journal.finish(context) }
    let endedAt = clock.now
    let waits = context.parkedWaits
    // By the mark and not by the error: a handler that caught it is parked all the same.
    let settled =
      waits.isEmpty
      ? Settlement.Outcome.after(
        outcome, of: job, backoff: registration.options.backoff, now: endedAt, random: .random(in: 0...1))
      : .parked(waits)
    var settlement = Settlement(
      job, worker: worker, startedAt: startedAt, endedAt: endedAt, outcome: context.masks.apply(settled))
    if waits.isEmpty { settlement.succeeded = outcome.succeeded }
    settlement.calls = context.calls
    return (settlement, goesOn)
  }

  private func attempt(
    _ job: ClaimedJob, _ registration: KindRegistration, _ context: JobContext
  ) async -> Outcome {
    do {
      let result = try await JobContext.$current.withValue(context) {
        guard let observer = engine.configuration.observer else { return try await handle(job, registration, context) }
        return try await observer.attempt(context) { try await handle(job, registration, context) }
      }
      return .returned(result: result)
    } catch {
      return .threw(error, context.cancellationReason)
    }
  }

  private func handle(
    _ job: ClaimedJob, _ registration: KindRegistration, _ context: JobContext
  ) async throws -> [UInt8]? {
    let middleware = engine.configuration.middleware
    guard !middleware.isEmpty else { return try await registration.handler(context, Array(job.payload)) }
    let result = Mutex<[UInt8]?>(nil)
    try await Self.run(middleware[...], context) {
      let bytes = try await registration.handler(context, Array(job.payload))
      result.withLock { $0 = bytes }
    }
    return result.withLock { $0 }
  }

  private static func run(
    _ middleware: ArraySlice<any JobMiddleware>, _ context: JobContext,
    _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    guard let outermost = middleware.first else { return try await body() }
    try await outermost.aroundRun(context) { try await run(middleware.dropFirst(), context, body) }
  }

  /// Cancels the attempt when its time is over. The attempt's end cancels the timer.
  private func startTimer(_ timeout: Duration, _ context: JobContext, _ slot: Slot) -> Task<Void, Never> {
    let deadline = clock.monotonic(after: timeout)
    return Task {
      // Cancelled: the attempt ended in time.
      guard (try? await clock.sleep(untilMonotonic: deadline)) != nil else { return }
      cancel(slot, context.id, attempt: context.attempt, .timeout)
    }
  }

  /// Notes an attempt that has ended, and takes the slot's next job or gives the slot back: under one lock, since both
  /// threads of a busy worker want it for each job.
  private func finish(_ ended: Settlement, _ slot: Slot, takesNext: Bool) -> ClaimedJob? {
    let (next, isFirst, wasAlone, isLow) = state.withLock { state in
      let wasAlone = state.buffer.isAlone
      state.buffer.finished(after: ended.startedAt.map { ended.endedAt - $0 } ?? .zero)
      state.finished.append(ended)
      let isFirst = state.finished.count == 1
      var next: ClaimedJob?
      if takesNext { next = state.takeNext(for: slot) } else { state.idleSlots.append(slot) }
      return (next, isFirst, wasAlone, state.shouldFetch)
    }
    // Whoever takes them takes all.
    if isFirst { mustSettle.signal() }
    if isLow { mayFetch.signal() }
    // The others had to wait for it.
    if wasAlone { dispatch() }
    return next
  }
}

extension Worker.State {
  /// The next job for a slot; the slot is idle if there is none.
  fileprivate mutating func takeNext(for slot: Slot) -> ClaimedJob? {
    let job = isStopping ? nil : buffer.next()
    if job == nil { idleSlots.append(slot) }
    return job
  }

  /// Whether there is room, and something is known to be ready.
  fileprivate var shouldFetch: Bool { buffer.isLow && !hints.isEmpty }
}

// MARK: One after the other

extension Worker {
  /// Runs claimed jobs here and now, and returns when they are settled: without the loops, for tests and for
  /// `nightshift run`.
  func runInForeground(_ jobs: [ClaimedJob]) async {
    state.withLock { state in
      state.held += jobs.count
      state.buffer.add(jobs)
    }
    engine.beats.hold()
    while let slot = state.withLock({ $0.buffer.isEmpty || $0.isStopping ? nil : $0.idleSlots.popLast() }) {
      await withCheckedContinuation { continuation in
        slot.start {
          if let job = self.nextJob(for: slot) {
            let (attempt, _) = await self.run(job, in: slot)
            _ = self.finish(attempt, slot, takesNext: false)
          }
          continuation.resume()
        }
      }
      await settleAll()
    }
    // What was claimed while the worker was told to stop.
    giveBack(state.withLock { $0.isStopping ? $0.buffer.removeAll() : [] }) { .runAgain(at: $0.runAt, .shutdown) }
    await settleAll()
  }
}

// MARK: Settling

extension Worker {
  func settleLoop() async {
    while !Task.isCancelled {
      await mustSettle.wait()
      let count = await settleAll()
      // Only a cancellation ends the pause early, and then the loop ends too.
      if count < Self.smallBatch { try? await Task.sleep(for: Self.settlePause) }
    }
  }

  /// Records all attempts that have ended, again and again until the store has taken them.
  @discardableResult
  func settleAll() async -> Int {
    var count = 0
    while true {
      let (batch, ticket) = state.withLock { state in
        defer { state.finished.removeAll(keepingCapacity: true) }
        state.lastSettlement += 1
        state.settling[state.lastSettlement] = state.finished
        return (state.finished, state.lastSettlement)
      }
      if !batch.isEmpty { await settle(batch) }
      state.withLock { state in
        state.settling[ticket] = nil
        state.held -= batch.count
      }
      guard !batch.isEmpty else { return count }
      count += batch.count
      changed.signal()
    }
  }

  private func settle(_ batch: [Settlement]) async {
    var wait = Duration.milliseconds(50)
    var tries = 0
    while true {
      do throws(StoreError) {
        report(batch, try await engine.store.settle(batch))
        return
      } catch {
        // What was done must not be forgotten: as long as the process lives it tries again, and the fence decides.
        engine.logger.error(
          "\(batch.count) ended attempts could not be recorded; trying again", metadata: ["error": "\(error)"])
        if tries >= 2, error.code == .conflict || error.code == .invalid { return await settleApart(batch, error) }
        // A process that is to end gives up after some seconds; then the jobs run again.
        tries += 1
        if engine.isClosing && tries > 8 { return }
      }
      // Cancelled only when the process ends, and then the loop above has had its last try.
      try? await clock.sleep(for: wait)
      wait = min(wait * 2, .seconds(5))
    }
  }

  /// One settlement that cannot be written must not hold up the others: it ends its job instead.
  private func settleApart(_ batch: [Settlement], _ error: StoreError) async {
    guard batch.count == 1, var only = batch.first else {
      for settlement in batch { await settle([settlement]) }
      return
    }
    guard case .dead = only.outcome else {
      let failure = Failure(type: "StoreError", message: "how the attempt ended could not be recorded: \(error)")
      only.outcome = .dead(failure)
      return await settle([only])
    }
    engine.logger.critical("an ended attempt cannot be recorded", metadata: ["job": "\(only.id)", "error": "\(error)"])
  }

  private func report(_ batch: [Settlement], _ outcomes: [SettleOutcome]) {
    engine.profile.record(batch, outcomes)
    if let observer = engine.configuration.observer {
      observer.ended(zip(batch, outcomes).filter { $1 != .stale }.map(\.0))
    }
    for (settlement, outcome) in zip(batch, outcomes) {
      if outcome == .stale {
        engine.logger.warning(
          "the result of an attempt came too late and was refused: another attempt has taken over",
          metadata: ["job": "\(settlement.id)", "attempt": "\(settlement.attempt)"])
      } else if case .dead(let failure) = settlement.outcome {
        engine.logger.error(
          "job is dead",
          metadata: ["job": "\(settlement.id)", "kind": "\(settlement.kind)", "error": "\(failure.type)"])
      }
    }
  }
}

// MARK: Cancelling and stopping

extension Worker {
  /// Cancels a job of this worker: one that runs is asked to stop, one that has not begun is settled at once.
  func cancel(_ job: JobID) {
    let (slots, waiting) = state.withLock { ($0.slots, $0.buffer.remove(job)) }
    if let waiting {
      giveBack([waiting]) { _ in .cancelled(reason: "cancelled") }
      return
    }
    for slot in slots where cancel(slot, job, .cancelled) { return }
    // Perhaps on its way from the store into the buffer, or from there into a slot.
    lookForCancelsSoon()
  }

  /// Asks the store again, a moment later, which jobs of this worker are to be cancelled.
  private func lookForCancelsSoon() {
    let isFirst = state.withLock { state in
      defer { state.looksForCancels = true }
      return !state.looksForCancels
    }
    guard isFirst else { return }
    // Ends by itself.
    Task {
      for wait in [Duration.milliseconds(50), .milliseconds(300)] {
        // What goes wrong here is mended by the next beat, which brings the same orders.
        try? await clock.sleep(for: wait)
        try? await engine.followForeignCancels()
      }
      state.withLock { $0.looksForCancels = false }
    }
  }

  /// Asks an attempt to stop, and reports it as stuck should it not do so within ten seconds.
  @discardableResult
  func cancel(_ slot: Slot, _ job: JobID, attempt: Int? = nil, _ reason: CancellationReason) -> Bool {
    guard slot.cancel(job, attempt: attempt, reason) else { return false }
    guard reason == .cancelled || reason == .timeout, let running = slot.current else { return true }
    let patience = Duration.seconds(10)
    let deadline = clock.monotonic(after: patience)
    // Ends by itself after ten seconds.
    Task {
      guard (try? await clock.sleep(untilMonotonic: deadline)) != nil else { return }
      guard let still = slot.current, still.context === running.context else { return }
      await engine.reportStuck(still.context, since: still.startedAt, after: patience)
    }
    return true
  }

  func cancelAll(_ reason: CancellationReason) {
    let slots = state.withLock { $0.slots }
    for slot in slots { if let running = slot.current { cancel(slot, running.context.id, reason) } }
  }

  /// Settles jobs that were claimed and never begun.
  func giveBack(_ jobs: [ClaimedJob], _ outcome: (ClaimedJob) -> Settlement.Outcome) {
    guard !jobs.isEmpty else { return }
    let now = clock.now
    let settlements = jobs.map {
      Settlement($0, worker: engine.workerID, startedAt: nil, endedAt: now, outcome: outcome($0))
    }
    state.withLock { $0.finished += settlements }
    mustSettle.signal()
  }

  /// Gives back what waits behind handlers that take long, so that another worker may run it.
  func giveBackStalled() {
    giveBack(state.withLock { $0.buffer.removeStalled() }) { .runAgain(at: $0.runAt, .notAlone) }
  }

  /// Gives back suspects that could not be run alone in time, so that long handlers beside them do not hold up
  /// everything else.
  func giveBackImpatientSuspects() {
    let now = clock.monotonic
    let suspects = state.withLock { state -> [ClaimedJob] in
      guard let deadline = state.buffer.suspectDeadline, deadline <= now else { return [] }
      return state.buffer.removeSuspects()
    }
    guard !suspects.isEmpty else { return }
    let again = clock.now + LocalBuffer.patience
    giveBack(suspects) { _ in .runAgain(at: again, .notAlone) }
    dispatch()
    fetchIfLow()
  }

  /// Stops claiming, gives back what has not begun, lets handlers finish for `gracePeriod`, then cancels them. Returns
  /// when everything is settled, or when handlers have not returned seven seconds after they were cancelled:
  /// a script that ignores TERM has five.
  func stop(gracePeriod: Duration) async {
    let waiting = state.withLock { state in
      state.isStopping = true
      return state.buffer.removeAll()
    }
    giveBack(waiting) { .runAgain(at: $0.runAt, .shutdown) }
    if await !waitUntilIdle(for: gracePeriod) {
      engine.logger.notice("grace period is over, cancelling what still runs", metadata: ["handlers": "\(activeCount)"])
      cancelAll(.shutdown)
      if await !waitUntilIdle(for: .seconds(7)) {
        engine.logger.error("\(activeCount) handlers did not return after they were cancelled; their jobs run again")
      }
    }
    await settleAll()
  }

  /// Waits until no job is held; `false` when the time was over before.
  private func waitUntilIdle(for time: Duration) async -> Bool {
    let deadline = clock.monotonic(after: time)
    while heldCount > 0 {
      guard clock.monotonic < deadline, !Task.isCancelled else { return false }
      await changed.wait(untilMonotonic: deadline, clock)
    }
    return true
  }

  /// The lease is lost: nothing more may be written about the jobs in hand.
  func forget() {
    cancelAll(.leaseLost)
    state.withLock { state in
      state.held -= state.buffer.removeAll().count
      state.hints = Set(state.lanes)
    }
    mayFetch.signal()
  }
}
