import Nightshift

/// A workflow as lists show it.
struct WorkflowRow: Sendable {
  struct Part: Sendable {
    let tone: String
    let x: String
    let width: String
  }

  let id: String
  let name: String
  let path: String
  let state: StateView
  let parts: [Part]
  let progress: String
  let counts: String
  let created: TimeView
  let createdBy: String
  let isRunning: Bool

  init(_ workflow: WorkflowSummary, now: Timestamp) {
    id = "\(workflow.id)"
    name = workflow.name.isEmpty ? "\(workflow.id)" : workflow.name
    path = "/workflows/\(workflow.id)"
    state = StateView(word: workflow.state.rawValue, tone: workflow.state.rawValue)
    isRunning = workflow.state == .running
    let all = workflow.counts.values.reduce(0, +)
    let ended = workflow.counts.reduce(0) { $0 + ($1.key.isTerminal ? $1.value : 0) }
    progress = "\(ended.grouped) of \(all.grouped)"
    let order: [JobState] = [.completed, .dead, .cancelled, .running, .waiting, .ready, .scheduled, .blocked]
    let present = order.filter { workflow.counts[$0, default: 0] > 0 }
    counts = present.map { "\(workflow.counts[$0, default: 0].grouped) \($0.rawValue)" }.joined(separator: ", ")
    var (parts, x): ([Part], Double) = ([], 0)
    for state in present {
      let width = Double(workflow.counts[state, default: 0]) / Double(max(1, all)) * 100
      parts.append(Part(tone: state.rawValue, x: Self.percent(x), width: Self.percent(width)))
      x += width
    }
    self.parts = parts
    created = TimeView(workflow.createdAt, now: now)
    createdBy = workflow.createdBy
  }

  private static func percent(_ number: Double) -> String { "\((number * 100).rounded() / 100)%" }
}

/// Workflows, the newest first.
struct WorkflowsPage: PageModel {
  static let template = "workflows"

  let title = "Workflows"
  let rows: [WorkflowRow]
  let isEmpty: Bool
  let isFurther: Bool
  let next: String?

  init(_ workflows: [WorkflowSummary], next: WorkflowID?, isFurther: Bool, for request: APIRequest) {
    rows = workflows.map { WorkflowRow($0, now: request.engine.clock.now) }
    isEmpty = rows.isEmpty
    self.isFurther = isFurther
    self.next = next.map { "/workflows?cursor=\($0)" }
  }
}

/// One workflow, as a drawing and as a list.
struct WorkflowPage: PageModel {
  static let template = "workflow"

  struct Job: Sendable {
    let key: String
    let ref: String
    let id: String
    let path: String
    let kind: String
    let state: StateView
    let held: String?
    let callback: String?
    let waitsFor: String
    let took: String
    let canRelease: Bool
  }

  let title: String
  let workflow: WorkflowRow
  let home: String
  let graph: WorkflowGraph
  let jobs: [Job]
  /// Which of the jobs are listed, where they are more than one page.
  let part: String?
  let further: String?
  let mayCancel: Bool
  let fault: String?

  private static let onePage = 200

  init(_ workflow: WorkflowDetail, from first: Int = 0, for request: APIRequest, fault: String? = nil) {
    let now = request.engine.clock.now
    self.workflow = WorkflowRow(workflow.summary, now: now)
    title = self.workflow.name
    home = self.workflow.path
    graph = WorkflowGraph(workflow)
    let mayRelease = request.may(.operator, change: .workflows)
    let refs = Dictionary(workflow.jobs.map { ($0.id, $0.ref) }) { first, _ in first }
    let needed = Dictionary(grouping: workflow.edges, by: \.job)
    let listed = workflow.jobs.dropFirst(first).prefix(Self.onePage)
    let (end, count) = (first + listed.count, workflow.jobs.count)
    part = count > Self.onePage ? "\((first + 1).grouped) to \(end.grouped) of \(count.grouped)" : nil
    further = end < count ? "\(home)?from=\(end)" : nil
    jobs = listed.map { job in
      Self.job(job, needed[job.id] ?? [], refs, now: now, mayRelease: mayRelease)
    }
    mayCancel = request.may(.operator, change: .workflows) && workflow.jobs.contains { !$0.state.isTerminal }
    self.fault = fault
  }

  private static func job(
    _ job: WorkflowJob, _ edges: [WorkflowEdge], _ refs: [JobID: String], now: Timestamp, mayRelease: Bool
  ) -> Job {
    let end = job.finishedAt ?? (job.state == .running ? now : nil)
    return Job(
      key: "ref-\(job.id)", ref: job.ref, id: "\(job.id)", path: "/jobs/\(job.id)", kind: job.kind,
      state: job.isPruned
        ? StateView(word: "\(job.state.rawValue), pruned", tone: job.state.rawValue) : StateView(job.state),
      held: job.hold.map { held($0) }, callback: job.callback.map { callback($0) },
      waitsFor: edges.map { refs[$0.dependsOn] ?? "\($0.dependsOn)" }.joined(separator: ", "),
      took: job.startedAt.flatMap { start in end.map { ($0 - start).forPeople } } ?? "",
      canRelease: mayRelease && job.hold?.reason == .dependencyDied)
  }

  private static func held(_ hold: Hold) -> String {
    switch JobHold(hold).reason {
    case .dependencyDied: "a job that it depends on has died"
    case .noWorker: "no live worker has its kind"
    case .foreground: "kept for the process that enqueued it"
    case .limit: "a limit has no room"
    case .kindPaused: "its kind is paused"
    case .breakerOpen: "a circuit breaker is open"
    case .queuePaused: "its queue is paused"
    case .everythingPaused: "everything is paused"
    }
  }

  private static func callback(_ callback: Workflow.Callback) -> String {
    switch callback {
    case .done: "runs when all have ended"
    case .success: "runs when all have completed"
    case .death: "runs at the first that dies"
    }
  }
}
