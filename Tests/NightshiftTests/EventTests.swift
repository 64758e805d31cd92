@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A subscriber` {
  private let clock = TestClock()
  private let hub: EventHub

  init() { hub = EventHub(clock: clock, epoch: 1) {} }

  private func event(_ number: Int64, kind: String = "k", state: JobState = .ready) -> Event {
    Event(
      job: JobID(rawValue: number), kind: kind, queue: "q", attempt: 0, at: clock.now,
      body: .state(state, version: 1))
  }

  private func take(_ count: Int, _ stream: EventStream) async throws -> [(id: String, job: Int64)] {
    var seen: [(String, Int64)] = []
    for try await case .event(let id, let event) in stream {
      seen.append((id, event.job.rawValue))
      if seen.count == count { break }
    }
    return seen
  }

  @Test func `receives what matches its filter, in order`() async throws {
    let all = hub.subscribe(EventFilter())
    let some = hub.subscribe(EventFilter(kinds: ["a"], queues: ["q"], states: [.dead]))
    let one = hub.subscribe(EventFilter(job: JobID(rawValue: 3)))
    hub.publish([event(1), event(2, kind: "a"), event(3), event(4, kind: "a", state: .dead)])
    #expect(try await take(4, all).map(\.job) == [1, 2, 3, 4])
    #expect(try await take(1, some).map(\.job) == [4])
    #expect(try await take(1, one).map(\.job) == [3])
  }

  @Test func `goes on where it was cut off`() async throws {
    let first = hub.subscribe(EventFilter())
    hub.publish((1...5).map { event($0) })
    let seen = try await take(2, first)
    hub.publish([event(6)])
    let second = hub.subscribe(EventFilter(), after: seen[1].id)
    hub.publish([event(7)])
    #expect(try await take(5, second).map(\.job) == [3, 4, 5, 6, 7])
  }

  @Test(arguments: ["", "1", "1-", "2-1", "1-99", "1--1", "nonsense", "1-x"])
  func `is told to start over when its place is unknown`(_ id: String) async throws {
    hub.publish([event(1)])
    var stream = hub.subscribe(EventFilter(), after: id).makeAsyncIterator()
    guard case .reset? = try await stream.next() else {
      Issue.record("no reset")
      return
    }
  }

  @Test func `is told to start over when it has missed more than is kept for it`() async throws {
    let last = JobID(rawValue: Int64(EventHub.ringLimit) + 3)
    let marker = hub.subscribe(EventFilter(job: last))
    let first = hub.subscribe(EventFilter())
    hub.publish([event(1)])
    let seen = try await take(1, first)
    hub.publish((2...last.rawValue).map { event($0) })
    #expect(try await take(1, marker).count == 1)
    var stream = hub.subscribe(EventFilter(), after: seen[0].id).makeAsyncIterator()
    guard case .reset? = try await stream.next() else {
      Issue.record("a part of what it missed is lost, and nobody says so")
      return
    }
  }

  @Test func `is dropped when it is too slow, and the others are not`() async throws {
    let last = JobID(rawValue: Int64(EventHub.subscriberLimit) + 2)
    let slow = hub.subscribe(EventFilter())
    let fast = hub.subscribe(EventFilter(job: last))
    hub.publish((1...last.rawValue).map { event($0) })
    #expect(try await take(1, fast).map(\.job) == [last.rawValue])
    await #expect(throws: SlowSubscriber.self) { _ = try await take(.max, slow) }
  }

  @Test func `costs nothing once it has gone and some time has passed`() async throws {
    var stream: EventStream? = hub.subscribe(EventFilter())
    #expect(hub.isListened)
    withExtendedLifetime(stream) {}
    stream = nil
    await eventually { hub.subscriberCount == 0 }
    #expect(hub.isListened)
    clock.advance(by: .seconds(61))
    #expect(!hub.isListened)
  }

  @Test func `sees a job's whole life with its versions`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, context in
      context.log("hello")
      if context.attempt == 1 { throw Snooze.for(.zero) }
    }
    let stream = test.engine.events.subscribe(EventFilter())
    _ = try await test.engine.add("k")
    try await test.runUntilIdle()
    var seen: [String] = []
    for try await case .event(_, let event) in stream {
      switch event.body {
      case .state(let state, let version): seen.append("\(state) \(version)")
      case .log(_, _, let message): seen.append(message)
      default: break
      }
      if seen.last == "completed 6" { break }
    }
    #expect(
      seen == [
        "ready 1", "running 2", "hello", "scheduled 3", "ready 4", "running 5", "hello", "completed 6",
      ])
  }
}
