import Foundation
@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A checkpoint`: AsksPeople {
  let ledger = Ledger()

  @Test func `parks its job until somebody approves, and tells who, when and from where`() async throws {
    let test = try await asking()
    let (id, checkpoint) = try await ask(test)
    #expect(checkpoint.title == "Send 7?" && checkpoint.data == ["amount": 7] && checkpoint.kind == "k")
    #expect(checkpoint.expiresAt == test.clock.now + .seconds(86_400))
    test.clock.advance(by: .seconds(5))
    let decided = try await test.engine.decide(checkpoint.id, Verdict(.approve, comment: "fine"), by: ada)
    #expect(decided.state == .approved)
    #expect(try await test.engine.state(of: id) == .ready)
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .completed)
    #expect(ledger.all == ["sent 7"])
    let decision = try #require(decided.decisions.first)
    #expect(decision.actor == "ada" && decision.address == "10.0.0.1" && decision.comment == "fine")
    #expect(decision.at == test.clock.now && decision.via == "api" && decision.verdict == "approved")
    #expect(try await test.engine.column("SELECT verb FROM nightshift_audit").contains("approve"))
    #expect(try await test.engine.column("SELECT topic FROM nightshift_outbox") == ["checkpoint"])
  }

  @Test func `that is rejected cancels its job with the reason, without a retry`() async throws {
    let test = try await asking()
    let (id, checkpoint) = try await ask(test)
    _ = try await test.engine.decide(checkpoint.id, Verdict(.reject, comment: "too much"), by: ada)
    try await test.runUntilIdle()
    let job = try await test.engine.job(id)
    #expect(job?.summary.state == .cancelled && job?.summary.failures == 0)
    #expect(job?.summary.cancelReason == "Rejected by ada: Send 7? (too much)")
    #expect(ledger.all.isEmpty)
    // Run again, it asks again.
    _ = try await test.engine.retry([id], by: .system)
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .waiting)
    #expect(try await pending(test).map(\.job) == [id])
  }

  @Test func `is decided once, and the second to come is told by whom`() async throws {
    let test = try await asking()
    let (_, checkpoint) = try await ask(test)
    let (ada, ben) = (ada, ben)
    let outcomes = await withTaskGroup(of: String.self) { group in
      for (actor, answer) in [(ada, Verdict.Answer.approve), (ben, .reject)] {
        group.addTask {
          do {
            return "\(try await test.engine.decide(checkpoint.id, Verdict(answer), by: actor).state)"
          } catch {
            return "\(error)"
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.filter { $0 == "approved" || $0 == "rejected" }.count == 1)
    let loser = try #require(outcomes.first { $0 != "approved" && $0 != "rejected" })
    #expect(loser.contains("already, by ada") || loser.contains("already, by ben"))
  }

  @Test func `may need several people, and each counts once`() async throws {
    let test = try await asking { $0.reviewers = .anyOf(["ada", "ben", "cy"], required: 2) }
    let (id, checkpoint) = try await ask(test)
    #expect(try await test.engine.decide(checkpoint.id, Verdict(.approve), by: ada).state == .pending)
    await #expect(throws: CheckpointError.self) {
      try await test.engine.decide(checkpoint.id, Verdict(.approve), by: ada)
    }
    #expect(try await test.engine.state(of: id) == .waiting)
    #expect(try await test.engine.decide(checkpoint.id, Verdict(.approve), by: ben).state == .approved)
  }

  @Test func `that was edited needs the others' consent to what it is now`() async throws {
    let test = try await asking { $0.reviewers = .anyOf(["ada", "ben"], required: 2) }
    let (_, checkpoint) = try await ask(test)
    _ = try await test.engine.decide(checkpoint.id, Verdict(.approve), by: ada)
    let edited = try await test.engine.decide(
      checkpoint.id, Verdict(.approve, data: ["amount": 5]), by: ben)
    #expect(edited.state == .pending)
    #expect(try await test.engine.decide(checkpoint.id, Verdict(.approve), by: ada).state == .approved)
    try await test.runUntilIdle()
    #expect(ledger.all == ["sent 5"])
  }

  @Test func `keeps what its reviewer has changed, and hands it to the job`() async throws {
    let test = try await asking {
      $0.schema = #"{"type": "object", "properties": {"amount": {"type": "integer", "maximum": 10}}}"#
    }
    let (_, checkpoint) = try await ask(test)
    let error = await #expect(throws: CheckpointError.self) {
      try await test.engine.decide(checkpoint.id, Verdict(.approve, data: ["amount": 11]), by: ada)
    }
    #expect(error.map { "\($0)" }?.hasPrefix("#/data/amount must be") == true)
    let decided = try await test.engine.decide(
      checkpoint.id, Verdict(.approve, data: ["amount": 3]), by: ada)
    #expect(
      decided.decisions.first?.changes == [["pointer": "#/amount", "before": 7, "after": 3]])
    try await test.runUntilIdle()
    #expect(ledger.all == ["sent 3"])
  }

  @Test func `is not decided by whoever may not`() async throws {
    let test = try await asking { $0.reviewers.excludesRequester = true }
    var options = JobOptions()
    options.owner = "ada"
    let (_, checkpoint) = try await ask(test, options)
    for actor in [ada, Actor(id: "cy", role: .member), Actor(id: "dan", role: .viewer)] {
      let error = await #expect(throws: CheckpointError.self) {
        try await test.engine.decide(checkpoint.id, Verdict(.approve), by: actor)
      }
      guard case .notAllowed? = error else {
        Issue.record("\(actor.id): \(String(describing: error))")
        return
      }
    }
    #expect(try await pending(test).count == 1)
    #expect(try await test.engine.decide(checkpoint.id, Verdict(.approve), by: ben).state == .approved)
  }

  @Test func `counts for exactly what was shown`() async throws {
    let test = try await engine { (_: Int, context: JobContext) -> Int in
      // Other data at each attempt: what was approved is not what would be done.
      try await context.approval("send", title: "Send?", showing: context.attempt)
      return context.attempt
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    let first = try #require(try await pending(test).first)
    _ = try await test.engine.decide(first.id, Verdict(.approve), by: ada)
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .waiting)
    let second = try #require(try await pending(test).first)
    #expect(second.id != first.id && second.data == 2)
  }

  @Test func `beside others is asked with them, and each answer finds its own`() async throws {
    let test = try await engine { (_: Int, context: JobContext) -> [String?] in
      async let one = context.approval("a", title: "A?", showing: "a")
      async let other = context.approval("b", title: "B?", showing: "b")
      return [try await one.comment, try await other.comment]
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    let questions = try await pending(test)
    #expect(Set(questions.map(\.title)) == ["A?", "B?"])
    for question in questions.sorted(by: { $0.title > $1.title }) {
      _ = try await test.engine.decide(question.id, Verdict(.approve, comment: "on \(question.title)"), by: ada)
      try await test.runUntilIdle()
    }
    #expect(try await test.engine.job(id)?.result == Array(#"["on A?","on B?"]"#.utf8))
  }

  @Test func `that only informs parks nothing, and is told once`() async throws {
    let test = try await engine { _, context in
      try await context.inform("i", title: "Half way", showing: ["n": 1])
      if context.attempt == 1 { throw RetryableFailure("again") }
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    test.clock.advance(by: .seconds(5))
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .completed)
    var filter = CheckpointFilter()
    filter.job = id
    let told = try await test.engine.checkpoints(filter).checkpoints
    #expect(told.map(\.title) == ["Half way"] && told.map(\.state) == [.noted])
  }

  @Test func `about a problem offers choices, and takes no other`() async throws {
    let test = try await engine { _, context in
      try await context.problem("stuck", title: "What now?", choices: ["skip", "wait"]).choice
    }
    let (id, checkpoint) = try await ask(test)
    for choice in [nil, "jump"] {
      await #expect(throws: CheckpointError.self) {
        try await test.engine.decide(checkpoint.id, Verdict(.approve, choice: choice), by: ada)
      }
    }
    _ = try await test.engine.decide(checkpoint.id, Verdict(.approve, choice: "skip"), by: ada)
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.result == Array("\"skip\"".utf8))
  }

  @Test func `whose data cannot be checked any more is not approved with others`() async throws {
    let test = try await asking { $0.schema = #"{"type": "object"}"# }
    let (_, checkpoint) = try await ask(test)
    _ = try await test.engine.store.write {
      try $0.execute(#"UPDATE nightshift_checkpoints SET schema = '{"type": "nonsense"}'"#)
    }
    let error = await #expect(throws: CheckpointError.self) {
      try await test.engine.decide(checkpoint.id, Verdict(.approve, data: ["amount": 3]), by: ada)
    }
    #expect(error?.description.contains("cannot be checked") == true)
    #expect(try await pending(test).count == 1)
  }

  @Test func `that is damaged says so, and shows no half of itself`() async throws {
    let test = try await asking()
    let damages: [(String, SQLValue)] = [
      ("data", .bytes([0x7B])), ("policy", .text("{}")), ("schema", .text("{")), ("type", .text("other")),
    ]
    for _ in damages { _ = try await test.engine.add("k", "7") }
    try await test.runUntilIdle()
    for (checkpoint, (column, damage)) in zip(try await pending(test), damages) {
      let id = checkpoint.id
      _ = try await test.engine.store.write {
        try $0.execute(
          "UPDATE nightshift_checkpoints SET \(column) = ? WHERE id = ?", [damage, .integer(id.rawValue)])
      }
      let error = await #expect(throws: StoreError.self) { try await test.engine.checkpoint(id) }
      #expect(error?.code == .corrupt && error?.message.contains("\(id)") == true, "\(column)")
    }
  }

  static let choices: [([String], String)] = [
    (["skip", "skip"], "twice"), ([""], "1 to 200 bytes"), (["a", " "], "1 to 200 bytes"),
    ([String(repeating: "a", count: 201)], "1 to 200 bytes"), ((1...51).map { "\($0)" }, "at most 50"),
  ]

  @Test func `about a problem offers only choices that can be told apart`() async throws {
    let test = try await engine { index, context in
      try await context.problem("stuck", title: "What now?", choices: Self.choices[index].0).choice
    }
    for (index, (choices, reason)) in Self.choices.enumerated() {
      let id = try await test.engine.add("k", "\(index)")
      try await test.runUntilIdle()
      let message = try #require(try await test.engine.job(id)?.error?.message)
      #expect(message.contains(reason), "\(message)")
      let json: JSONValue = ["type": "error", "title": "?", "choices": .array(choices.map(JSONValue.string))]
      let mistake = #expect(throws: CheckpointReader.Mistake.self) { try CheckpointReader.read(json) }
      #expect(mistake?.faults.contains { $0.pointer == "/choices" } == true)
    }
  }

  @Test func `can be rejected by somebody who has approved it, while others are asked`() async throws {
    let test = try await asking { $0.reviewers = .anyOf(["ada", "ben"], required: 2) }
    let (_, checkpoint) = try await ask(test)
    _ = try await test.engine.decide(checkpoint.id, Verdict(.approve), by: ada)
    #expect(try await test.engine.decide(checkpoint.id, Verdict(.reject), by: ada).state == .rejected)
  }
}
