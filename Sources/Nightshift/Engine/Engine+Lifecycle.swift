import Logging
import Synchronization

extension Engine {
  /// Runs jobs until ``stop(gracePeriod:)`` is called or the surrounding task is cancelled; either way it stops
  /// gracefully and returns when the last attempt is recorded.
  ///
  /// It also does the housekeeping that every process shares: makes scheduled jobs ready, takes back the jobs of lost
  /// workers, deletes old ones.
  public func run() async throws {
    let former = lifecycle.withLock { state in
      defer { if state == .new { state = .running } }
      return state
    }
    precondition(former != .running, "an engine runs once; make a new one")
    // Told to stop before it began, as by a signal that came early.
    guard former == .new else { return await stop() }
    beats.start()
    // Cancelled below, after the graceful stop: a cancellation from outside must not end it in mid-settlement.
    let loops = Task(executorPreference: loopExecutor) { [worker, housekeeper] in
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await worker.run() }
        group.addTask { await housekeeper.run() }
        if self.configuration.endsWhenDrained { group.addTask { await self.stopWhenDrained() } }
        await group.waitForAll()
      }
    }
    await stopped.wait()
    await Task { await self.stop() }.value
    loops.cancel()
    await loops.value
  }

  /// Stops: nothing more is claimed, handlers may finish, and those that have not after `gracePeriod` (default: as
  /// configured) are cancelled and their jobs given back without a failure. Returns when all of it is recorded.
  public func stop(gracePeriod: Duration? = nil) async {
    let task = stopTask.withLock { task in
      if let task { return task }
      // Not cancelled by anybody: a stop goes through.
      let new = Task { await self.performStop(gracePeriod ?? configuration.gracePeriod) }
      task = new
      return new
    }
    await task.value
  }

  private func performStop(_ gracePeriod: Duration) async {
    lifecycle.withLock { $0 = .closing }
    await worker.stop(gracePeriod: gracePeriod)
    await journal.flushAll()
    await flushProfile()
    beats.end()
    // Of handlers that did not return: their jobs may run again from the next line on.
    if worker.activeCount > 0 { endChildren() }
    let now = clock.now
    let reclaim = Reclaim(worker: workerID, now: now, reason: "stopped")
    do throws(StoreError) {
      // Whatever a handler that did not return still holds is taken back with the row.
      _ = try await store.reclaim(reclaim)
    } catch {
      logger.warning("the worker's row could not be closed; others will notice", metadata: ["error": "\(error)"])
    }
    worker.recorder?.close()
    stopped.signal()
  }

  /// Kills the child processes of this worker's handlers: for a process that is to end at once.
  package func endChildren() { OrphanedChildren.end(of: workerID) }

  /// Stops if need be, and closes the storage. The engine is of no use afterwards.
  public func close() async {
    await stop()
    let isFirst = lifecycle.withLock { state in
      defer { state = .closed }
      return state != .closed
    }
    guard isFirst else { return }
    await store.close()
    store.observeCommits { _ in }
  }

  /// A worker that was told to drain ends its process once nothing is under way.
  private func stopWhenDrained() async {
    while !Task.isCancelled {
      await worker.modeChanged.wait()
      while worker.mode == .draining, !Task.isCancelled {
        guard worker.heldCount > 0 else { return stopped.signal() }
        await worker.changed.wait(untilMonotonic: clock.monotonic(after: .seconds(1)), clock)
      }
    }
  }

  /// Runs one foreground job in this process, and tells the state that it is in after this attempt.
  ///
  /// - Returns: `nil` if there is no such job, or it is not ready.
  package func runOne(_ id: JobID) async throws -> JobState? {
    beats.start()
    let request = ClaimRequest(worker: workerID, now: clock.now, lanes: [], limit: 1, only: id)
    guard let job = try await store.claim(request).first else { return nil }
    await worker.runInForeground([job])
    return try await self.job(id)?.summary.state
  }

  /// Fires schedules and makes ready what is due, runs everything that is ready, one job after the other, and tells how many attempts that
  /// were. For tests: nothing waits, and nothing happens in the background.
  package func runDueJobs(limit: Int = 10_000) async throws -> Int {
    var attempts = 0
    while attempts < limit {
      _ = try await housekeeper.scheduler.fire()
      _ = try await store.promote(now: clock.now, limit: 1_000, freed: housekeeper.releaser.takeFreed())
      try await refresh()
      let lanes = caches.withLock { $0.lanes(configuration.queues) }
      let request = ClaimRequest(
        worker: workerID, now: clock.now, lanes: lanes.map { .init(QueueName(stored: $0), limit: 100) }, limit: 100)
      let jobs = try await store.claim(request)
      guard !jobs.isEmpty else { return attempts }
      for job in jobs { await worker.runInForeground([job]) }
      attempts += jobs.count
    }
    return attempts
  }
}

