import NightshiftTesting
import Testing

@testable import Nightshift

@Suite(.timeLimit(.minutes(5))) struct `A schedule that is changed after a stop`: FiresSchedules {
  let test: TestEngine

  init() async throws { test = try await Self.fresh() }

  /// A slot of each schedule is missed, and before anybody fires it the schedule is changed.
  ///
  /// - Returns: The slots of each, after its change.
  private func slots(after changes: [JSONValue], from fields: JSONValue = [:]) async throws -> [JSONValue: [String]] {
    for index in changes.indices { try await add("s\(index)", fields) }
    test.clock.advance(by: .seconds(2 * 3_600 - 600))
    for (index, change) in changes.enumerated() {
      _ = try await engine.editSchedule("s\(index)", change, by: .system)
    }
    try await fire()
    var found: [JSONValue: [String]] = [:]
    for (index, change) in changes.enumerated() { found[change] = try await slots("s\(index)") }
    return found
  }

  @Test func `fires the slot that was missed if its times are the same`() async throws {
    let changes: [JSONValue] = [
      ["description": "of the hour"], ["tags": ["a"]], ["payload": ["n": 1]], ["queue": "q"], ["priority": "high"],
      ["maxAttempts": 2], ["timeout": "1m"], ["jitter": "1m"], ["overlap": "skip"], ["overlap": "queue"],
      ["catchUp": "all"], ["owner": "ada"], ["enabled": true],
    ]
    for (change, slots) in try await slots(after: changes) { #expect(slots == ["13:00 enqueued"], "\(change)") }
  }

  @Test func `makes up for nothing if its times are others`() async throws {
    let changes: [JSONValue] = [
      ["expression": "*/30 * * * *"], ["zone": "Europe/Berlin"], ["start": "2026-01-01T00:00:00Z"],
      ["end": "2027-01-01T00:00:00Z"],
    ]
    for (change, slots) in try await slots(after: changes) { #expect(slots == [], "\(change)") }
  }

  @Test func `makes up for nothing when it is switched on`() async throws {
    let changed = try await slots(after: [["enabled": true]], from: ["enabled": false])
    #expect(changed == [["enabled": true]: []])
  }

  @Test func `loses no slot to a file that only says something else of its job`() async throws {
    let hourly: JSONValue = ["expression": "0 * * * *", "kind": "k"]
    try await engine.declareSchedules(["s": hourly, "t": hourly])
    test.clock.advance(by: .seconds(2 * 3_600 - 600))
    try await engine.declareSchedules([
      "s": ["expression": "0 * * * *", "kind": "k", "description": "of the hour", "tags": ["a"]],
      "t": ["expression": "15 * * * *", "kind": "k"],
    ])
    try await fire()
    #expect(try await slots("s") == ["13:00 enqueued"])
    #expect(try await slots("t") == [])
  }

  @Test func `loses no slot when it is reset to the same times`() async throws {
    try await engine.declareSchedules(["s": ["expression": "0 * * * *", "kind": "k"]])
    _ = try await engine.editSchedule("s", ["queue": "q"], by: .system)
    test.clock.advance(by: .seconds(2 * 3_600 - 600))
    _ = try await engine.resetSchedule("s", by: .system)
    try await fire()
    #expect(try await slots() == ["13:00 enqueued"])
  }
}

@Suite(.timeLimit(.minutes(5))) struct `A schedule whose end comes before it fires`: FiresSchedules {
  let test: TestEngine

  init() async throws { test = try await Self.fresh() }

  private func refusal(_ body: () async throws -> Void) async -> String {
    let error = await #expect(throws: ScheduleError.self) { try await body() }
    return error?.description ?? ""
  }

  @Test(arguments: [
    ("0 * * * *", "2020-01-01T00:00:00Z", "2026-01-01T13:00:00Z"),
    ("0 0 29 2 *", "2027-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
  ])
  func `is refused`(_ expression: String, _ end: String, _ next: String) async throws {
    let fields: JSONValue = ["expression": .string(expression), "kind": "k", "end": .string(end)]
    let refused = await refusal { _ = try await engine.addSchedule("s", fields, by: .system) }
    #expect(refused.hasPrefix("#/end: is \(end.dropLast())") && refused.contains("would be \(next)"), "\(refused)")
    #expect(try await engine.schedule("s") == nil)
    try await add("t", [:])
    let change: JSONValue = ["end": .string(end), "expression": .string(expression)]
    #expect(await refusal { _ = try await engine.editSchedule("t", change, by: .system) } == refused)
  }

  @Test func `may be given another description once it is over`() async throws {
    try await add("s", ["end": "2026-01-01T13:30:00Z"])
    test.clock.advance(by: .seconds(86_400))
    let edited = try await engine.editSchedule("s", ["description": "over"], by: .system)
    #expect(edited.definition?.description == "over")
    _ = try await engine.editSchedule("s", ["end": "2026-06-01T00:00:00Z"], by: .system)
  }

  @Test func `is taken from a program, which says the same at each of its starts`() async throws {
    var options = ScheduleOptions()
    options.end = Timestamp(microseconds: 0).date
    try await engine.schedule("s", Empty(), "@hourly", options)
    #expect(try await engine.schedule("s")?.nextSlot == nil)
  }

  private struct Empty: Job {
    static let kind: JobKind = "k"

    func run(_ context: JobContext) async throws {}
  }
}
