import Foundation
import NightshiftTesting
import Testing

@testable import Nightshift

@Suite(.timeLimit(.minutes(5))) struct `A schedule whose jobs take long`: FiresSchedules {
  let test: TestEngine

  init() async throws { test = try await Self.fresh() }

  private func states() async throws -> [String] {
    try await engine.column(
      """
      SELECT j.state FROM nightshift_slots s JOIN nightshift_jobs j ON j.id = s.job WHERE s.outcome = 'enqueued'
      ORDER BY s.at
      """)
  }

  @Test func `lets jobs run side by side unless it is told otherwise`() async throws {
    try await add("s", [:])
    for _ in 0..<2 {
      test.clock.advance(by: .seconds(3_600))
      try await fire()
    }
    #expect(try await states() == ["0", "0"])
  }

  @Test func `leaves a slot out while the job of an earlier one is not over`() async throws {
    try await add("s", ["overlap": "skip"])
    for _ in 0..<2 {
      test.clock.advance(by: .seconds(3_600))
      try await fire()
    }
    #expect(try await slots() == ["13:00 enqueued", "14:00 skipped"])
    try await test.runUntilIdle()
    test.clock.advance(by: .seconds(3_600))
    try await fire()
    #expect(try await slots() == ["13:00 enqueued", "14:00 skipped", "15:00 enqueued"])
  }

  @Test func `cancels the older job`() async throws {
    try await add("s", ["overlap": "cancel"])
    for _ in 0..<3 {
      test.clock.advance(by: .seconds(3_600))
      try await fire()
    }
    #expect(try await states() == ["7", "7", "0"])
  }

  @Test func `cancels nothing but enqueues the newest of slots that come together`() async throws {
    try await add("s", ["overlap": "cancel", "catchUp": "all"])
    test.clock.advance(by: .seconds(3 * 3_600))
    try await fire()
    #expect(try await slots() == ["13:00 skipped", "14:00 skipped", "15:00 enqueued"])
    #expect(try await states() == ["0"])
  }

  @Test func `lets slots wait for their turn, each until the one before it has ended`() async throws {
    try await engine.register("k", payload: JSONValue.self) { _, context in
      let state = try await context.engine.column("SELECT count(*) FROM nightshift_jobs WHERE state = 4")
      if state == ["1"] { throw PermanentFailure("however it has ended") }
    }
    try await add("s", ["overlap": "queue", "catchUp": "all"])
    test.clock.advance(by: .seconds(3 * 3_600))
    try await fire()
    #expect(try await slots() == ["13:00 enqueued", "14:00 enqueued", "15:00 enqueued"])
    #expect(try await states() == ["0", "4", "4"])
    #expect(try await engine.schedule("s")?.nextSlot?.rfc3339 == "2026-01-01T16:00:00.000Z")
    // Nobody has to look at the clock for it.
    #expect(try await test.runUntilIdle() == 3)
    #expect(try await states() == ["5", "6", "5"])
    test.clock.advance(by: .seconds(3_600))
    try await fire()
    #expect(try await states() == ["5", "6", "5", "0"])
  }

  @Test func `lets a slot wait for a job that another look has enqueued`() async throws {
    try await add("s", ["overlap": "queue"])
    for _ in 0..<3 {
      test.clock.advance(by: .seconds(3_600))
      try await fire()
    }
    #expect(try await states() == ["0", "4", "4"])
    let first = try #require(try await engine.slots(of: "s", before: nil, limit: 9).last?.job)
    _ = try await engine.cancel([first], reason: "enough", by: .system)
    #expect(try await states() == ["7", "0", "4"])
  }

  @Test func `lets at most a hundred wait`() async throws {
    try await add("s", ["overlap": "queue", "catchUp": "all", "expression": "* * * * *"])
    test.clock.advance(by: .seconds(110 * 60))
    try await fire()
    let outcomes = try await slots().map { $0.split(separator: " ")[1] }
    #expect(outcomes.count { $0 == "enqueued" } == 101 && outcomes.suffix(9).allSatisfy { $0 == "skipped" })
  }

  @Test func `leaves those that wait alone when it is changed or removed`() async throws {
    try await add("s", ["overlap": "queue"])
    for _ in 0..<2 {
      test.clock.advance(by: .seconds(3_600))
      try await fire()
    }
    _ = try await engine.editSchedule("s", ["overlap": "allow"], by: .system)
    try await engine.removeSchedule("s", by: .system)
    #expect(try await states() == ["0", "4"])
    #expect(try await test.runUntilIdle() == 2)
  }
}
