import Synchronization

extension Worker {
  private static let jobsBetweenYields = 64

  /// The body of a slot's task: one attempt after the other, until there is nothing to begin.
  ///
  /// This and what it calls run wherever their caller does: no call between them asks for a thread of the pool, on which
  /// they are already.
  nonisolated(nonsending) func work(in slot: Slot, of engine: Engine) async {
    var count = 0
    var next = nextJob(for: slot)
    while let job = next.take() {
      let (attempt, goesOn) = await run(job, in: slot, of: engine)
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
  private nonisolated(nonsending) func run(
    _ job: ClaimedJob, in slot: Slot, of engine: Engine
  ) async -> (ended: Settlement, goesOn: Bool) {
    let startedAt = clock.now
    guard let entry = registry[job.kind] else {
      // Held, so that it is not claimed again and again; whoever has the kind releases it.
      state.withLock { _ = $0.lacking.insert(job.kind) }
      let outcome = Settlement.Outcome.held(Hold(.noWorker))
      return (Settlement(job, worker: engine.workerID, startedAt: nil, endedAt: startedAt, outcome: outcome), true)
    }
    var job = job
    let timeout = job.timeout ?? entry.registration.options.timeout
    job.timeout = timeout
    let worker = engine.workerID
    let context = JobContext(
      job, engine: engine, worker: worker, startedAt: startedAt, deadline: timeout.map { startedAt + $0 })
    slot.begin(context, at: startedAt)
    let runsOutside = entry.registration.runsOutside
    if !runsOutside { recorder?.begin(job.id, slot: slot.index) }
    let timer = timeout.map { startTimer($0, context, slot) }
    let outcome = await attempt(job.payload, entry, context)
    timer?.cancel()
    if !runsOutside { recorder?.end(slot: slot.index) }
    let goesOn = slot.end()
    if journal.isUsed { await journal.finish(context) }
    let endedAt = clock.now
    let waits = context.parkedWaits
    // By the mark and not by the error: a handler that caught it is parked all the same.
    let settled =
      waits.isEmpty
      ? Settlement.Outcome.after(
        outcome, of: job, backoff: entry.registration.options.backoff, now: endedAt, random: .random(in: 0...1))
      : .parked(waits)
    var settlement = Settlement(
      job, worker: worker, startedAt: startedAt, endedAt: endedAt, outcome: context.masks.apply(settled))
    if waits.isEmpty { settlement.succeeded = outcome.succeeded }
    settlement.calls = context.calls
    settlement.hidden = context.hiddenTexts(after: settlement.outcome)
    return (settlement, goesOn)
  }

  private nonisolated(nonsending) func attempt(
    _ payload: ArraySlice<UInt8>, _ entry: HandlerRegistry.Entry, _ context: JobContext
  ) async -> Outcome {
    do {
      let result = try await JobContext.$current.withValue(context) {
        guard let observer else { return try await handle(payload, entry, context) }
        return try await observer.attempt(context) { try await handle(payload, entry, context) }
      }
      return .returned(result: result)
    } catch {
      return .threw(error, context.cancellationReason)
    }
  }

  private nonisolated(nonsending) func handle(
    _ payload: ArraySlice<UInt8>, _ entry: HandlerRegistry.Entry, _ context: JobContext
  ) async throws -> [UInt8]? {
    guard !middleware.isEmpty else { return try await entry.registration.handler(context, Array(payload)) }
    let result = Mutex<[UInt8]?>(nil)
    try await Self.run(middleware[...], context) {
      let bytes = try await entry.registration.handler(context, Array(payload))
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
        slot.start { [engine] in
          if let job = self.nextJob(for: slot) {
            let (attempt, _) = await self.run(job, in: slot, of: engine)
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
