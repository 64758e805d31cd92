import Foundation
import Testing

@testable import Nightshift

@Suite(.timeLimit(.minutes(5))) struct `Schedules that several engines fire` {
  @Test func `enqueue one job for each slot`() async throws {
    let database = try SharedDatabase()
    var engines: [Engine] = []
    for _ in 0..<3 { engines.append(try await database.engine { $0.startMode = .stopped }) }
    try await engines[0].register("k", payload: JSONValue.self) { _, _ in }
    for name in ["a", "b", "c"] {
      _ = try await engines[0].addSchedule(name, ["expression": "* * * * * *", "kind": "k"], by: .system)
    }
    // As after a stop of half a minute.
    _ = try await engines[0].store.write {
      try $0.execute("UPDATE nightshift_schedules SET fired_until = fired_until - 30000000, next_at = 0")
    }
    await withTaskGroup(of: Void.self) { group in
      for engine in engines {
        group.addTask {
          for _ in 0..<5 { _ = try? await engine.housekeeper.scheduler.fire() }  // one that fails is repeated
        }
      }
    }
    let slots = try await engines[0].column("SELECT count(*) FROM nightshift_slots WHERE outcome = 'enqueued'")
    #expect(slots == (try await engines[0].column("SELECT count(*) FROM nightshift_jobs")))
    #expect(try #require(Int(slots[0])) >= 90)
    #expect(
      try await engines[0].column("SELECT min(n) FROM (SELECT count(*) AS n FROM nightshift_slots GROUP BY schedule) t")
        .first.flatMap(Int.init) ?? 0 >= 30)
    for engine in engines { await engine.close() }
  }

  @Test func `begin at once in a process that sleeps when another one adds them`() async throws {
    let database = try SharedDatabase()
    let (runner, other) = (try await database.engine(), try await database.engine())
    let ran = Signal()
    try await runner.register("k", payload: JSONValue.self) { _, _ in ran.signal() }
    try await other.refresh()
    try await runner.whileRunning {
      _ = try await other.addSchedule("s", ["expression": "every 1s", "kind": "k"], by: .system)
      await ran.wait()
    }
    await runner.close()
    await other.close()
  }
}
