import Nightshift

/// A kind of job as lists show it.
struct KindRow: Sendable {
  let name: String
  let path: String
  let description: String?
  let queue: String
  let queuePath: String
  let source: String
  let workers: String
  let hasNoWorker: Bool
  let pause: PauseView?

  init(_ kind: KindSummary, _ pause: PausedKind?, now: Timestamp) {
    name = kind.kind
    path = "/kinds/\(ConsoleLink.escaped(kind.kind))"
    description = kind.description.isEmpty ? nil : kind.description
    queue = kind.queue
    queuePath = "/queues/\(ConsoleLink.escaped(kind.queue))"
    (source, workers, hasNoWorker) = (kind.source, kind.workers.grouped, kind.workers == 0)
    self.pause = pause.map { PauseView($0, now: now) }
  }
}

/// All kinds of jobs that any worker has ever had.
struct KindsPage: PageModel {
  static let template = "kinds"

  let title = "Kinds"
  let tabs = QueueTabs(.kinds)
  let rows: [KindRow]
  let isEmpty: Bool

  init(_ kinds: [KindSummary], _ paused: [String: PausedKind], for request: APIRequest) {
    rows = kinds.map { KindRow($0, paused[$0.kind], now: request.engine.clock.now) }
    isEmpty = rows.isEmpty
  }
}

/// One kind of job.
struct KindPage: PageModel {
  static let template = "kind"

  struct Fact: Sendable {
    let name: String
    let value: String
  }

  let title: String
  let kind: KindRow
  let facts: [Fact]
  let registered: TimeView
  let schema: JSONText?
  let jobs: String
  let dead: String
  let profile: String
  let add: String
  let mayAdd: Bool
  let mayChange: Bool
  let form: PauseForm

  init(_ kind: KindSummary, _ pause: PausedKind?, for request: APIRequest) {
    let now = request.engine.clock.now
    title = kind.kind
    self.kind = KindRow(kind, pause, now: now)
    facts = [
      Fact(name: "Priority", value: kind.priority.rawValue),
      Fact(name: "Attempts", value: "at most \(kind.maxAttempts.grouped)"),
      Fact(name: "Time limit", value: kind.timeout?.forPeople ?? "none"),
      Fact(name: "Waits between attempts", value: kind.backoff), Fact(name: "Comes from", value: kind.source),
    ]
    registered = TimeView(kind.registeredAt, now: now)
    schema = kind.schema.map { JSONText($0) }
    jobs = ConsoleLink.path("/jobs", [("kind", kind.kind)])
    dead = ConsoleLink.path("/jobs", [("kind", kind.kind), ("state", "dead")])
    profile = ConsoleLink.path("/profile", [("kind", kind.kind)])
    add = ConsoleLink.path("/jobs/new", [("kind", kind.kind)])
    mayAdd = request.may(.member, change: .jobs)
    mayChange = request.may(.operator, change: .queues)
    form = PauseForm(path: self.kind.path, mark: "kind", verb: "Pause it")
  }
}
