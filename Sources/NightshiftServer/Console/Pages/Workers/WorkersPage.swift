import Nightshift

/// All processes that run jobs, and those that ended lately.
struct WorkersPage: PageModel {
  static let template = "workers"
  /// So many of a worker's jobs are named.
  static let mostJobs = 50
  static let mostEnded = 20

  struct Running: Sendable {
    let key: String
    let path: String
    let kind: String
    let since: TimeView?
    let attempt: String
    let percent: String?
    let fraction: String
    let message: String?
  }

  struct Worker: Sendable {
    let id: String
    let path: String
    let name: String
    let host: String
    let pid: String
    let version: String
    let mode: StateView
    let started: TimeView
    let slots: Meter
    let queues: String
    let kinds: String
    let running: [Running]
    let isIdle: Bool
    let more: String?
    let canStart: Bool
    let canStop: Bool
    let canDrain: Bool
  }

  struct Ended: Sendable {
    let name: String
    let host: String
    let version: String
    let lived: String
    let at: TimeView
    let reason: String
    let isBad: Bool
  }

  let title = "Workers"
  let workers: [Worker]
  let isEmpty: Bool
  let summary: String
  let hasVersions: Bool
  let versions: String
  let ended: [Ended]
  let hasEnded: Bool
  let mayChange: Bool

  init(for request: APIRequest) async throws {
    let (engine, now) = (request.engine, request.engine.clock.now)
    let all = try await engine.workers().filter { $0.role == "worker" }
    let mayChange = request.may(.operator, change: .workers)
    let reach = request.actor.reach
    var workers: [Worker] = []
    for worker in all {
      // Jobs of others are counted and not named.
      let visible = worker.running.filter { reach.includes(organization: $0.organization, owner: $0.owner) }
      let shown = Array(visible.sorted { ($0.startedAt ?? now) < ($1.startedAt ?? now) }.prefix(Self.mostJobs))
      let progress = try await engine.progress(of: shown.map(\.id))
      workers.append(Self.worker(worker, shown, progress, now: now, mayChange: mayChange))
    }
    self.workers = workers
    self.mayChange = mayChange
    isEmpty = all.isEmpty
    let (busy, slots) = (all.reduce(0) { $0 + $1.running.count }, all.reduce(0) { $0 + $1.concurrency })
    summary =
      "\(all.count.grouped) \(all.count == 1 ? "worker" : "workers"), \(busy.grouped) of \(slots.grouped) places taken"
    let found = Set(all.map(\.version)).sorted()
    (hasVersions, versions) = (found.count > 1, found.joined(separator: ", "))
    ended = try await engine.endedWorkers(limit: Self.mostEnded).map { Self.ended($0, now: now) }
    hasEnded = !ended.isEmpty
  }

  private static func worker(
    _ worker: WorkerSummary, _ shown: [JobSummary], _ progress: [JobID: ProgressRecord], now: Timestamp,
    mayChange: Bool
  ) -> Worker {
    let hidden = worker.running.count - shown.count
    return Worker(
      id: "\(worker.id)", path: "/workers/\(worker.id)", name: worker.name, host: worker.host,
      pid: "\(worker.pid)", version: worker.version, mode: StateView(worker.mode),
      started: TimeView(worker.startedAt, now: now), slots: Meter(worker.running.count, of: max(1, worker.concurrency)),
      queues: worker.queues.map { $0.joined(separator: ", ") } ?? "all",
      kinds: worker.kinds.isEmpty ? "none" : worker.kinds.joined(separator: ", "),
      running: shown.map { running($0, progress[$0.id], now: now) }, isIdle: worker.running.isEmpty,
      more: hidden > 0 ? "and \(hidden.grouped) more" : nil, canStart: mayChange && worker.mode != .running,
      canStop: mayChange && worker.mode == .running, canDrain: mayChange && worker.mode != .draining)
  }

  private static func running(_ job: JobSummary, _ progress: ProgressRecord?, now: Timestamp) -> Running {
    // What an earlier attempt said does not hold for this one.
    let current = progress.flatMap { $0.attempt == job.attempt ? $0 : nil }
    return Running(
      key: "running-\(job.id)", path: "/jobs/\(job.id)", kind: job.kind, since: TimeView(job.startedAt, now: now),
      attempt: "\(job.attempt)", percent: current.map { "\(Int($0.fraction * 100)) %" },
      fraction: "\(current?.fraction ?? 0)", message: current?.message.map(Redactor.shownAlone))
  }

  private static func ended(_ worker: EndedWorker, now: Timestamp) -> Ended {
    Ended(
      name: worker.name, host: worker.host, version: worker.version,
      lived: (worker.endedAt - worker.startedAt).forPeople, at: TimeView(worker.endedAt, now: now),
      reason: worker.reason ?? "not said", isBad: worker.reason != "stopped")
  }
}
