@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `What is told of a job that is kept back` {
  private func submit(_ test: TestEngine, key: String?) async throws -> JobID {
    var options = JobOptions()
    options.limitKey = key
    return try await test.engine.add("k", "1", options)
  }

  @Test func `names the limit, its key, and when the rate lets the next one begin`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, _ in }
    try await test.engine.set(Limit("calls", kinds: ["k"], by: .key, rate: .window(1, per: .seconds(60))))
    let began = test.clock.now
    let first = try await submit(test, key: "a")
    let (second, other) = (try await submit(test, key: "a"), try await submit(test, key: nil))
    #expect(try await test.runUntilIdle() == 2)
    let limits = try #require(try await test.engine.job(second)?.limits)
    #expect(limits.limitKey == "a")
    #expect(
      limits.hold == GateHold(reason: .limit, name: "calls", key: "a", until: began + .seconds(60)))
    #expect(try await test.engine.job(first)?.limits.hold == nil)
    #expect(try await test.engine.job(other)?.limits.limitKey == nil)
    let use = try await test.engine.use(ofLimit: "calls")
    #expect(use == LimitUse(busiest: [PoolUse(key: "a", running: 0, held: 1)], used: 1))
    #expect(try await test.engine.limit("calls")?.held == 1)
    #expect(try await test.engine.limit("nothing") == nil)
  }

  @Test func `has no key where the limit has none`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, _ in }
    try await test.engine.set(Limit("calls", kinds: ["k"], rate: .window(1, per: .seconds(60))))
    _ = try await submit(test, key: "a")
    let second = try await submit(test, key: "a")
    #expect(try await test.runUntilIdle() == 1)
    let hold = try await test.engine.job(second)?.limits.hold
    #expect(hold?.name == "calls" && hold?.key == nil)
  }

  @Test func `names a limit on the whole queue, in which jobs stay where they are`() async throws {
    let test = try await TestEngine.fresh()
    let (begun, release) = (Signal(), Signal())
    try await test.engine.register("k", payload: Int.self) { _, _ in
      begun.signal()
      await release.wait()
    }
    try await test.engine.set(Limit("all", concurrency: 1))
    try await test.engine.whileRunning {
      let first = try await submit(test, key: nil)
      await begun.wait()
      let second = try await submit(test, key: nil)
      #expect(try await test.engine.job(second)?.limits.hold == GateHold(reason: .limit, name: "all"))
      #expect(try await test.engine.job(first)?.limits.hold == nil)
      release.signal()
      _ = try await test.engine.waitForEnd(of: first, timeout: .seconds(240))
      await begun.wait()
      #expect(try await test.engine.job(second)?.limits.hold == nil)
      release.signal()
      _ = try await test.engine.waitForEnd(of: second, timeout: .seconds(240))
    }
  }

  @Test func `has no next time where only the end of another job makes room`() async throws {
    let test = try await TestEngine.fresh()
    let (begun, release) = (Signal(), Signal())
    try await test.engine.register("k", payload: Int.self) { _, _ in
      begun.signal()
      await release.wait()
    }
    try await test.engine.set(Limit("calls", kinds: ["k"], by: .key, concurrency: 1))
    var jobs: [JobID] = []
    for _ in 1...3 { jobs.append(try await submit(test, key: "a")) }
    try await test.engine.whileRunning {
      await begun.wait()
      release.signal()
      // The second has got the place of the first, and the third is looked at again soon, to make sure.
      await begun.wait()
      let hold = try await test.engine.job(jobs[2])?.limits.hold
      #expect(hold == GateHold(reason: .limit, name: "calls", key: "a"))
      #expect(try await test.engine.column("SELECT count(*) FROM nightshift_wakes") == ["1"])
      for _ in 1...2 { release.signal() }
      _ = try await test.engine.waitForEnd(of: jobs[2], timeout: .seconds(240))
    }
  }

  @Test func `says when the rate of a whole queue lets the next one begin`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, _ in }
    try await test.engine.set(Limit("all", rate: .window(1, per: .seconds(60))))
    _ = try await submit(test, key: nil)
    let (now, last) = (test.clock.now, try await submit(test, key: nil))
    #expect(try await test.runUntilIdle() == 1)
    #expect(
      try await test.engine.job(last)?.limits.hold
        == GateHold(reason: .limit, name: "all", until: now + .seconds(60)))
  }

  @Test func `has who has paused its kind, why and until when`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, _ in }
    let (now, id) = (test.clock.now, try await submit(test, key: nil))
    try await test.engine.pause(kind: "k", until: now + .seconds(60), reason: "vendor", by: .system)
    #expect(try await test.runUntilIdle() == 0)
    #expect(
      try await test.engine.job(id)?.limits.hold
        == GateHold(
          reason: .kindPaused, name: "k", since: now, until: now + .seconds(60), by: Actor.system.id, detail: "vendor"))
    #expect(await test.engine.findings().first { $0.name == "paused kinds" }?.isFine == true)
    try await test.engine.pause(kind: "k", by: .system)
    let finding = await test.engine.findings().first { $0.name == "paused kinds" }
    #expect(finding?.isFine == false && finding?.remedy?.contains("nightshift kinds resume k") == true)
  }

  @Test func `is handed on to its forks`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, _ in }
    let origin = try await submit(test, key: "a")
    try await test.runUntilIdle()
    let fork = try await test.engine.fork(origin, Fork(), by: .system)
    #expect(try await test.engine.job(fork)?.limits.limitKey == "a")
  }
}
