import Nightshift

/// All that happened to a job, on one axis of time: attempts, steps, waits and questions.
struct Timeline: Sendable {
  struct Row: Sendable {
    let label: String
    let type: String
    let tone: String
    /// Of the axis, as SVG has them.
    let x: String
    let width: String
    let length: String
    let begin: String
    let note: String?
  }

  private static let mostRows = 120
  /// What is shorter is still to be seen.
  private static let leastWidth = 0.5

  let rows: [Row]
  let isEmpty: Bool
  let isCut: Bool
  let start: TimeView
  let end: TimeView
  let length: String
  let isOpen: Bool

  init(_ job: JobDetail, _ checkpoints: [Checkpoint], now: Timestamp) {
    let summary = job.summary
    let finish = summary.finishedAt ?? now
    let begin = summary.createdAt
    let spans = Self.spans(job, checkpoints, now: now).sorted { ($0.from, $0.order) < ($1.from, $1.order) }
    let axis = max(finish - begin, .milliseconds(1))
    isOpen = summary.finishedAt == nil
    isCut = spans.count > Self.mostRows
    rows = spans.prefix(Self.mostRows).map { $0.row(from: begin, axis) }
    isEmpty = rows.isEmpty
    start = TimeView(begin, now: now)
    end = TimeView(finish, now: now)
    length = axis.forPeople
  }

  private struct Span {
    var label: String
    var type: String
    var tone: String
    var from: Timestamp
    var to: Timestamp
    var order: Int
    var note: String?

    func row(from begin: Timestamp, _ axis: Duration) -> Row {
      let x = Self.share(from - begin, axis)
      let width = max(Timeline.leastWidth, Self.share(to - from, axis))
      return Row(
        label: label, type: type, tone: tone, x: Self.percent(min(x, 100 - Timeline.leastWidth)),
        width: Self.percent(min(width, 100 - min(x, 100 - Timeline.leastWidth))), length: (to - from).forPeople,
        begin: "\(TimeView.exact(from)), \((from - begin).forPeople) after it was asked for", note: note)
    }

    private static func share(_ part: Duration, _ whole: Duration) -> Double {
      min(100, max(0, part.seconds / whole.seconds * 100))
    }

    private static func percent(_ share: Double) -> String { "\((share * 100).rounded() / 100)%" }
  }

  private static func spans(_ job: JobDetail, _ checkpoints: [Checkpoint], now: Timestamp) -> [Span] {
    var spans = attempts(job, now: now)
    for step in job.flow.steps {
      let tone = step.state == .completed ? "completed" : step.state == .failed ? "dead" : "running"
      spans.append(
        Span(
          label: step.key, type: "step", tone: tone, from: step.startedAt, to: step.endedAt ?? now, order: 1,
          note: step.error))
    }
    for wait in job.flow.waits where wait.kind != .checkpoint {
      let what = wait.names.isEmpty ? wait.key : wait.names.joined(separator: ", ")
      spans.append(
        Span(
          label: what, type: "wait for a \(wait.kind)", tone: wait.state == .timedOut ? "dead" : "waiting",
          from: wait.createdAt, to: wait.endedAt ?? now, order: 2))
    }
    for checkpoint in checkpoints {
      let end = checkpoint.decidedAt ?? (checkpoint.state == .pending ? now : checkpoint.createdAt)
      spans.append(
        Span(
          label: checkpoint.title, type: "question", tone: StateView(checkpoint.state).tone,
          from: checkpoint.createdAt, to: end, order: 3,
          note: checkpoint.decisions.last.map { "\($0.verdict) by \($0.actor)" }))
    }
    return spans
  }

  /// Those that did not simply succeed are kept; the last one's times are the job's own.
  private static func attempts(_ job: JobDetail, now: Timestamp) -> [Span] {
    let summary = job.summary
    var spans = job.attempts.compactMap { attempt -> Span? in
      let from = attempt.startedAt ?? attempt.endedAt
      return Span(
        label: "Attempt \(attempt.attempt)", type: attempt.outcome,
        tone: ["failed", "crashed", "lost"].contains(attempt.outcome) ? "dead" : "cancelled", from: from,
        to: attempt.endedAt, order: 0, note: attempt.failure?.message)
    }
    let isKept = job.attempts.contains { $0.attempt == summary.attempt }
    if let from = summary.startedAt, !isKept, summary.state == .running || summary.state == .completed {
      spans.append(
        Span(
          label: "Attempt \(summary.attempt)", type: summary.state == .running ? "running" : "succeeded",
          tone: summary.state.rawValue, from: from, to: summary.finishedAt ?? now, order: 0))
    }
    return spans
  }
}
