import Nightshift

/// What happens to all jobs, or to those of some kinds, queues and states.
struct EventFeed: LiveFeed {
  private let engine: Engine
  private let filter: EventFilter
  private let lastEventID: String?
  private let isStillAllowed: @Sendable () async -> Bool

  var isOver: Bool { false }

  init(_ request: APIRequest) throws(Problem) {
    engine = request.engine
    isStillAllowed = request.isStillAllowed
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
    let loop = LiveLoop(events: events, clock: engine.clock, isStillAllowed: isStillAllowed)
    return try await loop.run { step in
      switch step {
      case .delivery(.event(let id, let event)): try await send(.message(LiveMessage(event, id: id)))
      case .delivery(.reset): try await send(.message(LiveMessage(type: "reset", id: nil, data: [:])))
      case .tick: try await send(.keepAlive)
      }
      return true
    }
  }
}
