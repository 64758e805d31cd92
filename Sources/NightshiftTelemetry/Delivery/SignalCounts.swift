import Nightshift
import Synchronization

/// What became of one kind of telemetry.
final class SignalCounts: Sendable {
  private let sent = Atomic(0)
  private let dropped = Atomic(0)

  func countSent(_ count: Int) { sent.add(count, ordering: .relaxed) }
  func countDropped(_ count: Int) { dropped.add(count, ordering: .relaxed) }

  func signal(_ name: String, waiting: Int) -> TelemetrySignal {
    TelemetrySignal(
      name: name, sent: sent.load(ordering: .relaxed), dropped: dropped.load(ordering: .relaxed), waiting: waiting)
  }
}
