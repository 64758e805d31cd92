import Nightshift
import Synchronization

/// Asks the engine at most once a second whether it is ready. Each time costs a durable write, and `/readyz`
/// is open to anybody.
final class ReadinessProbe: Sendable {
  private static let lifetime: Int64 = 1_000_000_000

  private let engine: Engine
  private let last = Mutex<(at: Int64, readiness: Readiness)?>(nil)

  init(engine: Engine) { self.engine = engine }

  func read() async -> Readiness {
    let now = engine.clock.monotonic
    if let last = last.withLock({ $0 }), now - last.at < Self.lifetime { return last.readiness }
    let readiness = await engine.readiness()
    last.withLock { $0 = (now, readiness) }
    return readiness
  }
}
