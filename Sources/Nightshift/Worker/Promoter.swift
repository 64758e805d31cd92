import Logging

/// Makes scheduled jobs ready when they are due. Sleeps until then, and is told of earlier ones.
final class Promoter: Sendable {
  static let batch = 1_000

  private unowned let engine: Engine  // which owns this object
  private let alarm: Alarm

  init(engine: Engine) {
    self.engine = engine
    alarm = Alarm(clock: engine.clock)
  }

  /// Says that something will be due at `moment`.
  func due(at moment: Timestamp) { alarm.due(at: moment) }

  /// Says that another process has written: something earlier may be due.
  func lookAgain() { alarm.lookAgain() }

  func run() async { await alarm.run(promote) }

  private func promote() async -> Timestamp? {
    do throws(StoreError) {
      return try await engine.store.promote(now: engine.clock.now, limit: Self.batch).nextDue
    } catch {
      engine.logger.warning("scheduled jobs could not be made ready", metadata: ["error": "\(error)"])
      return engine.clock.now + .seconds(1)
    }
  }
}
