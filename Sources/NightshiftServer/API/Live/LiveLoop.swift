import Nightshift
import ServiceLifecycle

/// Waits for events and for the clock at the same time: what both feeds do once their beginning is sent.
struct LiveLoop: Sendable {
  /// Proxies drop a connection on which nothing happens for a minute, and browsers tell nobody that they have
  /// gone.
  static let keepAliveInterval = Duration.seconds(15)

  enum Step: Sendable {
    case delivery(EventDelivery)
    case tick
  }

  let events: EventStream
  let engine: Engine
  let isStillAllowed: @Sendable () async -> Bool
  /// When the first tick comes; the others follow every ``keepAliveInterval``.
  var firstTick = Self.keepAliveInterval

  /// Calls `body` for each step until it returns `false`, the events end, or the server stops.
  func run(_ body: (Step) async throws -> Bool) async throws -> LiveEnd {
    try await withThrowingTaskGroup(of: Void.self) { group in
      // As much as the hub itself keeps for one subscriber.
      let (steps, continuation) = AsyncThrowingStream.makeStream(
        of: Step.self, throwing: (any Error).self, bufferingPolicy: .bufferingOldest(EventHub.subscriberLimit)
      )
      group.addTask { await forwardEvents(to: continuation) }
      group.addTask { await tick(to: continuation) }
      defer { group.cancelAll() }
      // Rights may have changed since the caller came, so that the first step looks, too.
      var changesSeen: Int?
      for try await step in steps.cancelOnGracefulShutdown() {
        // Now and then, and before anything is told after somebody's rights have changed.
        let changes = engine.callerChanges
        let isDue = if case .tick = step { true } else { changes != changesSeen }
        changesSeen = changes
        if isDue, await !isStillAllowed() { return .notAllowed }
        guard try await body(step) else { return .finished }
      }
      return .stopping
    }
  }

  private func forwardEvents(to steps: AsyncThrowingStream<Step, any Error>.Continuation) async {
    do {
      for try await delivery in events {
        guard case .dropped = steps.yield(.delivery(delivery)) else { continue }
        return steps.finish(throwing: SlowSubscriber())
      }
      steps.finish()
    } catch {
      steps.finish(throwing: error)
    }
  }

  private func tick(to steps: AsyncThrowingStream<Step, any Error>.Continuation) async {
    do {
      var pause = firstTick
      while true {
        try await engine.clock.sleep(for: pause)
        pause = Self.keepAliveInterval
        // One that finds the buffer full is not missed: there is life enough.
        steps.yield(.tick)
      }
    } catch {
      // Only cancellation ends the sleep: the stream is over.
      return
    }
  }
}
