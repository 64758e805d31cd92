import Nightshift

/// The timeline of one job: a snapshot, then what happens, until the job has ended.
///
/// Without gap or repeat: the subscription begins before the snapshot is read, and what the snapshot holds already is
/// dropped by its version or log sequence. Both together are the id after which a broken stream goes on.
struct JobFeed: LiveFeed {
  /// Log lines that are read at a time.
  static let page = 1_000
  /// After this time every line has been stored that was written before the subscription began: the engine stores
  /// them within a tenth of a second.
  private static let settlingTime = Duration.milliseconds(250)

  private let engine: Engine
  private let id: JobID
  private let start: JobPosition?
  private let isStillAllowed: @Sendable () async -> Bool
  let isOver: Bool

  init(_ request: APIRequest) async throws {
    engine = request.engine
    id = try request.jobID()
    isStillAllowed = request.isStillAllowed
    guard let job = try await engine.job(id) else { throw APIRequest.noSuchJob(id) }
    // An id that is not ours, or of another job, tells nothing: then everything is sent.
    start = try LiveRoutes.lastEventID(request).flatMap { JobPosition($0) }
    isOver =
      job.summary.state.isTerminal && start?.version == job.summary.version
      && (start?.log ?? 0) >= (job.logs.last?.sequence ?? 0)
  }

  func run(_ send: (LiveItem) async throws -> Void) async throws -> LiveEnd {
    let events = engine.events.subscribe(EventFilter(job: id))
    guard let job = try await engine.job(id) else { return .finished }
    var position = JobPosition()
    position.log = start?.log ?? 0
    try await sendSnapshot(job, &position, send)
    guard !job.summary.state.isTerminal else {
      try await sendEnd(job, position, send)
      return .finished
    }
    let loop = LiveLoop(
      events: events, clock: engine.clock, isStillAllowed: isStillAllowed, firstTick: Self.settlingTime)
    return try await loop.run { step in
      switch step {
      case .delivery(.event(_, let event)): return try await forward(event, &position, send)
      case .delivery(.reset): return true
      case .tick:
        try await send(.keepAlive)
        return try await catchUp(&position, send)
      }
    }
  }

  private func sendSnapshot(
    _ job: JobDetail, _ position: inout JobPosition, _ send: (LiveItem) async throws -> Void
  ) async throws {
    let logs = try await engine.logs(of: id, after: position.log, limit: Self.page)
    position.version = job.summary.version
    position.log = logs.last?.sequence ?? position.log
    try await send(
      .message(LiveMessage(type: "snapshot", id: position.description, data: JSONValue(job, logs: logs))))
    if logs.count == Self.page { try await sendLogs(&position, send) }
  }

  /// The stored log lines that were not sent yet.
  private func sendLogs(_ position: inout JobPosition, _ send: (LiveItem) async throws -> Void) async throws {
    while true {
      let logs = try await engine.logs(of: id, after: position.log, limit: Self.page)
      for line in logs {
        position.log = line.sequence
        try await send(.message(LiveMessage(line, id: position.description)))
      }
      guard logs.count == Self.page else { return }
    }
  }

  /// Sends an event that is news. Returns whether more can follow.
  private func forward(
    _ event: Event, _ position: inout JobPosition, _ send: (LiveItem) async throws -> Void
  ) async throws -> Bool {
    switch event.body {
    case .state(let state, let version):
      guard version > position.version else { return true }
      if state.isTerminal { return try await catchUp(&position, send) }
      position.version = version
    case .log(let sequence, _, _):
      try await fillGap(before: sequence, event.attempt, &position, send)
      guard sequence > position.log else { return true }
      position.log = sequence
    case .custom:
      // It is stored among the log lines, as the next one.
      position.log = position.nextLog(attempt: event.attempt)
    case .progress: break
    }
    try await send(.message(LiveMessage(event, id: position.description)))
    return true
  }

  /// Sends lines that were written before the subscription began and not yet stored when the snapshot was read. They
  /// are stored within a tenth of a second; if they are not, they are lost, and the stream goes on.
  private func fillGap(
    before sequence: Int64, _ attempt: Int, _ position: inout JobPosition,
    _ send: (LiveItem) async throws -> Void
  ) async throws {
    for _ in 0..<40 where position.nextLog(attempt: attempt) < sequence {
      try await sendLogs(&position, send)
      if position.log < sequence - 1 { try await engine.clock.sleep(for: .milliseconds(25)) }
    }
  }

  /// Sends what the store knows and the events did not tell, such as what another process has done. Returns whether
  /// more can follow.
  private func catchUp(
    _ position: inout JobPosition, _ send: (LiveItem) async throws -> Void
  ) async throws -> Bool {
    try await sendLogs(&position, send)
    guard let job = try await engine.job(id) else { return false }
    guard job.summary.version > position.version else { return true }
    position.version = job.summary.version
    try await send(.message(LiveMessage(type: "state", id: position.description, data: .state(job.summary))))
    guard job.summary.state.isTerminal else { return true }
    try await sendEnd(job, position, send)
    return false
  }

  private func sendEnd(
    _ job: JobDetail, _ position: JobPosition, _ send: (LiveItem) async throws -> Void
  ) async throws {
    let data = JSONValue.fields([
      "id": .string(id.description),
      "state": .string(job.summary.state.rawValue),
      "result": job.result.map { JSONValue(stored: $0) },
      "error": job.error.map { JSONValue($0) },
    ])
    try await send(.message(LiveMessage(type: "end", id: position.description, data: data)))
  }
}

extension JSONValue {
  /// The data of a `state` message, as an event of the same change has it.
  fileprivate static func state(_ job: JobSummary) -> JSONValue {
    .fields([
      "job": .string(job.id.description), "kind": .string(job.kind), "queue": .string(job.queue),
      "attempt": JSONValue(job.attempt), "at": job.finishedAt.map { JSONValue($0) },
      "state": .string(job.state.rawValue), "version": .integer(job.version),
    ])
  }
}
