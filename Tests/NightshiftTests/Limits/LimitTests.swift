@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A limit`: LimitsJobs {
  @Test(arguments: [
    (Limit("all", concurrency: 3), 3, 3), (Limit("queue", queues: ["default"], concurrency: 2), 2, 2),
    (Limit("kind", kinds: ["k"], concurrency: 2), 2, 2), (Limit("key", by: .payload("/x"), concurrency: 9), 9, 9),
  ])
  func `lets only so many run at a time on all nodes together, and all in the end`(
    _ limit: Limit, _ most: Int, _ mostOfOne: Int
  ) async throws {
    let database = try SharedDatabase()
    let (first, second) = (
      try await database.engine { $0.concurrency = 8 }, try await database.engine { $0.concurrency = 8 }
    )
    let watch = BeginWatch()
    for engine in [first, second] { try await register(engine, watch) }
    try await first.set(limit)
    try await second.refresh()
    try await first.whileRunning {
      try await second.whileRunning {
        try await waitForAll(try await add(first, Array(repeating: "a", count: 60)), first)
      }
    }
    #expect(watch.most[""]! <= most)
    #expect(watch.order.count == 60)
    for engine in [first, second] { await engine.close() }
  }

  @Test func `with a key counts each of its values apart`() async throws {
    let database = try SharedDatabase()
    let (first, second) = (
      try await database.engine { $0.concurrency = 8 }, try await database.engine { $0.concurrency = 8 }
    )
    let watch = BeginWatch()
    for engine in [first, second] { try await register(engine, watch) }
    try await first.set(Limit("per-key", by: .payload(""), concurrency: 1))
    try await second.refresh()
    let keys = (0..<80).map { ["a", "b", "c", "d"][$0 % 4] }
    try await first.whileRunning {
      try await second.whileRunning { try await waitForAll(try await add(first, keys), first) }
    }
    for key in ["a", "b", "c", "d"] { #expect(watch.most[key] == 1) }
    #expect(watch.order.count == 80)
    #expect(try await first.column("SELECT count(*) FROM nightshift_jobs WHERE hold <> 0") == ["0"])
    for engine in [first, second] { await engine.close() }
  }

  @Test func `counts what was running before it came`() async throws {
    let test = try await TestEngine.fresh()
    let (begun, release) = (Signal(), Signal())
    try await test.engine.register("k", payload: String.self) { _, _ in
      begun.signal()
      await release.wait()
    }
    try await test.engine.whileRunning {
      let first = try await add(test.engine, ["a"])
      await begun.wait()
      try await test.engine.set(Limit("one", by: .payload(""), concurrency: 1))
      let second = try await add(test.engine, ["a"])
      await eventually { try await test.engine.job(second[0])?.summary.hold?.reason == .limit }
      #expect(try await test.engine.limits().first?.running == 1)
      #expect(try await test.engine.limits().first?.held == 1)
      release.signal()
      try await waitForAll(first, test.engine)
      await begun.wait()
      release.signal()
      try await waitForAll(second, test.engine)
    }
  }

  @Test func `that is raised, or removed, lets go on what it has kept back`() async throws {
    let test = try await TestEngine.fresh { $0.concurrency = 4 }
    let (begun, release) = (Signal(), Signal())
    let watch = BeginWatch()
    try await test.engine.register("k", payload: String.self) { key, _ in
      watch.begin(key)
      begun.signal()
      await release.wait()
      release.signal()
    }
    try await test.engine.set(Limit("one", by: .payload(""), concurrency: 1))
    try await test.engine.whileRunning {
      let ids = try await add(test.engine, ["a", "a", "a", "a"])
      await eventually { try await test.engine.limits().first?.held == 3 }
      try await test.engine.set(Limit("one", by: .payload(""), concurrency: 2))
      await eventually { watch.order.count == 2 }
      #expect(try await test.engine.removeLimit("one"))
      await eventually { watch.order.count == 4 }
      release.signal()
      try await waitForAll(ids, test.engine)
    }
    #expect(try await !test.engine.removeLimit("one"))
  }

  @Test func `counts a lost worker's jobs no more`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: String.self) { _, _ in }
    try await test.engine.set(Limit("one", by: .payload(""), concurrency: 1))
    let ids = try await add(test.engine, ["a", "a"])
    let lost = ClaimRequest(
      worker: try await test.engine.addSilentWorker(77), now: test.engine.clock.now,
      lanes: [.init("default", limit: 10)], limit: 10)
    #expect(try await test.engine.store.claim(lost).map(\.id) == [ids[0]])
    #expect(try await test.runUntilIdle() == 0)
    _ = try await test.engine.store.reclaim(
      Reclaim(worker: lost.worker, now: test.engine.clock.now, reason: "gone"))
    #expect(try await test.runUntilIdle() == 2)
  }

  @Test func `takes the key that a job was enqueued with, its organization or its owner`() async throws {
    for (limit, change) in [
      (LimitKey.key, { (options: inout JobOptions, value: String) in options.limitKey = value }),
      (.organization, { (options: inout JobOptions, value: String) in options.organization = value }),
      (.owner, { (options: inout JobOptions, value: String) in options.owner = value }),
    ] {
      let test = try await TestEngine.fresh()
      try await test.engine.register("k", payload: String.self) { _, _ in }
      // One was there before the limit, which finds its key all the same.
      _ = try await add(test.engine, ["x"], options { change(&$0, "a") })
      try await test.engine.set(Limit("one", by: limit, concurrency: 1))
      for value in ["a", "b", "a"] { _ = try await add(test.engine, ["x"], options { change(&$0, value) }) }
      _ = try await add(test.engine, ["x", "x"])
      let claimed = try await test.engine.store.claim(
        ClaimRequest(
          worker: try await test.engine.addSilentWorker(77), now: test.engine.clock.now,
          lanes: [.init("default", limit: 10)],
          limit: 10))
      // One of each value, and one of those that have none.
      #expect(claimed.count == 3, "\(limit)")
    }
  }

  @Test func `gives a place on that a released job does not take`() async throws {
    let test = try await TestEngine.fresh { $0.concurrency = 4 }
    try await test.engine.register("k", payload: String.self) { _, _ in }
    try await test.engine.set(Limit("one", by: .payload(""), concurrency: 1))
    let ids = try await add(test.engine, ["a", "a", "a", "a"])
    let request = ClaimRequest(
      worker: try await test.engine.addSilentWorker(77), now: test.engine.clock.now,
      lanes: [.init("default", limit: 10)], limit: 10)
    let first = try await test.engine.store.claim(request)
    #expect(first.map(\.id) == [ids[0]])
    _ = try await test.engine.store.settle([
      Settlement(
        first[0], worker: request.worker, startedAt: request.now, endedAt: request.now,
        outcome: .completed(result: nil))
    ])
    let freed = test.engine.housekeeper.releaser.takeFreed()
    _ = try await test.engine.store.promote(now: test.engine.clock.now, limit: 0, freed: freed)
    // The next one has the place, and is cancelled before it begins.
    #expect(try await test.engine.job(ids[1])?.summary.hold == nil)
    _ = try await test.engine.cancel([ids[1]], reason: "not needed", by: .system)
    test.clock.advance(by: .seconds(1))
    #expect(try await test.runUntilIdle() == 2)
  }

  @Test func `holds back nothing for jobs of a paused queue`() async throws {
    let test = try await TestEngine.fresh { $0.concurrency = 4 }
    try await test.engine.register("k", payload: String.self) { _, _ in }
    try await test.engine.set(Limit("one", kinds: ["k"], concurrency: 1))
    let paused = try await add(
      test.engine, ["a"],
      options {
        $0.queue = "paused"; $0.priority = .high
      })
    let ids = try await add(test.engine, ["a", "a", "a"])
    let request = ClaimRequest(
      worker: try await test.engine.addSilentWorker(77), now: test.engine.clock.now,
      lanes: [.init("default", limit: 1), .init("paused", limit: 10), .init("default", limit: 10)], limit: 10)
    let first = try await test.engine.store.claim(request)
    #expect(first.map(\.id) == [ids[0]])
    _ = try await test.engine.pause(.queue("paused"), by: .system)
    _ = try await test.engine.store.settle([
      Settlement(
        first[0], worker: request.worker, startedAt: request.now, endedAt: request.now,
        outcome: .completed(result: nil))
    ])
    var attempts = 0
    for _ in 0..<4 {
      attempts += try await test.runUntilIdle()
      test.clock.advance(by: .seconds(1))
    }
    #expect(attempts == 2)
    #expect(try await test.engine.state(of: paused[0]) == .ready)
  }

  @Test func `that makes no sense is refused with all that is wrong, and changes nothing`() async throws {
    let test = try await TestEngine.fresh()
    let wrong = Limit("Not a name", by: .payload("no pointer"), concurrency: 0, rate: .window(0, per: .zero))
    await #expect(throws: LimitError.self) { try await test.engine.set(wrong) }
    #expect(wrong.faults.map(\.pointer) == ["#/name", "#/concurrency", "#/rate", "#/rate", "#/by"])
    #expect(try await test.engine.limits().isEmpty)
    let json: JSONValue = ["queues": ["a", "B!"], "by": "nonsense", "rate": "often", "concurency": 3]
    #expect(throws: LimitError.self) { try Limit(name: "x", json) }
    do { _ = try Limit(name: "x", json) } catch {
      #expect(error.faults.map(\.pointer) == ["#/by", "#/concurency", "#/queues/1", "#/rate"])
    }
  }

  @Test func `is read as it was written`() throws {
    let limit = Limit(
      "x", queues: ["a", "b"], kinds: ["k"], by: .payload("/customer/id"), concurrency: 3,
      rate: .smooth(5, per: .milliseconds(1_500)))
    #expect(try Limit(name: "x", limit.definition) == limit)
  }
}
