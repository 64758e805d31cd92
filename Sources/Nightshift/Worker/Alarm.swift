import Synchronization

/// Calls for what is due, and sleeps until then. It can be told of something earlier.
final class Alarm: Sendable {
  private let clock: any WallClock
  private let earlier = Signal()
  private let nextDue = Mutex<Timestamp?>(nil)

  init(clock: any WallClock) { self.clock = clock }

  /// Says that something will be due at `moment`.
  func due(at moment: Timestamp) {
    let isEarlier = nextDue.withLock { next in
      guard next == nil || moment < next! else { return false }
      next = moment
      return true
    }
    if isEarlier { earlier.signal() }
  }

  /// Says that something earlier may be due: another process has written.
  func lookAgain() {
    nextDue.withLock { $0 = clock.now }
    earlier.signal()
  }

  /// Calls `look` now, and whenever something is due; it tells when the next thing is. Ends when its task is cancelled.
  func run(_ look: () async -> Timestamp?) async {
    nextDue.withLock { $0 = clock.now }
    while !Task.isCancelled {
      let due = nextDue.withLock { $0 }
      guard let due, due <= clock.now else {
        await earlier.wait(until: due, clock)
        continue
      }
      // Forgotten first, so that what comes meanwhile sets it again.
      nextDue.withLock { $0 = nil }
      if let next = await look() { self.due(at: next) }
    }
  }
}
