import Logging
import Synchronization

extension Worker {
  /// How long what ends right after a commit gathers, so that a busy worker commits a thousand times a second at most.
  /// Real time, whatever the engine's clock says.
  private static let settlePause = Duration.milliseconds(1)
  private static let smallBatch = 32

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
