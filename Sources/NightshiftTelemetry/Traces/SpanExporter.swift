import DequeModule
import Logging
import NIOHTTP1
import Nightshift
import Synchronization

/// Sends finished spans to an OTLP collector, in batches. What it cannot keep or deliver is dropped and counted; nobody
/// ever waits for it.
final class SpanExporter: Sendable {
  /// Spans that may wait. About 8 MB, and half a minute of a busy process.
  static let mostWaiting = 8_192
  static let batch = 512
  static let interval = Duration.seconds(5)
  /// How often a batch is tried, and how long it waits at first and at most.
  static let mostTries = 5
  static let waits: (first: Duration, longest: Duration) = (.seconds(1), .seconds(30))

  private struct State {
    var waiting: Deque<FinishedSpan> = []
    var isEnding = false
  }

  private let configuration: TracesConfiguration
  private let client: TelemetryClient
  private let clock: any WallClock
  private let complaints: Complaints
  private let counts = SignalCounts()
  private let state = Mutex(State())
  private let wake = Signal()
  /// Cuts the wait before a batch is tried again.
  private let ending = Signal()

  init(_ configuration: TracesConfiguration, client: TelemetryClient, clock: any WallClock, logger: Logger) {
    self.configuration = configuration
    self.client = client
    self.clock = clock
    complaints = Complaints(logger: logger, clock: clock)
  }

  var signal: TelemetrySignal { counts.signal("traces", waiting: state.withLock { $0.waiting.count }) }

  func add(_ span: FinishedSpan) {
    let (isKept, isFull) = state.withLock { state in
      guard state.waiting.count < Self.mostWaiting else { return (false, false) }
      state.waiting.append(span)
      return (true, state.waiting.count == Self.batch)
    }
    if !isKept { counts.countDropped(1) }
    if isFull { wake.signal() }
  }

  /// Sends what comes, until it is told to end or cancelled; then, unless cancelled, what is left.
  func run() async {
    while !isEnding, !Task.isCancelled {
      await wake.wait(untilMonotonic: clock.monotonic(after: Self.interval), clock)
      await sendAll()
    }
    await sendAll()
  }

  /// From now on nothing is waited for: each batch is tried once.
  func end() {
    state.withLock { $0.isEnding = true }
    wake.signal()
    ending.signal()
  }

  func sendAll() async {
    while !Task.isCancelled, let batch = take() { await deliver(batch) }
  }

  private var isEnding: Bool { state.withLock { $0.isEnding } }

  private func take() -> [FinishedSpan]? {
    state.withLock { state in
      guard !state.waiting.isEmpty else { return nil }
      let batch = Array(state.waiting.prefix(Self.batch))
      state.waiting.removeFirst(batch.count)
      return batch
    }
  }

  private func deliver(_ batch: [FinishedSpan]) async {
    let body = OTLPJSON.body(batch, resource: configuration.resource)
    var wait = Self.waits.first
    for attempt in 1...Self.mostTries {
      switch await send(body) {
      case .delivered: return counts.countSent(batch.count)
      case .refused: return counts.countDropped(batch.count)
      case .later(let asked):
        let isLast = attempt == Self.mostTries || isEnding || Task.isCancelled
        guard !isLast else { return counts.countDropped(batch.count) }
        let jitter = Double.random(in: 1...1.2)
        let own = Duration.microseconds(Int64(Double(wait.microseconds) * jitter))
        await ending.wait(untilMonotonic: clock.monotonic(after: asked ?? own), clock)
        wait = min(wait * 2, Self.waits.longest)
      }
    }
  }

  private enum Delivery {
    case delivered
    case refused
    case later(Duration?)
  }

  private func send(_ body: [UInt8]) async -> Delivery {
    do {
      let headers = configuration.headers.map { ($0.name, $0.value) } + [("Content-Type", "application/json")]
      let answer = try await client.post(configuration.endpoint, headers: headers, body: body)
      // What a collector took of a batch in part is not to be sent again.
      if answer.status < 300 { return .delivered }
      complaints.complain("spans could not be delivered", "the collector answered \(answer.status)")
      // The protocol names these; all else would be refused the next time, too.
      guard [429, 502, 503, 504].contains(answer.status) else { return .refused }
      return .later(RetryAfter.parse(answer.headers.first(name: "Retry-After"), now: clock.now))
    } catch {
      complaints.complain("spans could not be delivered", "\(error)")
      return .later(nil)
    }
  }
}
