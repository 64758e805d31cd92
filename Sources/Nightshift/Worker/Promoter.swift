import Logging
import Synchronization

/// Makes scheduled jobs ready when they are due. Sleeps until then, and is told of earlier ones.
final class Promoter: Sendable {
  static let batch = 1_000

  private unowned let engine: Engine  // which owns this object
  private let earlier = Signal()
  private let nextDue = Mutex<Timestamp?>(nil)
  private let freed = Mutex<Set<String>>([])

  init(engine: Engine) { self.engine = engine }

  /// Says that something will be due at `moment`.
  func due(at moment: Timestamp) {
    let isEarlier = nextDue.withLock { next in
      guard next == nil || moment < next! else { return false }
      next = moment
      return true
    }
    if isEarlier { earlier.signal() }
  }

  /// Says that jobs have left these pools, and held ones may go on.
  func free(_ pools: Set<String>) {
    freed.withLock { $0.formUnion(pools) }
    earlier.signal()
  }

  /// The pools that jobs have left since the last call.
  func takeFreed() -> Set<String> {
    freed.withLock { pools in
      defer { pools = [] }
      return pools
    }
  }

  /// Says that another process has written: something earlier may be due.
  func lookAgain() {
    nextDue.withLock { $0 = engine.clock.now }
    earlier.signal()
  }

  func run() async {
    nextDue.withLock { $0 = engine.clock.now }
    while !Task.isCancelled {
      let due = nextDue.withLock { $0 }
      let freed = takeFreed()
      if let due, due <= engine.clock.now {
        await promote(freed)
      } else if !freed.isEmpty {
        await release(freed)
      } else {
        await earlier.wait(until: due, engine.clock)
      }
    }
  }

  private func promote(_ freed: Set<String>) async {
    // Forgotten first, so that what is enqueued meanwhile sets it again.
    nextDue.withLock { $0 = nil }
    do throws(StoreError) {
      let promotion = try await engine.store.promote(now: engine.clock.now, limit: Self.batch, freed: freed)
      if let next = promotion.nextDue { due(at: next) }
    } catch {
      await tryAgain(error, freed)
    }
  }

  /// Lets held jobs go on, without a look at what was scheduled.
  private func release(_ freed: Set<String>) async {
    do throws(StoreError) {
      let promotion = try await engine.store.promote(now: engine.clock.now, limit: 0, freed: freed)
      if let next = promotion.nextDue { due(at: next) }
    } catch {
      await tryAgain(error, freed)
    }
  }

  private func tryAgain(_ error: StoreError, _ freed: Set<String>) async {
    engine.logger.warning("jobs that are due could not be made ready", metadata: ["error": "\(error)"])
    // Only a cancellation ends the wait early, and then the loop ends too.
    try? await engine.clock.sleep(for: .seconds(1))
    self.freed.withLock { $0.formUnion(freed) }
    due(at: engine.clock.now)
  }
}
