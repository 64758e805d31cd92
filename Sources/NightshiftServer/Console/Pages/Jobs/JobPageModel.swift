import Nightshift

/// One job with all that is known of it.
struct JobDetailPage: PageModel {
  static let template = "job"

  struct Fact: Sendable {
    let name: String
    let text: String?
    let link: String?
    let moment: TimeView?
  }

  struct Line: Sendable {
    let key: String
    let attempt: Int
    let time: String
    let level: String
    let text: String
  }

  struct Artifact: Sendable {
    let name: String
    let url: String
    let size: String
    let isPicture: Bool
  }

  struct Step: Sendable {
    let name: String
    let state: StateView
    let took: String
    let result: JSONText?
    let error: String?
    let mayFork: Bool
  }

  struct Question: Sendable {
    let path: String
    let question: String
    let state: StateView
    let by: String?
  }

  struct FormerPayloadView: Sendable {
    let at: TimeView
    let changes: [ChangeView]
  }

  let title: String
  let id: String
  let path: String
  let kind: String
  let state: StateView
  let isLive: Bool
  let fault: String?
  let facts: [Fact]
  let held: String?
  let heldUntil: TimeView?
  let waitsFor: WaitView?
  let cancelAsked: TimeView?
  let cancelReason: String?
  let stuck: TimeView?
  let failure: FailureView?
  let progress: ProgressView?
  let timeline: Timeline
  let graph: TieGraph?
  let workflow: String?
  let workflowPath: String
  let payload: JSONText
  let result: JSONText?
  let former: [FormerPayloadView]
  let hasFormer: Bool
  let steps: [Step]
  let hasSteps: Bool
  let questions: [Question]
  let hasQuestions: Bool
  let pictures: [Artifact]
  let files: [Artifact]
  let hasArtifacts: Bool
  let lines: [Line]
  let hasLines: Bool
  let logSummary: String
  let logPath: String
  let attempts: [Int]
  let mayCancel: Bool
  /// Whether a copy may be made: what has completed is not run again itself.
  let mayCopy: Bool
  let mayRetry: Bool
  let mayDiscard: Bool
  let mayRelease: Bool
  let maySignal: Bool
  let mayFork: Bool
  let signals: [String]

  init(_ job: JobDetail, _ checkpoints: [Checkpoint], for request: APIRequest, fault: String? = nil) {
    let (summary, now) = (job.summary, request.engine.clock.now)
    // What the gate lets through: a member's own jobs, and an operator's all.
    let isOperator =
      request.actor.role >= .operator || (request.actor.role >= .member && summary.owner == request.actor.id)
    let isOver = summary.state.isTerminal
    (id, path, kind) = ("\(summary.id)", "/jobs/\(summary.id)", summary.kind)
    title = "\(summary.kind) \(summary.id)"
    state = StateView(summary.state)
    isLive = !isOver
    self.fault = fault
    facts = Self.facts(job, now: now)
    held = isOver ? nil : Self.held(job)
    heldUntil = TimeView(job.limits.hold?.until ?? summary.whyHeld?.until, now: now)
    waitsFor = WaitView(job, checkpoints)
    cancelAsked = isOver ? nil : TimeView(summary.cancelRequestedAt, now: now)
    cancelReason = summary.cancelReason
    stuck = isOver ? nil : TimeView(summary.stuckAt, now: now)
    failure = summary.state == .completed ? nil : job.error.map { FailureView($0) }
    progress = job.progress.map { ProgressView($0, now: now) }
    timeline = Timeline(job, checkpoints, now: now)
    graph = TieGraph(job)
    workflow = job.ties.workflow.map { "\($0.name) (\($0.ref))" }
    workflowPath = job.ties.workflow.map { "/workflows/\($0.id)" } ?? ""
    payload = JSONText(stored: job.payload)
    result = job.result.map { JSONText(stored: $0) }
    former = Self.former(job, now: now)
    hasFormer = !job.formerPayloads.isEmpty
    steps = job.flow.steps.map { Self.step($0, now: now, mayFork: isOperator && isOver) }
    hasSteps = !job.flow.steps.isEmpty
    questions = checkpoints.map { checkpoint in
      Question(
        path: "/approvals/\(checkpoint.id)", question: checkpoint.title, state: StateView(checkpoint.state),
        by: checkpoint.decisions.last?.actor)
    }
    hasQuestions = !checkpoints.isEmpty
    let artifacts = job.artifacts.map { Self.artifact($0, of: summary.id) }
    pictures = artifacts.filter(\.isPicture)
    files = artifacts.filter { !$0.isPicture }
    hasArtifacts = !artifacts.isEmpty
    lines = job.logs.map(Self.line)
    hasLines = !job.logs.isEmpty
    logSummary =
      job.logCount > job.logs.count
      ? "the newest \(job.logs.count.grouped) of \(job.logCount.grouped) lines" : "\(job.logCount.grouped) lines"
    logPath = "\(path)/logs"
    attempts = Set(job.logs.map(\.attempt)).sorted()
    mayCancel = isOperator && !isOver && summary.cancelRequestedAt == nil
    mayRetry = isOperator && (summary.state == .dead || summary.state == .cancelled)
    mayDiscard = isOperator && isOver
    mayRelease = isOperator && summary.hold?.reason == .dependencyDied
    maySignal = request.actor.role >= .member && !isOver
    mayFork = isOperator && isOver
    mayCopy = isOperator && summary.state == .completed
    signals = Set(job.flow.waits.filter { $0.state == .open }.flatMap(\.names)).sorted()
  }

