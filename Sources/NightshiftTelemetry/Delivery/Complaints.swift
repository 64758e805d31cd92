import Logging
import Nightshift
import Synchronization

/// Says that telemetry cannot be delivered, once in a while: a collector that is away must not fill the log.
final class Complaints: Sendable {
  private static let pause = Duration.seconds(60)

  private let logger: Logger
  private let clock: any WallClock
  private let last = Mutex<Int64?>(nil)

  init(logger: Logger, clock: any WallClock) {
    self.logger = logger
    self.clock = clock
  }

  func complain(_ message: String, _ reason: String) {
    let now = clock.monotonic
    let isDue = last.withLock { last in
      guard last == nil || Duration.nanoseconds(now - last!) >= Self.pause else { return false }
      last = now
      return true
    }
    if isDue { logger.warning("\(message)", metadata: ["reason": "\(reason)"]) }
  }
}
