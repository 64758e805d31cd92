import Nightshift

/// What happens to all jobs, or to those of some kinds, queues and states.
struct EventFeed: LiveFeed {
  private let engine: Engine
  private let filter: EventFilter
  private let lastEventID: String?
  private let isStillAllowed: @Sendable () async -> Bool
  private let reach: Reach

  var isOver: Bool { false }

  init(_ request: APIRequest) throws(Problem) {
    engine = request.engine
    isStillAllowed = request.isStillAllowed
    reach = request.actor.reach
    // One that is well-formed and not known any more begins the stream with a `reset`.
    lastEventID = try LiveRoutes.lastEventID(request, "k3v9-42") { EventHub.isWellFormed(id: $0) ? $0 : nil }
    let (states, faults) = FilterReader.states(request.query.values("state")) { .parameter("state") }
    guard faults.isEmpty else { throw .invalid(faults) }
    let kinds = Set(request.query.values("kind"))
    let queues = Set(request.query.values("queue"))
    filter = EventFilter(
      kinds: kinds.isEmpty ? nil : kinds, queues: queues.isEmpty ? nil : queues,
      states: states.isEmpty ? nil : states)
  }

  func run(_ send: (LiveItem) async throws -> Void) async throws -> LiveEnd {
    let events = try await engine.listen(filter, after: lastEventID)
    // So that the client knows that it is heard, and proxies pass the headers on.
    try await send(.keepAlive)
    let loop = LiveLoop(events: events, engine: engine, isStillAllowed: isStillAllowed)
    var known = KnownReach(reach: reach)
    return try await loop.run { step in
      switch step {
      case .delivery(.event(_, let event)) where try await !known.includes(event.job, engine): break
      case .delivery(.event(let id, let event)): try await send(.message(LiveMessage(event, id: id)))
      case .delivery(.reset): try await send(.message(LiveMessage(type: "reset", id: nil, data: [:])))
      case .tick: try await send(.keepAlive)
      }
      return true
    }
  }
}

/// Which jobs a subscriber may hear of, looked up once for each job.
private struct KnownReach {
  /// A job's events come close together, so few have to be remembered.
  private static let limit = 10_000

  let reach: Reach
  private var known: [JobID: Bool] = [:]

  init(reach: Reach) { self.reach = reach }

  mutating func includes(_ job: JobID, _ engine: Engine) async throws -> Bool {
    guard !reach.isEverything else { return true }
    if let answer = known[job] { return answer }
    if known.count >= Self.limit { known.removeAll() }
    let answer = try await engine.reaches(reach, job)
    known[job] = answer
    return answer
  }
}
