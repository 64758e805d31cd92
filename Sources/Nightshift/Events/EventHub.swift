import DequeModule
import Dispatch
import Synchronization

/// Hands events to those in this process who listen. While nobody does, nothing is collected.
package final class EventHub: Sendable {
  /// Events a subscriber may be behind before it is dropped.
  package static let subscriberLimit = 10_000
  /// Events that may wait to be handed out; beyond it every subscriber is behind, and is dropped.
  static let backlogLimit = 100_000
  /// Events kept for subscribers that come back.
  static let ringLimit = 10_000

  private struct State {
    var subscribers: [Int: (filter: EventFilter, continuation: EventStream.Continuation)] = [:]
    var nextSubscriber = 0
    /// The number of the newest event.
    var number: Int64 = 0
    var ring: Deque<(number: Int64, event: Event)> = []
    /// Until when events are collected though nobody listens, for subscribers whose connection broke.
    var lingersUntil: Int64 = 0
    /// Whether there have been subscribers since the last time that all had been gone for a while.
    var hasAudience = false
  }

  private let state = Mutex(State())
  /// Events are published from the store's thread, which must not wait for ten thousand subscribers.
  private let queue = DispatchQueue(label: "nightshift-events")
  private let backlog = Atomic(0)
  private let epoch: String
  private let clock: any WallClock
  private let audienceChanged: @Sendable () -> Void
  private let followerCame: @Sendable () -> Void

  /// - Parameters:
  ///   - audienceChanged: Called when the first subscriber has come, and some time after the last has gone; what holds
  ///     then is to be asked for, since two calls may overlap.
  ///   - followerCame: Called when a subscriber comes that follows one job.
  init(
    clock: any WallClock, epoch: Int64, audienceChanged: @escaping @Sendable () -> Void,
    followerCame: @escaping @Sendable () -> Void = {}
  ) {
    self.clock = clock
    self.epoch = String(epoch, radix: 36)
    self.audienceChanged = audienceChanged
    self.followerCame = followerCame
  }

  /// Whether anybody listens, or has just been cut off.
  package var isListened: Bool { state.withLock { isListened($0) } }

  private func isListened(_ state: State) -> Bool {
    !state.subscribers.isEmpty || clock.monotonic < state.lingersUntil
  }

  /// Whether the store is to tell of transitions.
  var hasAudience: Bool { state.withLock { $0.hasAudience } }

  package var subscriberCount: Int { state.withLock { $0.subscribers.count } }

  /// The jobs that somebody follows by id.
  var followedJobs: Set<JobID> { state.withLock { Set($0.subscribers.values.compactMap(\.filter.job)) } }

  /// Begins a subscription. Events that follow `lastEventID` come first; if they are no longer kept, a `reset` does.
  package func subscribe(_ filter: EventFilter, after lastEventID: String? = nil) -> EventStream {
    let (stream, continuation) = AsyncThrowingStream.makeStream(
      of: EventDelivery.self, throwing: (any Error).self, bufferingPolicy: .bufferingOldest(Self.subscriberLimit))
    let (id, isFirst) = state.withLock { state in
      // Nobody waits for them yet, so that nobody is woken under the lock.
      for delivery in missed(after: lastEventID, filter, state) { continuation.yield(delivery) }
      let id = state.nextSubscriber
      state.nextSubscriber += 1
      state.subscribers[id] = (filter, continuation)
      defer { state.hasAudience = true }
      return (id, !state.hasAudience)
    }
    continuation.onTermination = { [weak self] _ in self?.remove(id) }
    if isFirst { audienceChanged() }
    if filter.job != nil { followerCame() }
    return EventStream(base: stream)
  }

  private func missed(after id: String?, _ filter: EventFilter, _ state: State) -> [EventDelivery] {
    guard let id else { return [] }
    let parts = id.split(separator: "-")
    let oldest = state.ring.first?.number ?? state.number + 1
    guard parts.count == 2, parts[0] == epoch, let number = Int64(parts[1]), number >= oldest - 1,
      number <= state.number
    else { return [.reset] }
    let missed = state.ring.filter { $0.number > number && filter.matches($0.event) }
    // More than its buffer holds: the rest would be lost without a word.
    guard missed.count <= Self.subscriberLimit else { return [.reset] }
    return missed.map { .event(id: self.id($0.number), $0.event) }
  }

  private func id(_ number: Int64) -> String { "\(epoch)-\(number)" }

  /// Whether an id may be one that a hub has given, be it another process's or an old one.
  package static func isWellFormed(id: String) -> Bool {
    let parts = id.split(separator: "-", omittingEmptySubsequences: false)
    return parts.count == 2 && Int64(parts[0], radix: 36) != nil && (Int64(parts[1]) ?? -1) >= 0
  }

  private func remove(_ id: Int) {
    state.withLock { state in
      guard state.subscribers.removeValue(forKey: id) != nil, state.subscribers.isEmpty else { return }
      state.lingersUntil = clock.monotonic + 60_000_000_000
    }
  }

  func publish(_ events: [Event]) {
    guard !events.isEmpty else { return }
    let waiting = backlog.add(events.count, ordering: .relaxed).newValue
    queue.async { [self] in
      backlog.subtract(events.count, ordering: .relaxed)
      if waiting > Self.backlogLimit { dropAll() } else { handOut(events) }
    }
  }

  /// Nothing is lost for good: subscribers that come back get a reset, and take a new snapshot.
  private func dropAll() {
    let dropped = state.withLock { state in
      defer {
        state.subscribers.removeAll()
        state.ring.removeAll()
      }
      // A gap in the numbers, so that no id from before is taken for one that can be resumed from.
      state.number += 1
      return state.subscribers.values.map(\.continuation)
    }
    for continuation in dropped { continuation.finish(throwing: SlowSubscriber()) }
  }

  private func handOut(_ events: [Event]) {
    let (goesOn, audienceLeft) = state.withLock { state in
      guard !isListened(state) else { return (true, false) }
      state.ring.removeAll()
      defer { state.hasAudience = false }
      return (false, state.hasAudience)
    }
    if audienceLeft { audienceChanged() }
    guard goesOn else { return }
    for event in events { deliver(event) }
  }

  /// Hands an event to all that it concerns, and drops those that are too slow: they must neither make the engine wait
  /// nor fill its memory.
  ///
  /// Outside the lock: to hand something over wakes a task, for which the runtime takes that task's own lock. Whoever
  /// cancels the task holds it while the subscription takes itself off our list, and would wait for us.
  private func deliver(_ event: Event) {
    let (delivery, subscribers) = state.withLock { state in
      state.number += 1
      state.ring.append((state.number, event))
      if state.ring.count > Self.ringLimit { state.ring.removeFirst() }
      let concerned = state.subscribers.compactMap { id, subscriber in
        subscriber.filter.matches(event) ? (id, subscriber.continuation) : nil
      }
      return (EventDelivery.event(id: id(state.number), event), concerned)
    }
    for (id, continuation) in subscribers {
      guard case .dropped = continuation.yield(delivery) else { continue }
      state.withLock { $0.subscribers[id] = nil }
      continuation.finish(throwing: SlowSubscriber())
    }
  }
}

/// What a subscriber receives.
package enum EventDelivery: Sendable {
  case event(id: String, Event)
  /// The id to resume from is no longer known: take a new snapshot.
  case reset
}

/// The subscriber was more than ``EventHub/subscriberLimit`` events behind.
package struct SlowSubscriber: Error {
  package init() {}
}

/// A subscription; it ends when it is dropped.
package struct EventStream: AsyncSequence, Sendable {
  package typealias Element = EventDelivery
  typealias Continuation = AsyncThrowingStream<EventDelivery, any Error>.Continuation

  let base: AsyncThrowingStream<EventDelivery, any Error>

  package func makeAsyncIterator() -> AsyncThrowingStream<EventDelivery, any Error>.Iterator {
    base.makeAsyncIterator()
  }
}
