import HummingbirdCore
import Nightshift

extension RouteTable {
  static let overviewRoutes: [Route] = [
    .page("/overview", .role(.viewer)) { request in
      try await request.page(try await OverviewPage(for: request), at: .overview)
    }
  ]
}

/// How the whole is doing. Read from counters and hourly roll-ups, which cost the same however many jobs there are.
struct OverviewPage: PageModel {
  static let template = "overview"

  struct Figure: Sendable {
    let name: String
    let value: String
    let path: String?
  }

  struct Warning: Sendable {
    let text: String
    let path: String
    let link: String
    let isBad: Bool
  }

  struct Depth: Sendable {
    let name: String
    let path: String
    let ready: String
    let running: String
    let scheduled: String
    let width: String
    let runningWidth: String
    let runningX: String
    let oldest: TimeView?
    let workers: String
    let isPaused: Bool
  }

  private static let hours = 24
  private static let mostQueues = 30

  let title = "Overview"
  let figures: [Figure]
  let warnings: [Warning]
  let hasWarnings: Bool
  let chart: HourChart
  let queues: [Depth]
  let hasQueues: Bool
  let moreQueues: String?
  let hasWaiting: Bool
  let waitingText: String
  /// Whether these numbers count more than this person may see.
  let isOfOthersToo: Bool
  let hasDead: Bool
  let deadText: String

  init(for request: APIRequest) async throws {
    let (engine, now) = (request.engine, request.engine.clock.now)
    let hour: Int64 = 3_600_000_000
    let start = Timestamp(microseconds: (now.microseconds / hour - Int64(Self.hours) + 1) * hour)
    let rows = try await engine.stats(from: start, to: now, by: .hour)
    let all = try await engine.queues()
    let waiting = try await engine.waitingQuestions(upTo: 1_000, for: request.actor)
    hasWaiting = waiting > 0
    waitingText =
      waiting == 1 ? "A question waits for a person." : "\(waiting.grouped) questions wait for a person."
    let dead = all.reduce(0) { $0 + ($1.counts[.dead] ?? 0) }
    let seesAll = request.actor.reach.isEverything
    isOfOthersToo = !seesAll
    (hasDead, deadText) = (dead > 0 && seesAll, dead.grouped)
    figures = Self.figures(all, rows, isLinked: seesAll)
    warnings = try await Self.warnings(all, request)
    hasWarnings = !warnings.isEmpty
    chart = HourChart(rows, from: start, hours: Self.hours)
    let busiest = all.sorted { ($1.load, $0.name) < ($0.load, $1.name) }
    let most = max(1, busiest.first?.load ?? 1)
    queues = busiest.prefix(Self.mostQueues).map { Depth($0, most: most, now: now) }
    hasQueues = !all.isEmpty
    moreQueues = all.count > Self.mostQueues ? "and \((all.count - Self.mostQueues).grouped) more" : nil
  }

  private static func figures(_ queues: [QueueSummary], _ rows: [StatsRow], isLinked: Bool) -> [Figure] {
    func count(_ state: JobState) -> Int { queues.reduce(0) { $0 + ($1.counts[state] ?? 0) } }
    let states: [JobState] = [.running, .ready, .scheduled, .waiting]
    let completed = rows.reduce(0) { $0 + $1.completed }
    let failed = rows.reduce(0) { $0 + $1.failed }
    let share = completed + failed == 0 ? 0 : Double(failed) / Double(completed + failed) * 100
    return states.map { state in
      Figure(name: state.rawValue, value: count(state).grouped, path: isLinked ? "/jobs?state=\(state.rawValue)" : nil)
    } + [
      Figure(name: "completed in 24 h", value: completed.grouped, path: isLinked ? "/jobs?state=completed" : nil),
      Figure(name: "of attempts failed", value: "\((share * 10).rounded() / 10) %", path: nil),
    ]
  }

  private static func warnings(_ queues: [QueueSummary], _ request: APIRequest) async throws -> [Warning] {
    let engine = request.engine
    var warnings: [Warning] = []
    if let pause = try await engine.pauseOfEverything() {
      warnings.append(
        Warning(text: "Everything is paused\(said(pause)).", path: "/queues", link: "Queues", isBad: true))
    }
    for queue in queues {
      if let pause = queue.pause {
        warnings.append(
          Warning(
            text: "The queue \(queue.name) is paused\(said(pause)).", path: "/queues", link: "Queues", isBad: false))
      } else if queue.workers == 0, let ready = queue.counts[.ready], ready > 0 {
        warnings.append(
          Warning(
            text: "No worker listens to the queue \(queue.name): \(ready.grouped) jobs wait.",
            path: "/jobs?queue=\(queue.name)&state=ready", link: "Its jobs", isBad: true))
      }
    }
    for status in try await engine.breakers() where status.phase != .closed {
      warnings.append(
        Warning(
          text: "The circuit breaker \(status.state.breaker.name) is \(status.phase.rawValue): "
            + "\(status.held.grouped) jobs are held back.", path: "/breakers", link: "Breakers", isBad: true))
    }
    for (kind, pause) in try await engine.pausedKinds().sorted(by: { $0.key < $1.key }) {
      warnings.append(
        Warning(
          text: "The kind \(kind) is paused by \(pause.by).", path: "/jobs?kind=\(kind)", link: "Its jobs", isBad: false
        ))
    }
    if request.actor.role == .admin { warnings += await health(request) }
    return Array(warnings.prefix(20))
  }

  /// What else the server's own checks find; those who can mend it are told.
  private static func health(_ request: APIRequest) async -> [Warning] {
    let told: Set = ["breakers", "paused kinds", "pauses"]
    return await request.findings(.quick).filter { !$0.isFine && !told.contains($0.name) }.map { finding in
      Warning(text: "\(finding.name): \(finding.found).", path: "/settings", link: "What to do", isBad: true)
    }
  }

  private static func said(_ pause: Pause) -> String {
    (pause.by.map { " by \($0)" } ?? "") + (pause.reason.map { ": \($0)" } ?? "")
  }
}

extension QueueSummary {
  /// What it has to do now.
  fileprivate var load: Int { (counts[.ready] ?? 0) + (counts[.running] ?? 0) }
}

extension OverviewPage.Depth {
  fileprivate init(_ queue: QueueSummary, most: Int, now: Timestamp) {
    let (ready, running) = (queue.counts[.ready] ?? 0, queue.counts[.running] ?? 0)
    func percent(_ count: Int) -> String { "\((Double(count) / Double(most) * 1_000).rounded() / 10)%" }
    self.init(
      name: queue.name, path: "/jobs?queue=\(queue.name)", ready: ready.grouped, running: running.grouped,
      scheduled: (queue.counts[.scheduled] ?? 0).grouped, width: percent(ready), runningWidth: percent(running),
      runningX: percent(ready), oldest: TimeView(queue.oldestReadyAt, now: now), workers: queue.workers.grouped,
      isPaused: queue.pause != nil)
  }
}
