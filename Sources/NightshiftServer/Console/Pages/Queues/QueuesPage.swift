import Nightshift

/// A queue as the list shows it.
struct QueueRow: Sendable {
  let name: String
  let path: String
  let ready: String
  /// `1 job waits`.
  let waitingText: String
  let running: String
  let scheduled: String
  let waiting: String
  let dead: String
  let hasDead: Bool
  let oldest: TimeView?
  let workers: String
  let hasNoWorker: Bool
  let pause: PauseView?
  let spark: Sparkline

  init(_ queue: QueueSummary, _ hours: DayOfHours, now: Timestamp) {
    func count(_ state: JobState) -> Int { queue.counts[state] ?? 0 }
    name = queue.name
    path = "/queues/\(ConsoleLink.escaped(queue.name))"
    (ready, running, scheduled) = (count(.ready).grouped, count(.running).grouped, count(.scheduled).grouped)
    waitingText = count(.ready) == 1 ? "1 job waits" : "\(count(.ready).grouped) jobs wait"
    waiting = (count(.waiting) + count(.blocked)).grouped
    (dead, hasDead) = (count(.dead).grouped, count(.dead) > 0)
    oldest = TimeView(queue.oldestReadyAt, now: now)
    workers = queue.workers.grouped
    hasNoWorker = queue.isDeserted
    pause = queue.pause.map { PauseView($0, now: now) }
    let (completed, failed) = (hours.completed(in: queue.name), hours.failed(in: queue.name))
    spark = Sparkline(
      completed,
      label:
        "\(completed.reduce(0, +).grouped) completed and \(failed.reduce(0, +).grouped) failed attempts in 24 hours")
  }
}

extension QueueSummary {
  /// Jobs wait, and nobody is there who would take them.
  var isDeserted: Bool { workers == 0 && (counts[.ready] ?? 0) > 0 && pause == nil }
}

/// The last day of each queue, hour by hour.
struct DayOfHours: Sendable {
  static let length = 24
  private static let hour: Int64 = 3_600_000_000

  let start: Timestamp
  private let queues: [String: [QueueHour]]

  init(_ engine: Engine) async throws(StoreError) {
    let now = engine.clock.now
    start = Timestamp(microseconds: (now.microseconds / Self.hour - Int64(Self.length) + 1) * Self.hour)
    queues = try await engine.throughput(from: start, to: now)
  }

  func completed(in queue: String) -> [Int] { values(in: queue, \.completed) }

  func failed(in queue: String) -> [Int] { values(in: queue, \.failed) }

  private func values(in queue: String, _ value: (QueueHour) -> Int) -> [Int] {
    var values = [Int](repeating: 0, count: Self.length)
    for hour in queues[queue] ?? [] {
      let place = Int((hour.start.microseconds - start.microseconds) / Self.hour)
      if values.indices.contains(place) { values[place] += value(hour) }
    }
    return values
  }
}

/// All queues.
struct QueuesPage: PageModel {
  static let template = "queues"

  let title = "Queues"
  let tabs = QueueTabs(.queues)
  let rows: [QueueRow]
  let isEmpty: Bool
  let deserted: [QueueRow]
  let everything: PauseView?
  let mayChange: Bool
  let form = PauseForm(path: "", mark: "all", verb: "Pause everything")

  init(_ queues: [QueueSummary], _ hours: DayOfHours, everything: Pause?, for request: APIRequest) {
    let now = request.engine.clock.now
    rows = queues.map { QueueRow($0, hours, now: now) }
    isEmpty = rows.isEmpty
    deserted = rows.filter(\.hasNoWorker)
    self.everything = everything.map { PauseView($0, now: now) }
    mayChange = request.may(.operator, change: .queues)
  }
}
