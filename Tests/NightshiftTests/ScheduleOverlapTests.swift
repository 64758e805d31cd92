import Foundation
import NightshiftTesting
import Testing

@testable import Nightshift

@Suite(.timeLimit(.minutes(1))) struct `A schedule whose jobs take long`: FiresSchedules {
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

  @Test func `lets slots wait for their turn`() async throws {
    try await add("s", ["overlap": "queue", "catchUp": "all"])
    test.clock.advance(by: .seconds(3 * 3_600))
    try await fire()
    #expect(try await slots() == ["13:00 enqueued", "14:00 waiting", "15:00 waiting"])
    try await test.runUntilIdle()
    test.clock.advance(by: .seconds(1))
    try await fire()
    #expect(try await slots() == ["13:00 enqueued", "14:00 enqueued", "15:00 waiting"])
    #expect(try await engine.schedule("s")?.nextSlot?.rfc3339 == "2026-01-01T16:00:00.000Z")
    test.clock.advance(by: .seconds(1))
    try await fire()
    #expect(try await slots() == ["13:00 enqueued", "14:00 enqueued", "15:00 waiting"])
    try await test.runUntilIdle()
    test.clock.advance(by: .seconds(1))
    try await test.runUntilIdle()
    #expect(try await slots() == ["13:00 enqueued", "14:00 enqueued", "15:00 enqueued"])
  }

  @Test func `lets no slot wait that it no longer may`() async throws {
    try await add("s", ["overlap": "queue"])
    try await add("t", ["overlap": "queue"])
    for _ in 0..<2 {
      test.clock.advance(by: .seconds(3_600))
      try await fire()
    }
    _ = try await engine.editSchedule("s", ["overlap": "allow"], by: .system)
    #expect(try await slots() == ["13:00 enqueued", "14:00 skipped"])
    _ = try await engine.editSchedule("t", ["description": "others go on waiting"], by: .system)
    #expect(try await slots("t") == ["13:00 enqueued", "14:00 waiting"])
    try await test.runUntilIdle()
    test.clock.advance(by: .seconds(1))
    try await test.runUntilIdle()
    #expect(try await slots("t") == ["13:00 enqueued", "14:00 enqueued"])
    try await engine.removeSchedule("t", by: .system)
  }
}
