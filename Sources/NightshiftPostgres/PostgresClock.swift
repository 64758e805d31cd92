import Dispatch
import Nightshift
import Synchronization

/// The database's time of day, so that all processes on it agree: kept as what has to be added to this process's
/// monotonic clock, and measured again from time to time.
final class PostgresClock: WallClock {
  /// Microseconds from the monotonic clock to the database's time of day.
  private let offset = Atomic<Int64>(0)

  static let question = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"

  var now: Timestamp { Timestamp(microseconds: monotonic / 1000 + offset.load(ordering: .relaxed)) }

  var monotonic: Int64 { Int64(DispatchTime.now().uptimeNanoseconds) }

  /// Asks the database, and takes its answer for the moment in the middle between question and answer.
  func measure(_ session: PostgresSession) throws(StoreError) {
    let before = monotonic
    session.begin()
    defer { session.rollBack() }
    guard let time = try session.query(Self.question)[0].integer(0) else { return }
    offset.store(time - (before + (monotonic - before) / 2) / 1000, ordering: .relaxed)
  }

  func sleep(until deadline: Timestamp) async throws {
    // In slices, so that a database's clock that was set back or forth is noticed.
    while true {
      let left = deadline - now
      guard left > .zero else { return }
      try await Task.sleep(for: min(left, .seconds(30)))
    }
  }
}
