import Foundation
import Nightshift

extension Bench {
  /// So many schedules that are due at the same moment, and a look while none is.
  func schedules() async throws -> [Figure] {
    let count = 100_000
    try remove("schedules")
    let engine = try await engine("schedules")
    try await engine.register(NoOp.self)
    let fields: JSONValue = ["expression": "@hourly", "kind": .string(NoOp.kind.rawValue)]
    try await engine.declareSchedules(
      Dictionary(uniqueKeysWithValues: (0..<count).map { ("schedule-\($0)", fields) }))
    let idle = try await Self.seconds { for _ in 0..<100 { try await engine.fireSchedules() } } / 100
    // As if their hour had just begun.
    _ = try await engine.store.write { transaction in
      try transaction.execute("UPDATE nightshift_schedules SET fired_until = fired_until - 3600000000, next_at = 0")
    }
    let firing = try await Self.seconds { try await engine.fireSchedules() }
    let fired = try await engine.store.read { try $0.query("SELECT count(*) FROM nightshift_slots")[0].integer(0) }
    guard (fired ?? 0) >= count else {
      throw BenchmarkError("\(fired ?? 0) of \(count) schedules have fired. Please report this as a bug.")
    }
    await engine.close()
    try remove("schedules")
    return [
      // A minute, or those of the next one would be late.
      .bounded("schedules: \(count) due at once", firing, "s", below: 60),
      .bounded("schedules: a look while none is due", idle * 1e6, "µs", below: 1_000),
    ]
  }
}
