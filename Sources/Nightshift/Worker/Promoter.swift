import Logging
import Synchronization

/// Makes scheduled jobs ready when they are due. Sleeps until then, and is told of earlier ones.
final class Promoter: Sendable {
  static let batch = 1_000

  private unowned let engine: Engine  // which owns this object
  private let earlier = Signal()
  private let nextDue = Mutex<Timestamp?>(nil)

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

  /// Says that another process has written: something earlier may be due.
  func lookAgain() {
    nextDue.withLock { $0 = engine.clock.now }
    earlier.signal()
  }

  func run() async {
    nextDue.withLock { $0 = engine.clock.now }
    while !Task.isCancelled {
      let due = nextDue.withLock { $0 }
      if let due, due <= engine.clock.now {
        await promote()
      } else {
        await earlier.wait(until: due, engine.clock)
      }
    }
  }

  private func promote() async {
    // Forgotten first, so that what is enqueued meanwhile sets it again.
    nextDue.withLock { $0 = nil }
    do throws(StoreError) {
      let promotion = try await engine.store.promote(now: engine.clock.now, limit: Self.batch)
      if let next = promotion.nextDue { due(at: next) }
    } catch {
      engine.logger.warning("scheduled jobs could not be made ready", metadata: ["error": "\(error)"])
      due(at: engine.clock.now + .seconds(1))
    }
  }
}
