@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A kind's pause`: LimitsJobs {
  @Test func `does not let a paused kind begin, and nothing else is kept from running`() async throws {
    let test = try await TestEngine.fresh()
    let watch = BeginWatch()
    try await register(test.engine, watch)
    try await test.engine.register("other", payload: Int.self) { _, _ in }
    let ids = try await add(test.engine, ["a", "b"])
    try await test.engine.pause(kind: "k", reason: "vendor is down", by: .system)
    _ = try await test.engine.add("other")
    #expect(try await test.runUntilIdle() == 1)
    #expect(try await test.engine.job(ids[0])?.summary.hold?.reason == .kindPaused)
    #expect(try await test.engine.pausedKinds()["k"]?.reason == "vendor is down")
    #expect(try await test.engine.resume(kind: "k", by: .system))
    #expect(try await !test.engine.resume(kind: "k", by: .system))
    #expect(try await test.runUntilIdle() == 2)
  }

  @Test func `ends a kind's pause when its time is over`() async throws {
    let test = try await TestEngine.fresh()
    let watch = BeginWatch()
    try await register(test.engine, watch)
    let now = test.engine.clock.now
    try await test.engine.pause(kind: "k", until: now + .seconds(60), by: .system)
    try await test.engine.whileRunning {
      let ids = try await add(test.engine, ["a", "b"])
      await eventually { try await test.engine.job(ids[1])?.summary.hold?.reason == .kindPaused }
      test.clock.advance(by: .seconds(60))
      try await waitForAll(ids, test.engine)
    }
    #expect(try await test.engine.pausedKinds().isEmpty)
  }
}
