import Foundation
import NightshiftTesting
import Synchronization
import Testing

@testable import Nightshift

@Suite(.timeLimit(.minutes(5))) struct `A pause` {
  private let ada = Actor(id: "ada", role: .operator, address: "10.0.0.1")
  private let test: TestEngine
  private var engine: Engine { test.engine }

  init() async throws {
    test = try await TestEngine.fresh()
    try await engine.register("k", payload: Int.self, options: KindOptions(queue: "q")) { _, _ in }
  }

  private func hold(_ id: JobID) async throws -> JobHold? { try await engine.job(id)?.summary.whyHeld }

  @Test func `of a queue ends by itself, and its jobs say until then why they wait`() async throws {
    let since = engine.clock.now
    let end = since + .seconds(3_600)
    _ = try await engine.pause(.queue("q"), until: end, reason: "the bank is closed", by: ada)
    let id = try await engine.add("k")
    let due = try await engine.add("k", "1", JobOptions().due(in: .seconds(60)))
    #expect(try await test.runUntilIdle() == 0)
    let expected = JobHold(
      reason: .queuePaused, since: since, until: end, by: "ada", detail: "the bank is closed")
    #expect(try await hold(id) == expected)
    #expect(try await hold(due) == nil, "it is not held: its time has not come")
    #expect(try await engine.jobs(JobFilter(), before: nil, limit: 10).jobs.last?.whyHeld == expected)
    let other = try await engine.add("k", "1", JobOptions().queued(in: "other"))
    #expect(try await test.runUntilIdle() == 1)
    #expect(try await engine.state(of: other) == .completed)
    test.clock.advance(by: .seconds(3_600))
    #expect(try await test.runUntilIdle() == 2)
    #expect(try await engine.queues().first { $0.name == "q" }?.pause == nil)
    #expect(
      try await engine.column(
        "SELECT actor || ' ' || verb || ' ' || subject FROM nightshift_audit WHERE subject = 'queue q' ORDER BY id")
        == ["ada pause queue q", "system resume queue q"])
  }

  @Test func `of everything stops all queues, those to come as well`() async throws {
    _ = try await engine.pause(.everything, reason: "upgrade", by: ada)
    let ids = [try await engine.add("k"), try await engine.add("k", "1", JobOptions().queued(in: "new"))]
    #expect(try await test.runUntilIdle() == 0)
    for id in ids { #expect(try await hold(id)?.reason == .everythingPaused) }
    #expect(try await engine.pauseOfEverything()?.reason == "upgrade")
    #expect(try await engine.queues().map(\.name) == ["new", "q"])
    #expect(try await engine.queues().allSatisfy { $0.pause == nil })
    #expect(try await engine.resume(.everything, by: ada))
    #expect(try await test.runUntilIdle() == 2)
  }

  @Test func `of everything leaves a queue paused that was paused on its own`() async throws {
    try await engine.pause("q", reason: "broken")
    let id = try await engine.add("k")
    let end = engine.clock.now + .seconds(60)
    try await engine.pauseEverything(until: end.date)
    #expect(try await hold(id)?.reason == .queuePaused, "which lasts longer")
    try await engine.pause("q", until: (engine.clock.now + .seconds(30)).date)
    #expect(try await hold(id)?.until == end)
    try await engine.pause("q", reason: "broken")
    test.clock.advance(by: .seconds(60))
    #expect(try await test.runUntilIdle() == 0)
    #expect(try await hold(id)?.detail == "broken")
    try await engine.resume("q")
    #expect(try await test.runUntilIdle() == 1)
  }

  @Test func `may come before the queue`() async throws {
    #expect(try await engine.pause(.queue("later"), by: ada).isNewQueue)
    #expect(try await !engine.pause(.queue("later"), by: ada).isNewQueue)
    let id = try await engine.add("k", "1", JobOptions().queued(in: "later"))
    #expect(try await test.runUntilIdle() == 0)
    #expect(try await hold(id)?.by == "ada")
  }

  @Test func `that is made again keeps its beginning, and gets the new end and reason`() async throws {
    let since = engine.clock.now
    _ = try await engine.pause(.queue("q"), until: since + .seconds(60), reason: "first", by: ada)
    test.clock.advance(by: .seconds(30))
    let again = try await engine.pause(.queue("q"), by: .system).pause
    #expect(again == Pause(since: since, by: "system", until: nil, reason: nil))
    #expect(try await engine.queues().first { $0.name == "q" }?.pause == again)
    test.clock.advance(by: .seconds(60))
    _ = try await engine.add("k")
    #expect(try await test.runUntilIdle() == 0)
  }

  @Test func `is told by doctor, and needs attention only without an end`() async throws {
    func finding() async -> StoreFinding? { await engine.findings().first { $0.name == "pauses" } }
    #expect(await finding()?.found == "nothing is paused")
    _ = try await engine.pause(.everything, until: engine.clock.now + .seconds(60), reason: "upgrade", by: ada)
    #expect(await finding()?.isFine == true)
    #expect(await finding()?.found.contains("everything is paused since") == true)
    _ = try await engine.pause(.queue("q"), by: ada)
    #expect(await finding()?.isFine == false)
    #expect(await finding()?.remedy == "unless that is wanted: nightshift queues resume q")
  }
}

@Suite(.timeLimit(.minutes(5))) struct `A pause, in every process` {
  private let database: SharedDatabase

  init() throws { database = try SharedDatabase() }

  @Test func `ends by itself, also when who made it is gone`() async throws {
    let worker = try await database.engine()
    try await worker.register("k", payload: Int.self) { _, _ in }
    try await worker.whileRunning {
      for subject in [Pause.Subject.everything, .queue(.default)] {
        let other = try await database.engine { $0.queues = ["elsewhere"] }
        try await other.refresh()
        // Without an end at first, so that it is not over before the worker has heard of it.
        _ = try await other.pause(subject, by: .system)
        await eventually { worker.worker.state.withLock { !$0.lanes.contains("default") } }
        let id = try await other.add("k")
        #expect(try await worker.state(of: id) == .ready)
        _ = try await other.pause(subject, until: other.clock.now + .seconds(1), reason: nil, by: .system)
        await other.close()
        _ = try await worker.waitUntil(id, is: .completed)
      }
    }
    await worker.close()
  }

  @Test func `outlives a restart, and so does its end`() async throws {
    let first = try await database.engine()
    try await first.register("k", payload: Int.self) { _, _ in }
    _ = try await first.pause(.everything, until: first.clock.now + .seconds(1), reason: "r", by: .system)
    let id = try await first.add("k")
    await first.close()
    let second = try await database.engine()
    try await second.register("k", payload: Int.self) { _, _ in }
    #expect(try await second.job(id)?.summary.whyHeld?.detail == "r")
    try await second.whileRunning { _ = try await second.waitUntil(id, is: .completed) }
    await second.close()
  }
}

extension JobOptions {
  fileprivate func queued(in queue: QueueName) -> JobOptions {
    var options = self
    options.queue = queue
    return options
  }

  fileprivate func due(in time: Duration) -> JobOptions {
    var options = self
    options.runAt = .in(time)
    return options
  }
}
