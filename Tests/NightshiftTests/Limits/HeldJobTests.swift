@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A job that a limit holds` {
  private func add(_ engine: Engine, _ keys: [String]) async throws -> [JobID] {
    let drafts = keys.map { JobDraft(kind: "k", payload: Array("\"\($0)\"".utf8)) }
    return try await engine.submit(drafts, actor: .system).map(\.id)
  }

  private func fresh() async throws -> TestEngine {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: String.self) { _, _ in }
    return test
  }

  /// Claims for a worker that never says anything by itself.
  private func claim(_ engine: Engine, by worker: Int64, _ count: Int) async throws -> [ClaimedJob] {
    let request = ClaimRequest(
      worker: try await engine.addSilentWorker(worker), now: engine.clock.now,
      lanes: [.init("default", limit: count)], limit: count)
    return try await engine.store.claim(request)
  }

  private func complete(_ job: ClaimedJob, by worker: Int64, _ engine: Engine) async throws {
    let now = engine.clock.now
    let settlement = Settlement(
      job, worker: WorkerID(rawValue: worker), startedAt: now, endedAt: now, outcome: .completed(result: nil))
    #expect(try await engine.store.settle([settlement]) == [.settled])
  }

  private func holder(of job: JobID, _ engine: Engine) async throws -> String? {
    try await engine.job(job)?.limits.hold?.name
  }

  @Test func `goes on to the next limit when the first lets it go, and runs when that has room, too`() async throws {
    let test = try await fresh()
    try await test.engine.set(Limit("first", kinds: ["k"], concurrency: 1))
    try await test.engine.set(Limit("second", by: .payload(""), concurrency: 1))
    let ids = try await add(test.engine, ["a", "a", "b"])
    let running = try await claim(test.engine, by: 77, 10)
    #expect(running.map(\.id) == [ids[0]])
    #expect(try await holder(of: ids[1], test.engine) == "first")
    try await test.engine.set(Limit("first", kinds: ["k"], concurrency: 2))
    // It takes no place of the first while it waits for the second: the third has it.
    #expect(try await test.runUntilIdle() == 1)
    #expect(try await holder(of: ids[1], test.engine) == "second")
    #expect(try await test.engine.state(of: ids[2]) == .completed)
    try await complete(running[0], by: 77, test.engine)
    #expect(try await test.runUntilIdle() == 1)
    #expect(try await test.engine.state(of: ids[1]) == .completed)
  }

  @Test func `is let go on by others when a process dies between the end of a job and the release`() async throws {
    let test = try await fresh()
    try await test.engine.set(Limit("one", by: .payload(""), concurrency: 1))
    let ids = try await add(test.engine, ["a", "a"])
    let running = try await claim(test.engine, by: 77, 10)
    #expect(running.map(\.id) == [ids[0]])
    try await complete(running[0], by: 77, test.engine)
    // What the dead process knew of the free place is gone with it.
    _ = test.engine.housekeeper.releaser.takeFreed()
    #expect(try await test.runUntilIdle() == 0)
    let finding = try await test.engine.lostReleases()
    #expect(!finding.isFine && finding.found.hasSuffix("jobs behind one"), "\(finding.found)")
    let reclaim = Reclaim(worker: WorkerID(rawValue: 77), now: test.engine.clock.now, reason: "died")
    #expect(try await test.engine.store.reclaim(reclaim) == 0)
    #expect(try await test.engine.lostReleases().isFine)
    #expect(try await test.runUntilIdle() == 1)
    #expect(try await test.engine.state(of: ids[1]) == .completed)
  }

  @Test func `is found among thousands of other keys, a batch at a time`() async throws {
    let test = try await fresh()
    let count = 2 * WakeWalk.batch + 10
    try await test.engine.set(Limit("one", by: .payload(""), concurrency: 1))
    _ = try await add(test.engine, (0..<count).map { "\($0)" })
    // As claims leave them that find no room.
    _ = try await test.engine.store.write { try $0.execute("UPDATE nightshift_jobs SET hold = 4, held_by = lane") }
    try await test.engine.set(Limit("one", by: .payload(""), concurrency: 2))
    let woken = try await test.engine.column("SELECT count(*) FROM nightshift_wakes")
    #expect(woken == ["\(WakeWalk.batch + 1)"], "a batch, and the mark of the rest")
    for _ in 0..<6 { _ = try await test.engine.store.promote(now: test.engine.clock.now, limit: 10, freed: []) }
    #expect(try await test.engine.column("SELECT count(*) FROM nightshift_jobs WHERE hold >= 4") == ["0"])
    #expect(try await test.engine.column("SELECT count(*) FROM nightshift_wakes WHERE pool LIKE '*%'") == ["0"])
  }

  @Test func `is not forgotten while what it waits for is under way`() async throws {
    let test = try await fresh()
    #expect(try await test.engine.lostReleases().isFine)
    try await test.engine.set(Limit("one", by: .payload(""), concurrency: 1))
    try await test.engine.set(Limit("rate", queues: ["default"], by: .key, rate: .window(1, per: .seconds(60))))
    try await test.engine.pause(kind: "other", by: .system)
    try await test.engine.register("other", payload: String.self) { _, _ in }
    _ = try await test.engine.add("other", "\"c\"")
    _ = try await add(test.engine, ["a", "a", "b"])
    _ = try await claim(test.engine, by: 77, 10)
    let finding = try await test.engine.lostReleases()
    #expect(finding.isFine, "\(finding.found)")
    #expect(try await test.engine.column("SELECT count(*) FROM nightshift_jobs WHERE hold >= 4") == ["3"])
  }

  @Test func `by a limit that its own node has not heard of goes on when it has`() async throws {
    let database = try SharedDatabase()
    let (first, second) = (try await database.engine(), try await database.engine())
    for engine in [first, second] { try await engine.register("k", payload: String.self) { _, _ in } }
    try await first.set(Limit("one", by: .payload(""), concurrency: 1))
    // The second node adds and claims as if there were no limit.
    let ids = try await add(second, ["a", "a", "a"])
    let running = try await claim(second, by: 77, 1)
    #expect(running.map(\.id) == [ids[0]])
    #expect(try await first.limits().first?.running == 0)
    try await second.refresh()
    #expect(try await first.limits().first?.running == 1, "what it let begin counts from then on")
    #expect(try await claim(first, by: 78, 10).isEmpty)
    try await complete(running[0], by: 77, second)
    #expect(try await second.runDueJobs() == 2)
    for id in ids { #expect(try await first.state(of: id) == .completed) }
    for engine in [first, second] { await engine.close() }
  }

  @Test func `is released when a node that knew nothing of the limit has ended the job before it`() async throws {
    let database = try SharedDatabase()
    let (first, second) = (try await database.engine(), try await database.engine())
    for engine in [first, second] { try await engine.register("k", payload: String.self) { _, _ in } }
    try await first.set(Limit("one", by: .payload(""), concurrency: 1))
    let ids = try await add(first, ["a", "a"])
    let running = try await claim(second, by: 77, 1)
    #expect(try await claim(first, by: 78, 10).isEmpty)
    #expect(try await holder(of: ids[1], first) == "one")
    try await complete(running[0], by: 77, second)
    // It tells of the free place when it has heard, if nobody has looked before.
    let before = try await first.runDueJobs()
    try await second.refresh()
    #expect(try await before + first.runDueJobs() == 1)
    #expect(try await first.state(of: ids[1]) == .completed)
    for engine in [first, second] { await engine.close() }
  }
}

@Suite(.timeLimit(.minutes(5))) struct `A limit that cannot be read` {
  @Test func `is told by the doctor, can be set anew, and can be removed`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.set(Limit("x", concurrency: 1))
    try await test.engine.set(CircuitBreaker("y"))
    #expect(try await test.engine.unreadableGates().isFine)
    _ = try await test.engine.store.write { transaction in
      try transaction.execute("UPDATE nightshift_gates SET definition = '{\"concurrency\": \"many\"}'", [])
    }
    let finding = try await test.engine.unreadableGates()
    #expect(!finding.isFine)
    #expect(finding.found.contains("limit x keeps nothing back") && finding.found.contains("#/concurrency"))
    #expect(finding.remedy?.contains("nightshift breakers remove y") == true)
    try await test.engine.set(Limit("x", concurrency: 2))
    #expect(try await test.engine.removeBreaker("y"))
    #expect(try await test.engine.unreadableGates().isFine)
    #expect(try await test.engine.limits().map(\.limit.concurrency) == [2])
  }
}
