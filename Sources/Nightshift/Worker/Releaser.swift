import Logging
import Synchronization

/// Lets held jobs go on in pools that others have left.
final class Releaser: Sendable {
  private unowned let engine: Engine  // which owns this object
  private let isNeeded = Signal()
  private let freed = Mutex<Set<String>>([])

  init(engine: Engine) { self.engine = engine }

  /// Says that jobs have left these pools.
  func free(_ pools: Set<String>) {
    freed.withLock { $0.formUnion(pools) }
    isNeeded.signal()
  }

  /// The pools that jobs have left since the last call.
  func takeFreed() -> Set<String> {
    freed.withLock { pools in
      defer { pools = [] }
      return pools
    }
  }

  func run() async {
    while !Task.isCancelled {
      await isNeeded.wait()
      let freed = takeFreed()
      guard !freed.isEmpty else { continue }
      do throws(StoreError) {
        let promotion = try await engine.store.promote(now: engine.clock.now, limit: 0, freed: freed)
        if let next = promotion.nextDue { engine.housekeeper.promoter.due(at: next) }
      } catch {
        engine.logger.warning("held jobs could not go on; trying again", metadata: ["error": "\(error)"])
        // Only a cancellation ends the wait early, and then the loop ends too.
        try? await engine.clock.sleep(for: .seconds(1))
        free(freed)
      }
    }
  }
}
