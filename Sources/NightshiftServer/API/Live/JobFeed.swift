import Nightshift

/// The timeline of one job: a snapshot, then what happens, until the job has ended.
///
/// Without gap or repeat: the subscription begins before the snapshot is read, and what the snapshot holds
/// already is dropped by its version or log sequence. Both together are the id after which a broken stream
/// goes on.
struct JobFeed: LiveFeed {
  /// Log lines that are read at a time.
  static let page = 1_000
  /// After this time every line has been stored that was written before the subscription began: the engine
  /// stores them within a tenth of a second.
  private static let settlingTime = Duration.milliseconds(250)

  /// What the client has got.
  private struct Sent {
    var position = JobPosition()
    var progressAt = Timestamp(microseconds: 0)
    /// When the newest of the handler's own events was emitted.
    var customAt = Timestamp(microseconds: 0)

    mutating func note(_ line: LogLine) {
      position.log = line.sequence
      if line.level == "event" { customAt = line.at }
    }
  }

  private let engine: Engine
  let id: JobID
  /// The job as it was when the client came; its kind and queue never change.
  private let job: JobSummary
  private let start: JobPosition?
  private let isStillAllowed: @Sendable () async -> Bool
  let isOver: Bool

  init(_ request: APIRequest) async throws {
    engine = request.engine
    id = try request.jobID()
    isStillAllowed = request.isStillAllowed
    guard let job = try await engine.job(id) else { throw APIRequest.noSuchJob(id) }
    self.job = job.summary
    let position = try LiveRoutes.lastEventID(request, "v3.l4294967297") { JobPosition($0) }
    // One that is ahead of the job is another job's, or from before a restore: then everything is sent.
    start = position.flatMap { $0.version <= job.summary.version ? $0 : nil }
    isOver =
      job.summary.state.isTerminal && start?.version == job.summary.version
      && (start?.log ?? 0) >= (job.logs.last?.sequence ?? 0)
  }

  func run(_ send: (LiveItem) async throws -> Void) async throws -> LiveEnd {
    let events = try await engine.listen(EventFilter(job: id))
    guard let job = try await engine.job(id) else { return .finished }
    var sent = Sent()
    sent.position.log = start?.log ?? 0
    try await sendSnapshot(job, &sent, send)
    guard !job.summary.state.isTerminal else {
      try await sendEnd(job, sent.position, send)
      return .finished
    }
    let loop = LiveLoop(
      events: events, clock: engine.clock, isStillAllowed: isStillAllowed, firstTick: Self.settlingTime)
    return try await loop.run { step in
      switch step {
      case .delivery(.event(_, let event)): return try await forward(event, &sent, send)
      case .delivery(.reset): return true
      case .tick:
        try await send(.keepAlive)
        return try await catchUp(&sent, send)
      }
    }
  }

  private func sendSnapshot(
    _ job: JobDetail, _ sent: inout Sent, _ send: (LiveItem) async throws -> Void
  ) async throws {
    let logs = try await engine.logs(of: id, after: sent.position.log, limit: Self.page)
    sent.progressAt = job.progress?.at ?? sent.progressAt
    sent.position.version = job.summary.version
    for line in logs { sent.note(line) }
    try await send(
      .message(LiveMessage(type: "snapshot", id: sent.position.description, data: JSONValue(job, logs: logs)))
    )
    if logs.count == Self.page { try await sendLogs(&sent, send) }
  }

  /// The stored log lines that were not sent yet.
  private func sendLogs(_ sent: inout Sent, _ send: (LiveItem) async throws -> Void) async throws {
    while true {
      let logs = try await engine.logs(of: id, after: sent.position.log, limit: Self.page)
      for line in logs {
        sent.note(line)
        try await send(.message(LiveMessage(line, of: job, id: sent.position.description)))
      }
      guard logs.count == Self.page else { return }
    }
  }

  /// Sends an event that is news. Returns whether more can follow.
  private func forward(
    _ event: Event, _ sent: inout Sent, _ send: (LiveItem) async throws -> Void
  ) async throws -> Bool {
    switch event.body {
    case .state(let state, let version):
      guard version > sent.position.version else { return true }
      if state.isTerminal { return try await catchUp(&sent, send) }
      sent.position.version = version
    case .log(let sequence, _, _):
      // A line that was written before the subscription began may not have been stored when the snapshot was
      // read.
      try await sendStored(&sent, send) { $0.position.nextLog(attempt: event.attempt) >= sequence }
      guard sequence > sent.position.log else { return true }
      sent.position.log = sequence
    case .custom:
      // It is one of the log lines, but only the stored one knows its sequence.
      try await sendStored(&sent, send) { $0.customAt >= event.at }
      guard event.at > sent.customAt else { return true }
      sent.customAt = event.at
    case .progress: sent.progressAt = event.at
    // Whoever comes later finds them in the snapshot.
    case .signal, .checkpoint: break
    }
    try await send(.message(LiveMessage(event, id: sent.position.description)))
    return true
  }

  /// Sends stored lines until enough were sent. The engine stores them within a tenth of a second; those that
  /// it could not store within a second are lost, and the stream goes on.
  private func sendStored(
    _ sent: inout Sent, _ send: (LiveItem) async throws -> Void, until isEnough: (Sent) -> Bool
  ) async throws {
    for _ in 0..<40 where !isEnough(sent) {
      try await sendLogs(&sent, send)
      if !isEnough(sent) { try await engine.clock.sleep(for: .milliseconds(25)) }
    }
  }

  /// Sends what the store knows and the events did not tell, such as what another process has done. Returns
  /// whether more can follow.
  private func catchUp(
    _ sent: inout Sent, _ send: (LiveItem) async throws -> Void
  ) async throws -> Bool {
    try await sendLogs(&sent, send)
    guard let job = try await engine.job(id) else { return false }
    if let progress = job.progress, progress.at > sent.progressAt {
      sent.progressAt = progress.at
      try await send(.message(LiveMessage(progress, of: job.summary, id: sent.position.description)))
    }
    guard job.summary.version > sent.position.version else { return true }
    sent.position.version = job.summary.version
    try await send(
      .message(LiveMessage(type: "state", id: sent.position.description, data: .state(job.summary))))
    guard job.summary.state.isTerminal else { return true }
    try await sendEnd(job, sent.position, send)
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
