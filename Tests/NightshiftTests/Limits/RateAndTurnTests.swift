@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A limit's rate, and its turns`: LimitsJobs {
  @Test func `in a window lets no more begin than it says, and the rest when it has moved on`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: String.self) { _, _ in }
    for limit in [
      Limit("window", queues: ["default"], rate: .window(3, per: .seconds(60))),
      Limit("window", by: .payload(""), rate: .window(3, per: .seconds(60))),
    ] {
      try await test.engine.set(limit)
      _ = try await add(test.engine, Array(repeating: "a", count: 7))
      #expect(try await test.runUntilIdle() == 3)
      test.clock.advance(by: .seconds(59))
      #expect(try await test.runUntilIdle() == 0)
      test.clock.advance(by: .seconds(1))
      #expect(try await test.runUntilIdle() == 3)
      test.clock.advance(by: .seconds(60))
      #expect(try await test.runUntilIdle() == 1)
      test.clock.advance(by: .seconds(60))
    }
  }

  @Test func `that is smooth lets them begin one after the other, by itself`() async throws {
    let test = try await TestEngine.fresh()
    let watch = BeginWatch()
    try await register(test.engine, watch)
    try await test.engine.set(Limit("smooth", by: .payload(""), rate: .smooth(6, per: .seconds(60))))
    try await test.engine.whileRunning {
      let ids = try await add(test.engine, ["a", "a", "a", "b"])
      await eventually { watch.order.count == 2 }
      for count in 3...4 {
        test.clock.advance(by: .seconds(10))
        await eventually { watch.order.count == count }
      }
      try await waitForAll(ids, test.engine)
    }
    #expect(watch.order.sorted() == ["a", "a", "a", "b"])
  }

  @Test func `with a key lets one job of one customer through a million of another`() async throws {
    let test = try await TestEngine.fresh { $0.concurrency = 1 }
    let watch = BeginWatch()
    try await register(test.engine, watch)
    // Those that wait already when the limit comes have no turns, and must not keep others behind them.
    _ = try await add(test.engine, Array(repeating: "early", count: 120))
    try await test.engine.set(Limit("fair", by: .payload("")))
    _ = try await add(test.engine, Array(repeating: "many", count: 120))
    _ = try await add(test.engine, ["one", "two"])
    _ = try await add(test.engine, ["two", "three"])
    try await test.runUntilIdle()
    let order = watch.order
    #expect(order.count == 244)
    // Some of those that had no turns go through while the others get theirs.
    for key in ["one", "two", "three"] { #expect(order.firstIndex(of: key)! < 60, "\(key)") }
    #expect(order.lastIndex(of: "two")! < 60)
  }

  @Test func `gives turns to jobs that become ready later, too`() async throws {
    let test = try await TestEngine.fresh { $0.concurrency = 1 }
    let watch = BeginWatch()
    try await register(test.engine, watch)
    try await test.engine.set(Limit("fair", by: .payload("")))
    _ = try await add(test.engine, Array(repeating: "many", count: 120))
    _ = try await add(test.engine, Array(repeating: "later", count: 3), options { $0.runAt = .in(.seconds(60)) })
    test.clock.advance(by: .seconds(60))
    try await test.runUntilIdle()
    #expect(watch.order.count == 123)
    #expect(watch.order.lastIndex(of: "later")! < 20)
  }
}
