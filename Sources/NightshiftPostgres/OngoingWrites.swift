import Nightshift
import Synchronization

/// The writes that are under way on any lane, so that somebody may wait for their end.
final class OngoingWrites: Sendable {
  private struct State {
    var next = 0
    var ongoing: Set<Int> = []
    var waiters: [Waiter] = []
  }

  private struct Waiter {
    var writes: Set<Int>
    var continuation: UnsafeContinuation<Void, Never>
  }

  private let state = Mutex(State())

  /// - Returns: What ``end(_:)`` is to be told.
  func begin() -> Int {
    state.withLock { state in
      state.next += 1
      state.ongoing.insert(state.next)
      return state.next
    }
  }

  func end(_ write: Int) {
    let free: [Waiter] = state.withLock { state in
      state.ongoing.remove(write)
      guard !state.waiters.isEmpty else { return [] }
      for index in state.waiters.indices { state.waiters[index].writes.remove(write) }
      let free = state.waiters.filter(\.writes.isEmpty)
      state.waiters.removeAll(where: \.writes.isEmpty)
      return free
    }
    for waiter in free { waiter.continuation.resume() }
  }

  /// Returns when those that are under way now are over. They are bounded in time, and so is this.
  func waitForAll() async {
    await withUnsafeContinuation { continuation in
      let isFree = state.withLock { state in
        guard !state.ongoing.isEmpty else { return true }
        state.waiters.append(Waiter(writes: state.ongoing, continuation: continuation))
        return false
      }
      if isFree { continuation.resume() }
    }
  }
}
