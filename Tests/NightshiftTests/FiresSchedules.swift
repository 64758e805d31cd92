import NightshiftTesting

@testable import Nightshift

/// A suite about schedules of the kind `k`. The tests' clock begins at 2026-01-01T12:00:00Z.
protocol FiresSchedules {
  var test: TestEngine { get }
}

extension FiresSchedules {
  var engine: Engine { test.engine }

  static func fresh() async throws -> TestEngine {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: JSONValue.self) { _, _ in }
    return test
  }

  /// Adds a schedule, of every full hour unless it says otherwise.
  func add(_ name: String, _ fields: JSONValue) async throws {
    let base: JSONValue = ["expression": "0 * * * *", "kind": "k"]
    let all = base.objectValue!.merging(fields.objectValue!) { $1 }
    _ = try await engine.addSchedule(name, .object(all), by: .system)
  }

  /// Fires what is due without running its jobs.
  func fire() async throws { _ = try await engine.housekeeper.scheduler.fire() }

  /// Hours and minutes of the slots with what became of them, oldest first.
  func slots(_ name: String = "s") async throws -> [String] {
    try await engine.slots(of: name, before: nil, limit: 2_000).reversed().map {
      "\($0.at.rfc3339.dropFirst(11).prefix(5)) \($0.outcome)"
    }
  }
}
