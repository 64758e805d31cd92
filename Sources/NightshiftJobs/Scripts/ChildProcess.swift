import CChildProcess
import Foundation
import Synchronization

/// A program that runs in a process group of its own, watched by a thread of its own.
///
/// A thread and not the cooperative pool, since starting a program blocks until its file has been read, and
/// since one `poll` over all its descriptors does with a few system calls what many tasks would do with many:
/// a job that runs for a millisecond must not cost another one to watch.
final class ChildProcess: Sendable {
  let events = ChildEvents()
  private let wake: Mutex<Int32>

  /// Starts the program; should that fail, `events` says so.
  init(_ launch: ChildLaunch, on threads: ChildThreads) {
    let descriptor = nightshift_child_wake_descriptor()
    wake = Mutex(descriptor)
    threads.run { [self] in
      let end = ChildWatch.run(launch, wake: descriptor) { [events] in events.put($0) }
      closeWake()
      events.put(.ended(end))
    }
  }

  /// Stops the whole group: TERM now, KILL after the grace time. Returns at once; the last of the `events`
  /// says when it is done.
  func stop() {
    wake.withLock { descriptor in
      guard descriptor >= 0 else { return }
      var one: UInt64 = 1
      // It fails only when the counter is full, and then the thread is awake anyway.
      _ = write(descriptor, &one, MemoryLayout.size(ofValue: one))
    }
  }

  private func closeWake() {
    wake.withLock { descriptor in
      if descriptor >= 0 { close(descriptor) }
      descriptor = -1
    }
  }
}
