import Foundation
@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A clock that is set` {
  private func addOne(_ test: TestEngine, delay: Duration = .zero) async throws -> JobID {
    var options = JobOptions()
    options.runAt = .in(delay)
    return try await test.engine.add("k", "1", options)
  }

  @Test(arguments: [-3_600.0, 3_600.0])
  func `back or forth by an hour loses no job and runs none twice`(_ jump: TimeInterval) async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, _ in }
    var ids: [JobID] = []
    for delay in [0, 60, 1_800, 7_200] { ids.append(try await addOne(test, delay: .seconds(delay))) }
    test.clock.set(test.clock.date.addingTimeInterval(jump))
    ids.append(try await addOne(test))
    try await test.runUntilIdle()
    test.clock.set(test.clock.date.addingTimeInterval(-jump))
    ids.append(try await addOne(test))
    try await test.runUntilIdle()
    test.clock.advance(by: .seconds(7_200))
    try await test.runUntilIdle()
    #expect(Set(ids).count == 6)
    for id in ids {
      let job = try await test.engine.job(id)
      #expect(job?.summary.state == .completed && job?.summary.attempt == 1)
    }
  }

  @Test func `forth by an hour cuts no attempt short`() async throws {
    let test = try await TestEngine.fresh()
    let (begun, release) = (Signal(), Signal())
    try await test.engine.register("k", payload: Int.self, options: KindOptions(maxAttempts: 1, timeout: .seconds(60)))
    {
      _, context in
      begun.signal()
      await release.wait()
      try context.checkCancellation()
    }
    let id = try await addOne(test)
    try await test.engine.whileRunning {
      await begun.wait()
      test.clock.set(test.clock.date.addingTimeInterval(3_600))
      // Long enough for a timer that was woken to cancel the attempt.
      for _ in 0..<20 { _ = try await test.engine.job(id) }
      release.signal()
      #expect(try await test.engine.waitUntil(id, is: .completed)?.summary.failures == 0)
    }
  }

  @Test func `back by an hour holds up nothing that waits for a while`() async throws {
    let test = try await TestEngine.fresh()
    let (begun, release) = (Signal(), Signal())
    try await test.engine.register("k", payload: Int.self) { _, context in
      context.log("a line")
      begun.signal()
      await release.wait()
    }
    let id = try await addOne(test)
    try await test.engine.whileRunning {
      await begun.wait()
      // Long enough for the journal to begin its wait of a tenth of a second.
      for _ in 0..<20 { _ = try await test.engine.job(id) }
      test.clock.set(test.clock.date.addingTimeInterval(-3_600))
      await eventually {
        test.clock.advance(by: .milliseconds(100))
        return try await test.engine.logs(of: id, after: 0, limit: 10).count == 1
      }
      #expect(try await test.engine.state(of: id) == .running)
      release.signal()
    }
  }

  @Test func `back during an attempt leaves no negative times behind`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, _ in
      test.clock.set(test.clock.date.addingTimeInterval(-3_600))
    }
    let start = test.clock.now
    _ = try await addOne(test)
    try await test.runUntilIdle()
    let rows = try await test.engine.stats(
      from: start - .seconds(86_400), to: start + .seconds(86_400), by: .kind)
    #expect(rows.map(\.completed) == [1])
    #expect(rows.allSatisfy { $0.meanRun >= .zero && $0.longestRun >= .zero && $0.meanWait >= .zero })
  }

  @Test func `back before a restart makes no id twice`() async throws {
    let database = try SharedDatabase()
    let clock = TestClock()
    func start() async throws -> Engine {
      let engine = try await database.engine { $0.clock = clock }
      try await engine.register("k", payload: Int.self) { _, _ in }
      return engine
    }
    let first = try await start()
    let before = try await first.submit(
      (0..<10).map { _ in JobDraft(kind: "k", payload: [0x31]) }, actor: .system)
    await first.close()
    clock.advance(by: .seconds(3_600))
    clock.set(clock.date.addingTimeInterval(-3_600))
    let second = try await start()
    let after = try await second.submit(
      (0..<10).map { _ in JobDraft(kind: "k", payload: [0x31]) }, actor: .system)
    #expect(after.allSatisfy { !$0.isDuplicate })
    #expect(Set((before + after).map(\.id)).count == 20)
    #expect(try await second.runDueJobs() == 20)
    await second.close()
  }
}
