import CChildProcess
import Foundation
import Synchronization

/// How the thread that watches a child is told that there is something new: a stop, or room for more output.
final class ChildWake: Sendable {
  /// Becomes readable when there is something new; -1 if the process has no descriptors left.
  let descriptor = nightshift_child_wake_descriptor()
  private let isOpen = Mutex(true)
  private let stop = Atomic(false)

  /// Whether the child is to be stopped.
  var isStopRequested: Bool { stop.load(ordering: .acquiring) }

  func requestStop() {
    stop.store(true, ordering: .releasing)
    ring()
  }

  func ring() {
    isOpen.withLock { isOpen in
      guard isOpen, descriptor >= 0 else { return }
      var one: UInt64 = 1
      // It fails only when the counter is full, and then the thread is awake anyway.
      _ = write(descriptor, &one, MemoryLayout.size(ofValue: one))
    }
  }

  /// Waits for the next ring from here on.
  func reset() {
    var count: UInt64 = 0
    // It fails only when nobody has rung since.
    _ = read(descriptor, &count, MemoryLayout.size(ofValue: count))
  }

  /// Whoever rings later is not heard.
  func close() {
    isOpen.withLock { isOpen in
      if isOpen, descriptor >= 0 { Foundation.close(descriptor) }
      isOpen = false
    }
  }
}
