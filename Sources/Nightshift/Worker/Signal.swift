import Synchronization

/// Wakes the one task that waits for it. A signal that comes before the wait is kept, several are one.
final class Signal: Sendable {
  private enum State {
    case quiet
    case signalled
    case waiting(CheckedContinuation<Void, Never>)
  }

  private let state = Mutex(State.quiet)

  func signal() {
    let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
      switch state {
      case .quiet:
        state = .signalled
        return nil
      case .signalled: return nil
      case .waiting(let continuation):
        state = .quiet
        return continuation
      }
    }
    waiter?.resume()
  }

  /// Returns after the next signal, or at once when the task is cancelled.
  func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let goOn = state.withLock { state in
          if case .signalled = state {
            state = .quiet
            return true
          }
          state = .waiting(continuation)
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
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        // Only a cancellation ends the sleep early, and then nobody waits for the signal any more.
        guard (try? await clock.sleep(until: deadline)) != nil else { return }
        self.signal()
      }
      await wait()
      group.cancelAll()
    }
  }
}
