import Foundation
import Synchronization

/// Threads that each watch one child at a time, and are kept for the next one: making a thread costs a good
/// part of what starting a small program costs.
final class ChildThreads: Sendable {
  typealias Work = @Sendable () -> Void

  /// A thread that waits, and how to give it work.
  private final class Lane: Sendable {
    let wake = DispatchSemaphore(value: 0)
    let work = Mutex<Work?>(nil)
  }

  /// An idle thread ends after this time.
  private static let idleSeconds = 10.0
  private let idle = Mutex<[Lane]>([])

  /// Runs the work on a thread that does nothing else meanwhile.
  func run(_ work: @escaping Work) {
    // The one that was busy last, so that the others can end.
    guard let lane = idle.withLock({ $0.popLast() }) else { return start(work) }
    lane.work.withLock { $0 = work }
    lane.wake.signal()
  }

  private func start(_ first: @escaping Work) {
    let lane = Lane()
    let thread = Thread { [self] in
      var next: Work? = first
      while let work = next {
        work()
        next = waitForWork(lane)
      }
    }
    thread.name = "nightshift-child"
    // It reads into a buffer on the heap and calls nothing deep.
    thread.stackSize = 256 << 10
    thread.start()
  }

  /// The next work; `nil` when the thread has waited long enough.
  private func waitForWork(_ lane: Lane) -> Work? {
    idle.withLock { $0.append(lane) }
    if lane.wake.wait(timeout: .now() + Self.idleSeconds) == .timedOut {
      let isUnwanted = idle.withLock { idle in
        guard let index = idle.firstIndex(where: { $0 === lane }) else { return false }
        idle.remove(at: index)
        return true
      }
      if isUnwanted { return nil }
      // It was chosen in the meantime, and its work is on the way.
      lane.wake.wait()
    }
    return lane.work.withLock { work in
      defer { work = nil }
      return work
    }
  }
}