  private static func held(_ job: JobDetail) -> String? {
    if let gate = job.limits.hold {
      switch gate.reason {
      case .limit: return "The limit \(gate.name) has no room\(gate.key.map { " for \($0)" } ?? "")."
      case .breakerOpen: return "The circuit breaker \(gate.name) is open."
      case .kindPaused: return "The kind \(gate.name) is paused\(gate.by.map { " by \($0)" } ?? "")."
      default: break
      }
    }
    return job.summary.whyHeld.map { hold in
      let text = JobRow.text(of: hold)
      return "\(text.prefix(1).uppercased())\(text.dropFirst())\(hold.by.map { ", by \($0)" } ?? "")."
    }
  }

  private static func facts(_ job: JobDetail, now: Timestamp) -> [Fact] {
    let summary = job.summary
    func text(_ name: String, _ text: String?, link: String? = nil) -> Fact? {
      text.map { Fact(name: name, text: $0, link: link, moment: nil) }
    }
    func moment(_ name: String, _ moment: Timestamp?) -> Fact? {
      moment.map { Fact(name: name, text: nil, link: nil, moment: TimeView($0, now: now)) }
    }
    let end = summary.finishedAt ?? (summary.state == .running ? now : nil)
    let facts: [Fact?] = [
      text("Queue", summary.queue, link: "/jobs?queue=\(summary.queue)"), text("Priority", summary.priority.rawValue),
      moment("Added", summary.createdAt), summary.state == .scheduled ? moment("Due", summary.runAt) : nil,
      moment("Began", summary.startedAt), moment("Ended", summary.finishedAt),
      text("Took", summary.startedAt.flatMap { start in end.map { ($0 - start).forPeople } }),
      text("Attempts", Self.attempts(job)),
      summary.crashes > 0 ? text("Crashes", "\(summary.crashes)") : nil,
      text("Time limit", summary.timeout?.forPeople), text("Worker", summary.worker.map { "\($0)" }),
      text("Owner", summary.owner), text("Organization", summary.organization),
      text("Limit key", job.limits.limitKey),
      text("Tags", summary.tags.isEmpty ? nil : summary.tags.joined(separator: ", ")),
      text("Trace", summary.traceparent),
      text("Forked from", job.flow.origin.map { "\($0)" }, link: job.flow.origin.map { "/jobs/\($0)" }),
      text("Forked at", job.flow.originStep),
    ]
    return facts.compactMap(\.self)
  }

  /// `2; 1 failed, dead after 3 failures`.
  private static func attempts(_ job: JobDetail) -> String {
    let summary = job.summary
    let failures = summary.maxAttempts == 1 ? "a failure" : "\(summary.maxAttempts) failures"
    // What a fork has taken over keeps the numbers of the attempts that made it.
    let since = job.flow.origin == nil ? "" : ", counted on from the job that it was forked from"
    guard summary.attempt > 0 else { return "none yet; dead after \(failures)" }
    let failed = summary.failures == 0 ? "none" : "\(summary.failures)"
    return "\(summary.attempt)\(since); \(failed) failed, dead after \(failures)"
  }

  private static func former(_ job: JobDetail, now: Timestamp) -> [FormerPayloadView] {
    let payloads = job.formerPayloads.map { JSONValue(stored: $0.payload) } + [JSONValue(stored: job.payload)]
    return job.formerPayloads.enumerated().map { index, former in
      FormerPayloadView(
        at: TimeView(former.replacedAt, now: now),
        changes: ChangeView.list(from: payloads[index], to: payloads[index + 1]))
    }
  }

  private static func step(_ step: StepRecord, now: Timestamp, mayFork: Bool) -> Step {
    let state =
      switch step.state {
      case .started: StateView(word: "started", tone: "running")
      case .completed: StateView(word: "done", tone: "completed")
      case .failed: StateView(word: "failed", tone: "dead")
      }
    return Step(
      name: step.key, state: state, took: ((step.endedAt ?? now) - step.startedAt).forPeople,
      result: step.result.map { JSONText(stored: $0) }, error: step.error, mayFork: mayFork)
  }

  private static func artifact(_ record: ArtifactRecord, of job: JobID) -> Artifact {
    let pictures = ["image/png", "image/jpeg", "image/gif", "image/webp"]
    return Artifact(
      name: record.name, url: Links.artifact(record.name, of: job), size: ByteCount.text(record.size),
      isPicture: pictures.contains(record.type.lowercased()))
  }

  static func line(_ line: LogLine) -> Line {
    Line(
      key: "log-\(line.sequence)", attempt: line.attempt, time: String(line.at.rfc3339.dropFirst(11).prefix(12)),
      level: line.level, text: line.message)
  }
}

struct FailureView: Sendable {
  let type: String
  let message: String
  let detail: String?

  init(_ failure: Failure) { (type, message, detail) = (failure.type, failure.message, failure.detail) }
}

struct ProgressView: Sendable {
  let value: String
  let percent: String
  let message: String?
  let at: TimeView

  init(_ progress: ProgressRecord, now: Timestamp) {
    value = "\(progress.fraction)"
    percent = "\(Int(progress.fraction * 100)) %"
    message = progress.message
    at = TimeView(progress.at, now: now)
  }
}
