import Nightshift

/// One queue.
struct QueuePage: PageModel {
  static let template = "queue"

  struct Count: Sendable {
    let state: String
    let count: String
    let path: String
  }

  struct Listener: Sendable {
    let name: String
    let host: String
    let slots: String
    let mode: StateView
  }

  struct Gate: Sendable {
    let name: String
    let path: String
    let text: String
  }

  let title: String
  let name: String
  let path: String
  let jobs: String
  let counts: [Count]
  let oldest: TimeView?
  let isDeserted: Bool
  let pause: PauseView?
  let everything: PauseView?
  let form: PauseForm
  let mayChange: Bool
  let listeners: [Listener]
  let hasListeners: Bool
  let chart: HourBars
  let limits: [Gate]
  let hasLimits: Bool
  let kinds: [Gate]
  let hasKinds: Bool
  let purgeable: String
  let canPurge: Bool

  init(_ queue: QueueSummary, for request: APIRequest) async throws {
    let (engine, now) = (request.engine, request.engine.clock.now)
    name = queue.name
    title = queue.name
    path = "/queues/\(ConsoleLink.escaped(queue.name))"
    jobs = ConsoleLink.path("/jobs", [("queue", queue.name)])
    counts = JobState.allCases.map { state in
      Count(
        state: state.rawValue, count: (queue.counts[state] ?? 0).grouped,
        path: ConsoleLink.path("/jobs", [("queue", queue.name), ("state", state.rawValue)]))
    }
    oldest = TimeView(queue.oldestReadyAt, now: now)
    isDeserted = queue.isDeserted
    pause = queue.pause.map { PauseView($0, now: now) }
    everything = try await engine.pauseOfEverything().map { PauseView($0, now: now) }
    form = PauseForm(path: path, mark: "queue", verb: "Pause it")
    mayChange = request.may(.operator, change: .queues)
    listeners = try await engine.workers().filter { worker in
      worker.role == "worker" && worker.queues.map { $0.contains(queue.name) } ?? true
    }.map { Listener(name: $0.name, host: $0.host, slots: $0.concurrency.grouped, mode: StateView($0.mode)) }
    hasListeners = !listeners.isEmpty
    let hours = try await DayOfHours(engine)
    chart = HourBars(hours.completed(in: queue.name), hours.failed(in: queue.name), from: hours.start)
    let own = Set(try await engine.kinds().filter { $0.queue == queue.name }.map(\.kind))
    limits = try await engine.limits().map(\.limit).filter { limit in
      // One that names kinds and no queue counts their jobs wherever they are; most are in the kind's own queue.
      limit.queues.isEmpty
        ? limit.kinds.isEmpty || limit.kinds.contains { own.contains($0.rawValue) }
        : limit.queues.contains { $0.rawValue == queue.name }
    }.map { Gate(name: $0.name, path: "/limits/\($0.name)", text: $0.words) }
    hasLimits = !limits.isEmpty
    kinds = try await engine.kinds().filter { $0.queue == queue.name }.map { kind in
      Gate(name: kind.kind, path: "/kinds/\(ConsoleLink.escaped(kind.kind))", text: kind.description)
    }
    hasKinds = !kinds.isEmpty
    let count = queue.unstarted
    (purgeable, canPurge) = (count.grouped, count > 0)
  }
}

extension QueueSummary {
  /// What has not begun, which a purge cancels.
  var unstarted: Int {
    [JobState.ready, .scheduled, .waiting, .blocked].reduce(0) { $0 + (counts[$1] ?? 0) }
  }
}

/// What a purge would do, before it is done.
struct QueuePurgePage: PageModel {
  static let template = "queue-purge"

  struct Sample: Sendable {
    let id: String
    let path: String
    let kind: String
    let state: StateView
  }

  let title: String
  let name: String
  let path: String
  let count: String
  let isEmpty: Bool
  let sample: [Sample]

  init(_ queue: QueueSummary, _ jobs: [JobSummary]) {
    title = "Purge \(queue.name)?"
    name = queue.name
    path = "/queues/\(ConsoleLink.escaped(queue.name))"
    // From the counters: to count the rows would take as long as the purge itself.
    (count, isEmpty) = (queue.unstarted.grouped, queue.unstarted == 0)
    sample = jobs.map { job in
      Sample(id: "\(job.id)", path: "/jobs/\(job.id)", kind: job.kind, state: StateView(job.state))
    }
  }
}

/// What was done hour by hour, as bars. The partial `hour-bars` shows it.
struct HourBars: Sendable {
  struct Bar: Sendable {
    let title: String
    let x: Int
    let goodY: Int
    let goodHeight: Int
    let badY: Int
    let badHeight: Int
  }

  struct Row: Sendable {
    let hour: String
    let completed: String
    let failed: String
  }

  private static let (height, pitch) = (80, 30)

  let bars: [Bar]
  let rows: [Row]
  let most: String
  let label: String

  init(_ completed: [Int], _ failed: [Int], from start: Timestamp) {
    let peak = max(1, zip(completed, failed).map(+).max() ?? 1)
    most = peak.grouped
    func height(_ count: Int) -> Int { count == 0 ? 0 : max(2, count * Self.height / peak) }
    var (bars, rows): ([Bar], [Row]) = ([], [])
    for (index, (good, bad)) in zip(completed, failed).enumerated() {
      let hour = (start + .seconds(3_600 * index)).rfc3339.dropFirst(11).prefix(5)
      let (goodHeight, badHeight) = (height(good), height(bad))
      bars.append(
        Bar(
          title: "\(hour): \(good.grouped) completed, \(bad.grouped) failed", x: index * Self.pitch,
          goodY: Self.height - goodHeight, goodHeight: goodHeight, badY: Self.height - goodHeight - badHeight,
          badHeight: badHeight))
      rows.append(Row(hour: "\(hour)", completed: good.grouped, failed: bad.grouped))
    }
    (self.bars, self.rows) = (bars, rows)
    label =
      "\(completed.reduce(0, +).grouped) completed and \(failed.reduce(0, +).grouped) failed attempts in 24 hours"
  }
}
