import Logging
import Synchronization

/// What every process does beside running jobs. There is no leader: each statement is guarded, so that two who do the
/// same have each effect once.
final class Housekeeper: Sendable {
  private unowned let engine: Engine  // which owns this object
  let promoter: Promoter
  let releaser: Releaser
  let scheduler: Scheduler
  let foreignChange = Signal()
  let operations: OperationRunner
  private let reaper: Reaper
  let strays: Strays

  init(engine: Engine) {
    self.engine = engine
    promoter = Promoter(engine: engine)
    releaser = Releaser(engine: engine)
    scheduler = Scheduler(engine: engine)
    operations = OperationRunner(engine: engine)
    reaper = Reaper(engine: engine)
    strays = Strays(engine: engine)
  }

  /// Takes back what dead processes of this machine had in hand.
  func reapDeadProcesses() async throws { try await reaper.reapDeadProcesses() }

  func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.promoter.run() }
      group.addTask { await self.releaser.run() }
      group.addTask { await self.scheduler.run() }
      group.addTask { await self.operations.run() }
      group.addTask { await self.followOthers() }
      group.addTask { await self.every(.seconds(1)) { await self.lookAround() } }
      group.addTask { await self.every(.seconds(1)) { await self.engine.sealAuditQuietly() } }
      group.addTask { await self.every(.seconds(30)) { await self.safetyNet() } }
      group.addTask { await self.prune() }
      group.addTask { await self.every(Engine.profileInterval) { await self.engine.flushProfile() } }
      await group.waitForAll()
    }
  }

  /// Reads again what is kept in memory whenever another process has written, at most ten times a second.
  private func followOthers() async {
    while !Task.isCancelled {
      await foreignChange.wait()
      guard !Task.isCancelled else { return }
      promoter.lookAgain()
      scheduler.lookAgain()
      reaper.noticeOthers()
      do throws(StoreError) {
        try await engine.refresh()
        try await engine.followForeignCancels()
        try await engine.foreignEvents.read()
      } catch {
        engine.logger.warning("changes of another process could not be read", metadata: ["error": "\(error)"])
        // What was told is not told again: look once more when the store may be back.
        try? await engine.clock.sleep(for: .seconds(1))
        foreignChange.signal()
      }
      // Only a cancellation ends the wait early, and then the loop ends.
      try? await engine.clock.sleep(for: .milliseconds(100))
    }
  }

  private func lookAround() async {
    await reaper.look()
    engine.worker.giveBackImpatientSuspects()
    engine.worker.giveBackStalled()
  }

  /// Nothing depends on it: it looks for work that a lost signal might have left lying.
  private func safetyNet() async {
    engine.worker.serve(queues: engine.caches.withLock { $0.lanes(engine.configuration.queues) })
    promoter.lookAgain()
    scheduler.lookAgain()
    operations.lookAgain()
    do throws(StoreError) {
      try await strays.lookIfNeeded()
    } catch {
      engine.logger.warning("stray jobs could not be looked for", metadata: ["error": "\(error)"])
    }
  }

  private func prune() async {
    let pruner = Pruner(engine: engine)
    await every(.seconds(60)) {
      do {
        try await pruner.prune()
      } catch {
        self.engine.logger.warning("old jobs could not be deleted", metadata: ["error": "\(error)"])
      }
    }
  }

  private func every(_ interval: Duration, _ body: () async -> Void) async {
    while !Task.isCancelled {
      // Only a cancellation ends the wait early, and then the loop ends.
      try? await engine.clock.sleep(for: interval)
      guard !Task.isCancelled else { return }
      await body()
    }
  }
}
