import Foundation
import Synchronization

/// A thread that serves a mailbox and owns what it serves with, a connection for example, from its start to its end.
package final class ServingThread: Sendable {
  private let end = Mutex<(isReached: Bool, waiting: [UnsafeContinuation<Void, Never>])>((false, []))

  /// Starts a thread that makes what it owns, serves with it until that returns, and lets go of it.
  ///
  /// - Parameter makeOwned: Runs on the new thread, so that what it returns never leaves it.
  package init<Owned>(
    name: String, owning makeOwned: @escaping @Sendable () -> Owned, serve: @escaping @Sendable (inout Owned) -> Void
  ) {
    let thread = Thread { [self] in
      do {
        var owned = makeOwned()
        serve(&owned)
      }
      // Only now, when what was owned is gone: whoever waits may want to open the file again, or move it.
      let waiting = end.withLock { end in
        end.isReached = true
        return end.waiting
      }
      for continuation in waiting { continuation.resume() }
    }
    thread.name = name
    thread.stackSize = 1 << 20
    thread.start()
  }

  /// Returns when the thread has ended and what it owned is gone.
  package func waitForEnd() async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      let isReached = end.withLock { end in
        if !end.isReached { end.waiting.append(continuation) }
        return end.isReached
      }
      if isReached { continuation.resume() }
    }
  }
}

/// Hands a value that is not `Sendable` to the one thread that uses it from then on.
package final class Handover<Value>: @unchecked Sendable {
  // Set before the thread starts and taken by it once: the two never meet.
  private var value: Value?

  package init(_ value: consuming Value) { self.value = consume value }

  package func take() -> Value {
    defer { value = nil }
    return value!
  }
}
