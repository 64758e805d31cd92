import Synchronization

/// What a child does, on its way from the thread that watches it to the task that waits for it.
///
/// No `AsyncStream`, since that ends when its task is cancelled, and a cancelled attempt has to see its
/// script through to the end.
final class ChildEvents: Sendable {
  /// With so much output waiting nothing more is read: the child then waits in its next write.
  static let limit = 256 << 10

  private struct State {
    var events: [ChildEvent] = []
    var bytes = 0
    var reader: CheckedContinuation<[ChildEvent], Never>?
  }

  private let state = Mutex(State())
  private let madeRoom: @Sendable () -> Void

  /// - Parameter madeRoom: Called when there is room again after there was none.
  init(madeRoom: @escaping @Sendable () -> Void) { self.madeRoom = madeRoom }

  /// Whether more output should be read.
  var hasRoom: Bool { state.withLock { $0.bytes < Self.limit } }

  func put(_ event: ChildEvent) {
    let reader = state.withLock { state in
      guard let reader = state.reader else {
        state.events.append(event)
        state.bytes += event.size
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
      let (events, wasFull) = state.withLock { state in
        precondition(state.reader == nil, "a child's events have one reader")
        if state.events.isEmpty { state.reader = reader }
        defer {
          state.events = []
          state.bytes = 0
        }
        return (state.events, state.bytes >= Self.limit)
      }
      if wasFull { madeRoom() }
      if !events.isEmpty { reader.resume(returning: events) }
    }
  }
}

extension ChildEvent {
  fileprivate var size: Int {
    switch self {
    case .output(let bytes), .error(let bytes): bytes.count
    case .ended: 0
    }
  }
}
