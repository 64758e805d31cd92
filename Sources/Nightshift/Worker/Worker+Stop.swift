import Logging
import Synchronization

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
