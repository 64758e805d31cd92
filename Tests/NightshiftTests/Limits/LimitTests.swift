@testable import Nightshift
import NightshiftTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A limit` {
  private func options(_ change: (inout JobOptions) -> Void) -> JobOptions {
    var options = JobOptions()
    change(&options)
    return options
  }

  /// How many jobs have begun, are under way at most, in all and for each payload.
  private final class Watch: Sendable {
    private let state = Mutex((now: [String: Int](), most: [String: Int](), order: [String]()))

    func begin(_ key: String) {
      state.withLock { state in
        state.order.append(key)
        for key in [key, ""] {
          state.now[key, default: 0] += 1
          state.most[key] = max(state.most[key] ?? 0, state.now[key]!)
        }
      }
    }

    func end(_ key: String) {
      state.withLock { state in for key in [key, ""] { state.now[key]! -= 1 } }
    }

    var most: [String: Int] { state.withLock { $0.most } }
    var order: [String] { state.withLock { $0.order } }
  }

  private func register(_ engine: Engine, _ watch: Watch) async throws {
    try await engine.register("k", payload: String.self) { key, _ in
      watch.begin(key)
      for _ in 0..<5 { await Task.yield() }
      watch.end(key)
    }
  }

  private func add(_ engine: Engine, _ keys: [String], _ options: JobOptions = JobOptions()) async throws -> [JobID] {
    let drafts = keys.map { JobDraft(kind: "k", payload: Array("\"\($0)\"".utf8), options: options) }
    return try await engine.submit(drafts, actor: .system).map(\.id)
  }

  private func waitForAll(_ ids: [JobID], _ engine: Engine) async throws {
    for id in ids { _ = try await engine.waitForEnd(of: id, timeout: .seconds(240)) }
  }

  // MARK: Concurrency

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
    let watch = Watch()
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
    let watch = Watch()
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
    let watch = Watch()
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

  // MARK: Rates

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
    let watch = Watch()
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

  // MARK: Fairness

  @Test func `with a key lets one job of one customer through a million of another`() async throws {
    let test = try await TestEngine.fresh { $0.concurrency = 1 }
    let watch = Watch()
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
    let watch = Watch()
    try await register(test.engine, watch)
    try await test.engine.set(Limit("fair", by: .payload("")))
    _ = try await add(test.engine, Array(repeating: "many", count: 120))
    _ = try await add(test.engine, Array(repeating: "later", count: 3), options { $0.runAt = .in(.seconds(60)) })
    test.clock.advance(by: .seconds(60))
    try await test.runUntilIdle()
    #expect(watch.order.count == 123)
    #expect(watch.order.lastIndex(of: "later")! < 20)
  }

  // MARK: Pauses of kinds

  @Test func `does not let a paused kind begin, and nothing else is kept from running`() async throws {
    let test = try await TestEngine.fresh()
    let watch = Watch()
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
    let watch = Watch()
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

  // MARK: Faults

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

extension TestEngine {
  fileprivate static func fresh(_ change: (inout EngineConfiguration) -> Void) async throws -> TestEngine {
    var configuration = EngineConfiguration()
    change(&configuration)
    return try await fresh(configuration: configuration)
  }
}