// MARK: What happens to the process

extension Engine {
  /// Called by the store, from its own thread, after each commit that has something to tell.
  func committed(_ notice: CommitNotice) {
    if !notice.readyQueues.isEmpty {
      let new = caches.withLock { caches in
        let new = notice.readyQueues.subtracting(caches.queues)
        caches.queues.formUnion(new)
        return new
      }
      if configuration.queues == nil, !new.isEmpty { worker.add(queues: new) }
      worker.notice(readyQueues: notice.readyQueues)
    }
    if !notice.freedPools.isEmpty { housekeeper.releaser.free(notice.freedPools) }
    if let due = notice.nextDue { housekeeper.promoter.due(at: due) }
    for job in notice.cancelRequests { worker.cancel(job) }
    if !notice.transitions.isEmpty { events.publish(notice.transitions.map(Event.init)) }
    if !notice.questions.isEmpty { tellLater(of: notice.questions) }
    if notice.foreignChange || notice.gatesChanged { housekeeper.foreignChange.signal() }
  }

  func follow(_ orders: WorkerOrders) {
    for job in orders.cancel { worker.cancel(job) }
    worker.set(mode: orders.mode)
  }

  /// Another process took this one for dead: its jobs are somebody else's now. Goes on under a new identity.
  func leaseLost(of lost: WorkerID) async {
    // A beat and a claim may be refused at the same time; the first to come sees to it.
    let isFirst = losing.withLock { losing in
      guard lost == workerID, losing != lost else { return false }
      losing = lost
      return true
    }
    guard isFirst else { return }
    logger.error("the leases of this worker have ended; cancelling its handlers and going on as a new worker")
    worker.forget()
    while !isClosing {
      do {
        let new = try await EngineIdentity.register(process, configuration, store, recorder: worker.recorder?.path)
        identity.withLock { $0 = new }
        try await recordRegistrations(as: new.worker)
        return try await refresh()
      } catch {
        logger.error("the worker could not be listed again; trying again", metadata: ["error": "\(error)"])
        // Cancelled only when the process ends.
        try? await clock.sleep(for: .seconds(1))
      }
    }
  }

  func reportStuck(_ context: JobContext, since startedAt: Timestamp, after patience: Duration) async {
    let running = (clock.now - startedAt).text
    let message = "The handler did not return within \(patience.text) of being cancelled; it has run for \(running)."
    logger.error(
      "handler is stuck", metadata: ["job": "\(context.id)", "kind": "\(context.kind)", "running": "\(running)"])
    context.log(message, level: .error)
    do throws(StoreError) {
      _ = try await store.change(.markStuck(attempt: context.attempt), of: [context.id], now: clock.now)
    } catch {
      logger.warning("a stuck handler could not be noted", metadata: ["job": "\(context.id)", "error": "\(error)"])
    }
  }
}

extension Event {
  fileprivate init(_ transition: Transition) {
    self.init(
      job: transition.job, kind: transition.kind, queue: transition.queue, attempt: transition.attempt,
      at: transition.at, body: .state(transition.state, version: transition.version))
  }
}
