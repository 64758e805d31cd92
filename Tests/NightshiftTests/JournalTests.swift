import Logging
@testable import Nightshift
import NightshiftTesting
import Testing

@Suite struct `A job's journal` {
  @Test func `keeps each line whole, cut to 8 KiB, in order and with its attempt`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, context in
      context.log("attempt \(context.attempt)", level: .warning)
      context.log(String(repeating: "é", count: 5_000))
      if context.attempt == 1 { throw Snooze.for(.zero) }
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    let logs = try #require(try await test.engine.job(id)).logs
    #expect(logs.map(\.attempt) == [1, 1, 2, 2])
    #expect(logs.map(\.level) == ["warning", "info", "warning", "info"])
    #expect(logs[2].message == "attempt 2")
    #expect(logs[1].message.utf8.count <= 8 << 10 && logs[1].message.hasSuffix("é…"))
    #expect(zip(logs, logs.dropFirst()).allSatisfy { $0.sequence < $1.sequence })
    #expect(
      try await test.engine.logs(of: id, after: logs[1].sequence, limit: 1).map(\.message) == ["attempt 2"])
  }

  @Test func `keeps the newest 10,000 lines of a job, over all its attempts`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, context in
      for number in 0..<6_000 { context.log("\(context.attempt)/\(number)") }
      if context.attempt < 3 { throw Snooze.for(.zero) }
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    #expect(try await test.engine.column("SELECT count(*) FROM nightshift_logs") == ["10000"])
    #expect(try await test.engine.logs(of: id, after: 0, limit: 1).map(\.message) == ["2/2000"])
    #expect(try await test.engine.job(id)?.logs.last?.message == "3/5999")
  }

  @Test func `keeps all lines that come at once, in their order`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, context in
      for number in 0..<1_234 { context.log("\(number)") }
    }
    // Several that speak at the same time share transactions.
    let ids = try await [test.engine.add("k"), test.engine.add("k"), test.engine.add("k")]
    try await test.runUntilIdle()
    for id in ids {
      let lines = try await test.engine.logs(of: id, after: 0, limit: 2_000).map(\.message)
      #expect(lines == (0..<1_234).map(String.init))
    }
  }

  @Test func `drops what comes faster than it can be stored, and says so`() async throws {
    let test = try await TestEngine.fresh()
    let total = Journal.backlogLimit + 5_000
    try await test.engine.register("k", payload: Int.self) { _, context in
      // No suspension, and far less than a tenth of a second's worth of patience: the backlog fills up.
      for number in 0..<total { context.log("\(number)") }
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    let last = try await test.engine.job(id)?.logs.last
    let kept = try await test.engine.column("SELECT count(*) FROM nightshift_logs")
    #expect(Int(kept[0])! <= 10_000)
    #expect(last?.message.contains("lines were dropped") == true || last?.message == "\(total - 1)")
  }

  @Test func `keeps the last of many reports of progress, between 0 and 1`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, context in
      for step in 0...100_000 { context.progress(Double(step) / 50_000, "step \(step)") }
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    let progress = try await test.engine.job(id)?.progress
    #expect(progress?.fraction == 1 && progress?.message == "step 100000" && progress?.attempt == 1)
  }

  @Test(arguments: [(-1.0, 0.0), (.nan, 0), (.infinity, 0), (0.333333, 0.333333), (7, 1)])
  func `takes any number for progress`(_ given: Double, _ kept: Double) async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, context in context.progress(given) }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.progress?.fraction == kept)
  }

  @Test func `keeps what a handler emits among its lines`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, context in
      try context.emit("found", ["url": "a"])
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    let line = try #require(try await test.engine.job(id)?.logs.first)
    #expect(line.level == "event")
    #expect(line.eventBody == .custom(name: "found", data: ["url": "a"]))
  }

  @Test func `stores nothing of an attempt that another has taken over from, and all of that other`()
    async throws
  {
    let test = try await TestEngine.fresh()
    let engine = test.engine
    try await engine.register("k", payload: Int.self) { _, _ in }
    let id = try await engine.add("k")
    func claim(_ worker: WorkerID) async throws -> JobContext {
      let request = ClaimRequest(worker: worker, now: engine.clock.now, lanes: [], limit: 1, only: id)
      let job = try #require(try await engine.store.claim(request).first)
      return JobContext(job, engine: engine, worker: worker, startedAt: engine.clock.now, deadline: nil)
    }
    let former = try await claim(engine.workerID)
    former.log("before")
    await engine.journal.flushAll()
    _ = try await engine.store.reclaim(
      Reclaim(worker: engine.workerID, now: engine.clock.now, reason: "gone"))
    former.log("too late")
    await engine.leaseLost(of: engine.workerID)
    _ = try await engine.store.promote(now: engine.clock.now, limit: 1)
    let current = try await claim(engine.workerID)
    current.log("mine")
    former.log("much too late")
    current.progress(0.5)
    await engine.journal.finish(former)
    await engine.journal.finish(current)
    #expect(try await engine.job(id)?.logs.map(\.message) == ["before", "mine"])
    #expect(try await engine.job(id)?.progress?.attempt == 2)
  }
}
