@testable import Nightshift
import NightshiftTesting
import Testing

/// A handler that speaks as scripts do: it is told what has come, asks, and waits by its end.
@Suite(.timeLimit(.minutes(5))) struct `A job that asks as scripts do`: AsksPeople {
  let ledger = Ledger()

  /// - Parameter script: Gets its context and asks; returns a result, or `nil` to wait for what it has asked.
  private func scripted(
    _ script: @escaping @Sendable (JSONValue, JobContext) async throws -> String?
  ) async throws -> TestEngine {
    try await engine { (_: Int, context: JobContext) -> String in
      if let result = try await script(.object(try await context.flowSoFar()), context) { return result }
      context.parkForAsked()
      throw Parked()
    }
  }

  private static func question(_ key: String, _ data: JSONValue? = nil) -> CheckpointDraft {
    CheckpointDraft(key: key, type: .approval, title: "\(key)?", data: data, options: CheckpointOptions())
  }

  private func waits(_ test: TestEngine) async throws -> [String] {
    try await test.engine.column("SELECT key || ' ' || state FROM nightshift_waits ORDER BY id")
  }

  @Test func `asks all its questions at once`() async throws {
    let test = try await scripted { _, context in
      for key in ["a", "b", "c"] { _ = try await context.askLater(Self.question(key)) }
      return nil
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .waiting)
    #expect(Set(try await pending(test).map(\.key)) == ["a", "b", "c"])
  }

  @Test func `asks one question twice, and two under one key not at all`() async throws {
    let test = try await scripted { _, context in
      let first = try await context.askLater(Self.question("send", 1))
      let again = try await context.askLater(Self.question("send", 1))
      #expect(first == .open && again == .open)
      await #expect(throws: FlowError.self) { try await context.askLater(Self.question("send", 2)) }
      return nil
    }
    _ = try await test.engine.add("k")
    try await test.runUntilIdle()
    #expect(try await pending(test).map(\.data) == [1])
  }

  @Test func `tells people and keeps files after it has asked`() async throws {
    let test = try await scripted { _, context in
      _ = try await context.askLater(Self.question("send"))
      var note = Self.question("told")
      note.type = .info
      try await context.tell(note)
      try await context.attach("a.txt", type: "text/plain", [1])
      return nil
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .waiting)
    #expect(try await test.engine.artifact("a.txt", of: id)?.bytes == [1])
    #expect(try await pending(test).map(\.key) == ["send"])
  }

  @Test func `finds under its key the answer to what it has asked last`() async throws {
    let test = try await scripted { told, context in
      // Other data at the second attempt, and those of the first at the last.
      let data: JSONValue = context.attempt == 2 || context.attempt == 3 ? ["to": "ben"] : ["to": "ada"]
      let answer = told["checkpoints"]?["send"]
      if context.attempt > 1 { #expect(told["checkpoints"]?.objectValue?.keys.sorted() == ["send"]) }
      if context.attempt == 5 { return "\(answer?["state"]?.stringValue ?? "-") \(answer?["data"]?["to"] ?? "-")" }
      if context.attempt == 2 { #expect(answer?["state"] == "approved" && answer?["data"] == ["to": "ada"]) }
      if context.attempt == 3 { #expect(answer?["state"] == "pending" && answer?["data"] == ["to": "ben"]) }
      if context.attempt == 4 { #expect(answer?["state"] == "approved" && answer?["data"] == ["to": "ben"]) }
      if try await context.askLater(Self.question("send", data)) == .none { throw Snooze.for(.zero, reason: "told") }
      context.waitFor(SignalDraft(["go"]))
      return nil
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    _ = try await test.engine.decide(try #require(try await pending(test).first).id, Verdict(.approve), by: ada)
    try await test.runUntilIdle()
    try await test.engine.signal("go", to: id, 1)
    try await test.runUntilIdle()
    _ = try await test.engine.decide(try #require(try await pending(test).first).id, Verdict(.approve), by: ada)
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.result == Array(#""approved \"ada\"""#.utf8))
  }

  @Test(arguments: [
    (Expiry.reject, "rejected"), (.escalate, "rejected"), (.fail, "expired"), (.continue, "approved"),
  ])
  func `finds what a question counts as that nobody has answered`(_ expiry: Expiry, _ state: String) async throws {
    let test = try await scripted { told, context in
      if let answer = told["checkpoints"]?["send"] {
        #expect(answer["by"] == "nobody" && answer["expired"] == true && answer["data"] == 7)
        return answer["state"]?.stringValue
      }
      var question = Self.question("send", 7)
      (question.options.expires, question.options.onExpiry) = (.seconds(60), expiry)
      question.options.escalateTo.roles = ["admin"]
      _ = try await context.askLater(question)
      return nil
    }
    let id = try await test.engine.add("k")
    for _ in 1...2 {
      try await test.runUntilIdle()
      test.clock.advance(by: .seconds(60))
    }
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.result == Array("\"\(state)\"".utf8))
  }

  @Test func `is told of a no before that no counts`() async throws {
    let ada = ada
    let test = try await scripted { told, context in
      if told["checkpoints"]?["send"]?["state"] == "rejected" {
        await #expect(throws: Rejection.self) { try await context.askLater(Self.question("send")) }
        return "seen"
      }
      guard context.attempt > 1 else {
        _ = try await context.askLater(Self.question("send"))
        context.waitFor(SignalDraft(["go"]))
        return nil
      }
      // Somebody says no while it runs.
      var filter = CheckpointFilter()
      filter.states = [.pending]
      let open = try await context.engine.checkpoints(filter).checkpoints
      _ = try await context.engine.decide(open[0].id, Verdict(.reject), by: ada)
      #expect(try await context.askLater(Self.question("send")) == .answered)
      throw Snooze.for(.zero, reason: "answered")
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    try await test.engine.signal("go", to: id, 1)
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.result == Array("\"seen\"".utf8))
  }

  @Test func `waits on for a signal that it asks for again, and for none that it does not`() async throws {
    let test = try await scripted { told, context in
      if told["timedOut"] == ["paid"] { return "late" }
      context.waitFor(SignalDraft(["paid"], timeout: .seconds(60)))
      if context.attempt == 1 { context.waitFor(SignalDraft(["other"])) }
      context.waitFor(SignalDraft(["round \(context.attempt)"]))
      return nil
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    #expect(try await waits(test) == ["paid#attempt:1 0", "other#attempt:1 0", "round 1#attempt:1 0"])
    test.clock.advance(by: .seconds(30))
    try await test.engine.signal("round 1", to: id, 1)
    try await test.runUntilIdle()
    #expect(
      try await waits(test) == [
        "paid#attempt:1 0", "other#attempt:1 3", "round 1#attempt:1 1", "round 2#attempt:2 0",
      ])
    // Counted from when it was asked for first.
    test.clock.advance(by: .seconds(30))
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.result == Array("\"late\"".utf8))
  }

  @Test func `is told that a signal is late until it comes or is waited for again`() async throws {
    let test = try await scripted { told, context in
      switch context.attempt {
      case 1:
        context.waitFor(SignalDraft(["paid", "refused"], timeout: .seconds(60)))
      case 2:
        #expect(told["timedOut"] == ["paid", "refused"])
        context.waitFor(SignalDraft(["paid"]))
        context.waitFor(SignalDraft(["go"]))
      case 3:
        #expect(told["timedOut"] == ["refused"])
        context.waitFor(SignalDraft(["paid"]))
      default: return told.description
      }
      return nil
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    test.clock.advance(by: .seconds(60))
    try await test.runUntilIdle()
    try await test.engine.signal("go", to: id, 0)
    try await test.runUntilIdle()
    try await test.engine.signal("paid", to: id, 5)
    try await test.runUntilIdle()
    let result = try JSONValue(parsing: try #require(try await test.engine.job(id)?.result))
    let told = try JSONValue(parsing: try #require(result.stringValue).utf8)
    #expect(told["timedOut"] == ["refused"] && told["signals"] == ["go": 0, "paid": 5])
  }

  @Test func `misses no signal that comes while it runs`() async throws {
    let test = try await scripted { told, context in
      if told["signals"]?["paid"] != nil { return "paid" }
      context.waitFor(SignalDraft(["paid"]))
      context.waitFor(SignalDraft(["go"]))
      // It was waited for already, and the wait takes it.
      if context.attempt == 2 { try await context.engine.signal("paid", to: context.id, 5) }
      return nil
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    try await test.engine.signal("go", to: id, 0)
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.result == Array("\"paid\"".utf8))
  }

  @Test func `keeps no more results than each attempt can be given`() async throws {
    let test = try await scripted { _, context in
      let large = JSONValue.string(String(repeating: "a", count: StepRecord.limit - 2))
      for number in context.attempt...16 { try await context.keep(step: "step \(number)", result: large) }
      if context.attempt == 1 { throw RetryableFailure("again") }
      try await context.keep(step: "one more", result: 1)
      return "kept"
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    test.clock.advance(by: .seconds(60))
    try await test.runUntilIdle()
    let job = try await test.engine.job(id)
    #expect(job?.summary.state == .dead)
    #expect(job?.error?.message.contains("16777216 bytes together") == true, "\(job?.error?.message ?? "-")")
  }

  @Test func `has a name for a step that cannot be one refused for good`() async throws {
    let test = try await scripted { _, context in
      try await context.keep(step: "a#b", result: 1)
      return "kept"
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .dead)
  }
}
