import NightshiftTesting
import Testing

@testable import Nightshift

@Suite(.timeLimit(.minutes(5))) struct `The audit log tells what was changed` {
  private let ada = Actor(id: "ada", role: .operator)

  /// The details of all entries of these verbs, oldest first.
  private func details(_ test: TestEngine, _ verbs: String...) async throws -> [JSONValue] {
    let names = verbs.map { "'\($0)'" }.joined(separator: ", ")
    return try await test.engine.column(
      "SELECT coalesce(detail, 'null') FROM nightshift_audit WHERE verb IN (\(names)) ORDER BY id"
    ).map { try JSONValue(parsing: $0.utf8) }
  }

  @Test func `of limits`() async throws {
    let test = try await TestEngine.fresh()
    _ = try await test.engine.set(Limit("l", queues: ["mail"], concurrency: 1), by: ada)
    _ = try await test.engine.set(Limit("l", queues: ["mail"], concurrency: 2), by: ada)
    _ = try await test.engine.removeLimit("l", by: ada)
    #expect(
      try await details(test, "set-limit", "remove-limit") == [
        [
          "queues": ["mail"], "concurrency": 1, "before": nil, "after": ["queues": ["mail"], "concurrency": 1],
        ],
        ["queues": ["mail"], "concurrency": 2, "before": ["concurrency": 1], "after": ["concurrency": 2]],
        ["before": ["queues": ["mail"], "concurrency": 2], "after": nil],
      ])
  }

  @Test func `of breakers`() async throws {
    let test = try await TestEngine.fresh()
    _ = try await test.engine.set(CircuitBreaker("b", probes: 1), by: ada)
    _ = try await test.engine.set(CircuitBreaker("b", probes: 2), by: ada)
    _ = try await test.engine.resetBreaker("b", by: ada)
    _ = try await test.engine.removeBreaker("b", by: ada)
    let found = try await details(test, "set-breaker", "reset-breaker", "remove-breaker")
    #expect(found.map { $0["before"]?["probes"] } == [nil, 1, nil, 2])
    #expect(found.map { $0["after"]?["probes"] } == [1, 2, nil, nil])
    #expect(found[0]["before"] == .null && found[1]["probes"] == 2 && found[1]["after"]?["window"] == nil)
    #expect(found[2]["before"] == [:] && found[3]["after"] == .null)
  }

  @Test func `of schedules, without what payloads hide`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: JSONValue.self) { _, _ in }
    let payload: JSONValue = ["password": "hunter22", "n": 1, "same": true]
    let schedule: JSONValue = ["expression": "@daily", "kind": "k", "tags": ["t-hunter22"], "payload": payload]
    _ = try await test.engine.addSchedule("s", schedule, by: ada)
    let edit: JSONValue = [
      "expression": "@hourly", "tags": nil, "payload": ["password": "hunter33", "n": 2, "same": true],
    ]
    _ = try await test.engine.editSchedule("s", edit, by: ada)
    _ = try await test.engine.setSchedule("s", enabled: false, by: ada)
    try await test.engine.removeSchedule("s", by: ada)
    let found = try await details(test, "add-schedule", "edit-schedule", "disable-schedule", "remove-schedule")
    #expect(found[0]["before"] == .null && found[0]["after"]?["tags"] == ["t-[redacted]"])
    #expect(
      found[1] == [
        "fields": ["expression", "payload", "tags"],
        "before": [
          "expression": "@daily", "tags": ["t-[redacted]"], "payload": ["password": "[redacted]", "n": 1],
        ],
        "after": ["expression": "@hourly", "payload": ["password": "[redacted]", "n": 2]],
      ])
    #expect(found[2]["before"] == [:] && found[2]["after"] == ["enabled": false])
    #expect(found[3]["before"]?["expression"] == "@hourly" && found[3]["after"] == .null)
    #expect(!"\(found)".contains("hunter"))
  }

  @Test func `of schedules that a file declares`() async throws {
    let test = try await TestEngine.fresh()
    func declare(_ expression: JSONValue?) async throws {
      let entries = expression.map {
        ["s": ["expression": $0, "kind": "k", "payload": ["token": "hunter22"]] as JSONValue]
      }
      try await test.engine.declareSchedules(entries ?? [:])
    }
    try await declare("@daily")
    try await declare("@hourly")
    try await declare(nil)
    let found = try await details(test, "declare-schedule", "remove-schedule")
    #expect(found.map { $0["before"]?["expression"] } == [nil, "@daily", "@hourly"])
    #expect(found.map { $0["after"]?["expression"] } == ["@daily", "@hourly", nil])
    #expect(!"\(found)".contains("hunter"))
  }

  @Test func `of pauses, with who had paused it`() async throws {
    let test = try await TestEngine.fresh()
    let bob = Actor(id: "bob", role: .operator)
    _ = try await test.engine.pause(.queue("mail"), reason: "one", by: ada)
    _ = try await test.engine.pause(.queue("mail"), reason: "two", by: bob)
    _ = try await test.engine.resume(.queue("mail"), by: bob)
    try await test.engine.pause(kind: "k", reason: "three", by: ada)
    _ = try await test.engine.resume(kind: "k", by: bob)
    let found = try await details(test, "pause", "resume")
    #expect(found.map { $0["before"]?["by"] } == [nil, "ada", "bob", nil, "ada"])
    #expect(found.map { $0["before"]?["reason"] } == [nil, "one", "two", nil, "three"])
    #expect(found.map { $0["after"]?["reason"] } == ["one", "two", nil, "three", nil])
    #expect(found[1]["reason"] == "two" && found[1]["before"]?["since"] == nil)
  }

  @Test func `of thresholds, tokens, organizations and users`() async throws {
    let test = try await TestEngine.fresh()
    let engine = test.engine
    try await engine.watch(SlowThreshold(kind: "k", p95: .seconds(1)), by: ada)
    try await engine.watch(SlowThreshold(kind: "k", p95: .seconds(2)), by: ada)
    _ = try await engine.endWatch(over: "k", by: ada)
    let watches = try await details(test, "watch-slowness", "end-slowness-watch")
    #expect(watches.map { $0["before"]?["p95"] } == [nil, "1s", "2s"])
    #expect(watches.map { $0["after"]?["p95"] } == ["1s", "2s", nil] && watches[1]["after"]?["over"] == nil)

    try await engine.addOrganization("acme", title: "Acme", by: ada)
    let (token, _) = try await engine.createToken(
      name: "ci", role: .viewer, expiresAt: nil, organization: "acme", by: ada)
    _ = try await engine.revokeToken(token.id, by: ada)
    try await engine.removeOrganization("acme", by: ada)
    let rights: JSONValue = ["role": "viewer", "organization": "acme"]
    #expect(
      try await details(test, "create-token", "revoke-token", "add-organization", "remove-organization") == [
        ["before": nil, "after": ["title": "Acme"]],
        ["role": "viewer", "organization": "acme", "before": nil, "after": rights],
        ["name": "ci", "before": rights, "after": nil],
        ["before": ["title": "Acme"], "after": nil],
      ])
  }

  @Test func `of an edited payload by the names of its fields`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: JSONValue.self) { _, _ in }
    let id = try await test.engine.submit(
      [JobDraft(kind: "k", payload: Array(#"{"a":1,"b":"x","c":2}"#.utf8))], actor: .system)[0].id
    _ = try await test.engine.cancel([id], reason: "why", by: ada)
    _ = try await test.engine.retry([id], payload: Array(#"{"a":1,"b":"hunter22","d":3}"#.utf8), by: ada)
    #expect(try await details(test, "retry") == [["payload": "edited", "fields": ["b", "c", "d"]]])
  }

  @Test func `in values that are cut where they are long`() {
    let long = String(repeating: "x", count: 5_000)
    let detail = AuditedChange(from: ["a": "1"], to: ["a": .string(long), "b": 1]).detail()
    #expect(detail["before"] == ["a": "1"] && detail["after"]?["b"] == 1)
    let cut = detail["after"]?["a"]?.stringValue ?? ""
    #expect(cut.utf8.count <= AuditedChange.longestValue && cut.hasSuffix("…"))
  }
}
