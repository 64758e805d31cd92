import DequeModule
import Logging
import Nightshift
import Synchronization

/// Sends error reports to Sentry, one after the other. What it cannot keep or deliver is dropped and counted; nobody ever
/// waits for it, and it never becomes a load of its own: an answer that is no success is not tried again.
final class SentryReporter: Sendable {
  /// Reports that may wait.
  static let mostWaiting = 100
  /// How often a report is tried whose connection broke.
  static let mostTries = 3

  /// A report to be made, and what has to be looked up for it first.
  struct Report: Sendable {
    var event: SentryEvent
    /// The attempt whose log lines go with it.
    var attempt: (job: JobID, number: Int)?
  }

  private struct State {
    var waiting: Deque<Report> = []
    var limits = SentryLimits()
    var isEnding = false
    var readLines: (@Sendable (JobID, Int) async -> [SentryEvent.Breadcrumb])?
  }

  let configuration: ErrorsConfiguration
  private let client: TelemetryClient
  private let clock: any WallClock
  private let complaints: Complaints
  private let counts = SignalCounts()
  private let state = Mutex(State())
  private let wake = Signal()
  /// Cuts the wait before a report is tried again.
  private let ending = Signal()

  init(_ configuration: ErrorsConfiguration, client: TelemetryClient, clock: any WallClock, logger: Logger) {
    self.configuration = configuration
    self.client = client
    self.clock = clock
    complaints = Complaints(logger: logger, clock: clock)
  }

  var signal: TelemetrySignal { counts.signal("errors", waiting: state.withLock { $0.waiting.count }) }

  /// Says where an attempt's last log lines can be read.
  func readLines(_ read: @escaping @Sendable (JobID, Int) async -> [SentryEvent.Breadcrumb]) {
    state.withLock { $0.readLines = read }
  }

  func add(_ report: Report) {
    let now = clock.monotonic
    let isKept = state.withLock { state in
      // While it is limited it is dropped, and not kept for later: that would only be a flood afterwards.
      guard state.limits.allows(at: now), state.waiting.count < Self.mostWaiting else { return false }
      state.waiting.append(report)
      return true
    }
    if isKept { wake.signal() } else { counts.countDropped(1) }
  }

  /// Sends what comes, until it is told to end or cancelled; then, unless cancelled, what is left.
  func run() async {
    while !isEnding, !Task.isCancelled {
      await wake.wait()
      await sendAll()
    }
    await sendAll()
  }

  /// From now on nothing is waited for: each report is tried once.
  func end() {
    state.withLock { $0.isEnding = true }
    wake.signal()
    ending.signal()
  }

  func sendAll() async {
    while !Task.isCancelled, let report = take() { await deliver(report) }
  }

  private var isEnding: Bool { state.withLock { $0.isEnding } }

  private func take() -> Report? { state.withLock { $0.waiting.popFirst() } }

  private func deliver(_ report: Report) async {
    guard state.withLock({ $0.limits.allows(at: clock.monotonic) }) else { return counts.countDropped(1) }
    var event = report.event
    if let (job, number) = report.attempt, let read = state.withLock({ $0.readLines }) {
      event.breadcrumbs = await read(job, number)
    }
    for attempt in 1...Self.mostTries {
      do {
        return note(try await send(event))
      } catch {
        complaints.complain("an error report could not be delivered", "\(error)")
        let isLast = attempt == Self.mostTries || isEnding || Task.isCancelled
        guard !isLast else { return counts.countDropped(1) }
        await ending.wait(untilMonotonic: clock.monotonic(after: .seconds(attempt)), clock)
      }
    }
  }

  private func send(_ event: SentryEvent) async throws -> TelemetryClient.Answer {
    let name = "nightshift.swift/\(NightshiftVersion.current)"
    return try await client.post(
      configuration.dsn.endpoint,
      headers: [
        ("Content-Type", "application/x-sentry-envelope"),
        ("X-Sentry-Auth", configuration.dsn.authorization(client: name)),
      ], body: event.envelope(configuration, sentAt: clock.now))
  }

  private func note(_ answer: TelemetryClient.Answer) {
    let (now, time) = (clock.monotonic, clock.now)
    state.withLock { $0.limits.read(answer, now: now, time: time) }
    guard answer.status < 300 else {
      complaints.complain("an error report could not be delivered", "Sentry answered \(answer.status)")
      return counts.countDropped(1)
    }
    counts.countSent(1)
  }
}
