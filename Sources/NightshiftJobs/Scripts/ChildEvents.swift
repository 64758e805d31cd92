import Synchronization

/// What a child does, on its way from the thread that watches it to the task that waits for it.
///
/// No `AsyncStream`, since that ends when its task is cancelled, and a cancelled attempt has to see its
/// script through to the end. Not bounded here: a child is killed once it has written more than its limit.
final class ChildEvents: Sendable {
  private struct State {
    var events: [ChildEvent] = []
    var reader: CheckedContinuation<[ChildEvent], Never>?
  }

  private let state = Mutex(State())

  func put(_ event: ChildEvent) {
    let reader = state.withLock { state in
      guard let reader = state.reader else {
        state.events.append(event)
        return nil as CheckedContinuation<[ChildEvent], Never>?
      }
      state.reader = nil
      return reader
    }
    reader?.resume(returning: [event])
  }

  /// Everything since the last call, as soon as there is something. For one reader at a time.
  func take() async -> [ChildEvent] {
    await withCheckedContinuation { reader in
      let events = state.withLock { state in
        precondition(state.reader == nil, "a child's events have one reader")
        if state.events.isEmpty { state.reader = reader }
        defer { state.events = [] }
        return state.events
      }
      if !events.isEmpty { reader.resume(returning: events) }
    }
  }
}
