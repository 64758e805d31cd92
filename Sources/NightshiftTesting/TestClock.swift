public import Foundation
package import Nightshift
import Synchronization

/// A clock that stands still until a test moves it.
public final class TestClock: Sendable {
  private struct Sleeper {
    enum Deadline {
      case timeOfDay(Timestamp)
      case monotonic(Int64)
    }

    var deadline: Deadline
    var continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var now: Timestamp
    var monotonic: Int64 = 0
    var sleepers: [Int: Sleeper] = [:]
    var nextSleeper = 0

    func isOver(_ deadline: Sleeper.Deadline) -> Bool {
      switch deadline {
      case .timeOfDay(let moment): moment <= now
      case .monotonic(let moment): moment <= monotonic
      }
    }
  }

  private let state: Mutex<State>

  /// A clock that shows `start`; by default 2026-01-01T12:00:00Z.
  public init(_ start: Date = Date(timeIntervalSince1970: 1_767_268_800)) {
    state = Mutex(State(now: Timestamp(start)))
  }

  /// What the clock shows.
  public var date: Date { now.date }

  /// Moves time on. Whoever sleeps until then is woken.
  public func advance(by time: Duration) {
    precondition(time >= .zero, "time passes in one direction; use `set` for a clock that is put back")
    change { state in
      state.now = state.now + time
      state.monotonic += time.microseconds * 1000
    }
  }

  /// Sets the time of day, back or forth, as somebody might do to the host's clock. Monotonic time does not move.
  public func set(_ date: Date) {
    change { $0.now = Timestamp(date) }
  }

  private func change(_ body: (inout State) -> Void) {
    let due = state.withLock { state in
      body(&state)
      let due = state.sleepers.filter { state.isOver($0.value.deadline) }.sorted { $0.key < $1.key }
      for (id, _) in due { state.sleepers[id] = nil }
      return due.map(\.value)
    }
    for sleeper in due { sleeper.continuation.resume() }
  }
}

extension TestClock: WallClock {
  package var now: Timestamp { state.withLock { $0.now } }
  package var monotonic: Int64 { state.withLock { $0.monotonic } }

  package func sleep(until deadline: Timestamp) async throws { try await sleep(.timeOfDay(deadline)) }

  package func sleep(untilMonotonic deadline: Int64) async throws { try await sleep(.monotonic(deadline)) }

  private func sleep(_ deadline: Sleeper.Deadline) async throws {
    let id = state.withLock { state in
      defer { state.nextSleeper += 1 }
      return state.nextSleeper
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let isOver: Bool? = state.withLock { state in
          if Task.isCancelled { return nil }
          guard !state.isOver(deadline) else { return true }
          state.sleepers[id] = Sleeper(deadline: deadline, continuation: continuation)
          return false
        }
        switch isOver {
        case nil: continuation.resume(throwing: CancellationError())
        case true?: continuation.resume()
        case false?: break
        }
      }
    } onCancel: {
      let sleeper = state.withLock { $0.sleepers.removeValue(forKey: id) }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
  }
}
