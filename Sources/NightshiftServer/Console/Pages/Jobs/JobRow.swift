import Nightshift

/// A job as lists show it. The partial `job-row` shows it.
struct JobRow: Sendable {
  struct Tag: Sendable {
    let name: String
    let path: String
  }

  let id: String
  let path: String
  let kind: String
  let queue: String
  let state: StateView
  let held: String?
  /// What its last attempt failed with.
  let error: String?
  let created: TimeView
  let moment: TimeView
  let momentLabel: String
  let took: String
  let attempts: String
  let tags: [Tag]
  let mayChoose: Bool

  init(_ job: JobSummary, now: Timestamp, mayChoose: Bool = false, error: Failure? = nil) {
    id = "\(job.id)"
    path = "/jobs/\(job.id)"
    (kind, queue) = (job.kind, job.queue)
    tags = job.tags.map { Tag(name: $0, path: ConsoleLink.path("/jobs", [("tag", $0)])) }
    state = StateView(job.state)
    held = job.whyHeld.map { Self.text(of: $0) }
    // What a message may repeat of a payload is known where the payload is: whoever may not see all of it gets the type.
    self.error = error.map { error in
      Redactor.current == nil ? error.message.split(separator: "\n").first.map(String.init) ?? error.type : error.type
    }?.truncatedUTF8(to: 160)
    created = TimeView(job.createdAt, now: now)
    switch job.state {
    case .completed, .dead, .cancelled:
      (momentLabel, moment) = ("ended", TimeView(job.finishedAt ?? job.createdAt, now: now))
    case .running: (momentLabel, moment) = ("began", TimeView(job.startedAt ?? job.createdAt, now: now))
    case .scheduled: (momentLabel, moment) = ("due", TimeView(job.runAt, now: now))
    default: (momentLabel, moment) = ("added", TimeView(job.createdAt, now: now))
    }
    let end = job.finishedAt ?? (job.state == .running ? now : nil)
    took = job.startedAt.flatMap { start in end.map { ($0 - start).forPeople } } ?? ""
    attempts = job.attempt == 0 ? "" : job.failures == 0 ? "\(job.attempt)" : "\(job.attempt) (\(job.failures) failed)"
    self.mayChoose = mayChoose
  }

  static func text(of hold: JobHold) -> String {
    let reason =
      switch hold.reason {
      case .noWorker: "no live worker has this kind"
      case .foreground: "kept for the process that enqueued it"
      case .dependencyDied: "a job that it depends on has died"
      case .limit: "a limit has no room"
      case .kindPaused: "its kind is paused"
      case .breakerOpen: "a circuit breaker is open"
      case .queuePaused: "its queue is paused"
      case .everythingPaused: "everything is paused"
      }
    return hold.detail.map { "\(reason): \($0)" } ?? reason
  }
}
