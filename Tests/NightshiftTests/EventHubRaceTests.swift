import Foundation
@testable import Nightshift
import NightshiftTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct `Those who listen to events`: Sendable {
  private static let rounds = 1_000
  private static let listeners = 8

  /// A client that hangs up is cancelled, and takes itself off the list from within its cancellation, at the moment at
  /// which it is being woken for an event.
  @Test func `may go away while an event is handed to them`() async throws {
    let hub = EventHub(clock: SystemClock(), epoch: 7, audienceChanged: {})
    for round in 0..<Self.rounds {
      let heard = Heard()
      let tasks = (0..<Self.listeners).map { _ in
        let events = hub.subscribe(EventFilter())
        return Task { for try await _ in events { heard.count.add(1, ordering: .relaxed) } }
      }
      // From here on all of them wait for the next one.
      hub.publish([Self.event(0)])
      await eventually { heard.count.load(ordering: .relaxed) >= Self.listeners }
      // On threads of their own, since both would block those that tasks have; a little later in each round.
      hub.publish([Self.event(1)])
      await withCheckedContinuation { done in
        Thread {
          for _ in 0..<(round % 100) * 20 { _ = heard.count.load(ordering: .relaxed) }
          for task in tasks { task.cancel() }
          done.resume()
        }.start()
      }
      await eventually { hub.subscriberCount == 0 }
    }
  }

  private final class Heard: Sendable {
    let count = Atomic(0)
  }

  private static func event(_ number: Int) -> Event {
    Event(
      job: JobID(rawValue: Int64(number)), kind: "k", queue: "default", attempt: 1, at: Timestamp(microseconds: 0),
      body: .state(.running, version: 1))
  }
}
