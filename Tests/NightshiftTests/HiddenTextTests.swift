import NightshiftTesting
import Testing

@testable import Nightshift

@Suite(.timeLimit(.minutes(5))) struct `What is hidden of jobs` {
  private func add(_ payload: String, _ test: TestEngine) async throws -> JobID {
    try await test.engine.submit([JobDraft(kind: "k", payload: Array(payload.utf8))], actor: .system)[0].id
  }

  @Test func `is found in all that they were given and have made, of each by itself`() async throws {
    let test = try await TestEngine.fresh()
    let options = KindOptions(maxAttempts: 1)
    try await test.engine.register("k", payload: JSONValue.self, options: options) { payload, context -> JSONValue in
      guard payload["full"] == true else { throw PermanentFailure("no") }
      _ = try await context.step("exchange") { ["token": "step-token"] }
      _ = try await context.signal("go", as: JSONValue.self)
      let asked: JSONValue = ["password": "asked-password"]
      _ = try await context.approval("may", title: "May I?", showing: asked)
      return ["secret": "result-secret"]
    }
    let id = try await add(#"{"password": "first-payload"}"#, test)
    let others = try await (0..<45).asyncMap { try await add(#"{"password": "other-\#($0)"}"#, test) }
    try await test.runUntilIdle()
    let payload = Array(#"{"full": true, "password": "second-payload", "name": "not-hidden"}"#.utf8)
    _ = try await test.engine.retry([id], payload: payload, by: .system)
    try await test.runUntilIdle()
    _ = try await test.engine.signal("go", to: id, ["token": "signal-token"])
    try await test.runUntilIdle()
    let question = try #require(try await test.engine.checkpoints(CheckpointFilter()).checkpoints.first)
    var verdict = Verdict(.approve, via: "api")
    verdict.data = ["password": "answer-password"]
    _ = try await test.engine.decide(question.id, verdict, by: Actor(id: "ada", role: .approver))
    try await test.runUntilIdle()

    let texts = try await test.engine.hiddenTexts(of: Set([id] + others), by: Redaction())
    #expect(
      texts[id] == [
        "first-payload", "second-payload", "step-token", "signal-token", "asked-password", "answer-password",
        "result-secret",
      ])
    for (number, other) in others.enumerated() { #expect(texts[other] == ["other-\(number)"]) }
    #expect(try await test.engine.hiddenTexts(of: [id], by: Redaction(paths: [])) == [:])
  }
}

extension Sequence {
  /// One after the other.
  fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async rethrows -> [Value] {
    var values: [Value] = []
    for element in self { values.append(try await body(element)) }
    return values
  }
}
