import Synchronization

/// Wakes those that wait for it. A signal that comes before the wait is kept, several are one. Whoever wakes looks
/// whether there is anything to do: a wake-up may also be for somebody else.
package final class Signal: Sendable {
  private enum State {
    case quiet
    case signalled
    case waiting([CheckedContinuation<Void, Never>])
  }

  private let state = Mutex(State.quiet)

  package init() {}

  package func signal() {
    let waiters: [CheckedContinuation<Void, Never>] = state.withLock { state in
      guard case .waiting(let waiters) = state else {
        state = .signalled
        return []
      }
      state = .quiet
      return waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns after the next signal, or at once when the task is cancelled.
  package func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let goOn = state.withLock { state in
          // A cancellation before this line may have woken others only; one after it finds us among the waiters.
          if Task.isCancelled { return true }
          switch state {
          case .signalled:
            state = .quiet
            return true
          case .quiet:
            state = .waiting([continuation])
          case .waiting(let others):
            state = .waiting(others + [continuation])
          }
          return false
        }
        if goOn { continuation.resume() }
      }
    } onCancel: {
      signal()
    }
  }

  /// Returns after the next signal, and at `deadline` at the latest.
  func wait(until deadline: Timestamp?, _ clock: any WallClock) async {
    guard let deadline else { return await wait() }
    await wait { try await clock.sleep(until: deadline) }
  }

  /// Returns after the next signal, and when `clock.monotonic` has reached `deadline` at the latest.
  package func wait(untilMonotonic deadline: Int64, _ clock: any WallClock) async {
    await wait { try await clock.sleep(untilMonotonic: deadline) }
  }

  private func wait(_ sleep: @escaping @Sendable () async throws -> Void) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        // Only a cancellation ends the sleep early, and then nobody waits for the signal any more.
        guard (try? await sleep()) != nil else { return }
        self.signal()
      }
      await wait()
      group.cancelAll()
    }
  }
}
