@testable import Nightshift
import NightshiftTesting
import Testing

@Suite struct `What pages read of the engine` {
  private func fresh() async throws -> TestEngine {
    let test = try await TestEngine.fresh()
    try await test.engine.register("fine", payload: JSONValue.self) { _, _ in }
    return test
  }

  @Test func `has each queue's hours, and leaves out those in which nothing ended`() async throws {
    let test = try await fresh()
    let start = test.engine.clock.now
    var draft = JobDraft(kind: "fine", payload: Array("{}".utf8))
    draft.options.queue = "mail"
    _ = try await test.engine.submit([draft], actor: .system)
    #expect(try await test.runUntilIdle() == 1)
    let found = try await test.engine.throughput(from: start - .seconds(3_600), to: start + .seconds(3_600))
    #expect(found["mail"]?.map(\.completed) == [1])
    #expect(found["mail"]?.first?.start.microseconds.isMultiple(of: 3_600_000_000) == true)
    #expect(try await test.engine.throughput(from: start + .seconds(7_200), to: start + .seconds(9_000)).isEmpty)
  }

  @Test func `has the jobs that a limit keeps back`() async throws {
    let test = try await fresh()
    try await test.engine.set(Limit("none-now", kinds: ["fine"], by: .payload(""), concurrency: 1))
    let drafts = (0..<2).map { _ in JobDraft(kind: "fine", payload: Array("{}".utf8)) }
    _ = try await test.engine.submit(drafts, actor: .system)
    let worker = try await test.engine.addSilentWorker(77)
    let claimed = try await test.engine.store.claim(
      ClaimRequest(worker: worker, now: test.engine.clock.now, lanes: [.init("default", limit: 2)], limit: 2))
    #expect(claimed.count == 1)
    let limit = try #require(try await test.engine.limit("none-now"))
    let held = try await test.engine.jobsHeld(by: limit.id, limit: 10)
    #expect(held.count == 1)
    #expect(held.first?.id != claimed.first?.id)
  }

  @Test func `has the processes that ended, and why`() async throws {
    let shared = try SharedDatabase()
    let first = try await shared.engine()
    let running = Task { try await first.run() }  // Ended by `stop`.
    await first.stop(gracePeriod: .zero)
    try await running.value
    await first.close()
    let second = try await shared.engine()
    let ended = try await second.endedWorkers(limit: 5)
    #expect(ended.map(\.reason) == ["stopped"])
    #expect(ended.allSatisfy { $0.endedAt >= $0.startedAt })
    await second.close()
  }

  @Test func `has how far jobs are that said so`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("half", payload: JSONValue.self) { _, context in context.progress(0.5, "half") }
    let id = try await test.engine.submit([JobDraft(kind: "half", payload: [0x7B, 0x7D])], actor: .system)[0].id
    try await test.runUntilIdle()
    #expect(try await test.engine.progress(of: [id])[id]?.fraction == 0.5)
    #expect(try await test.engine.progress(of: []).isEmpty)
  }
}
