@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A question whose job has completed without the answer` {
  @Test(arguments: Expiry.allCases)
  func `troubles nobody any more`(_ onExpiry: Expiry) async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { [engine = test.engine] _, context in
      var options = CheckpointOptions()
      options.expires = .seconds(60)
      options.reminders = [.seconds(10)]
      options.onExpiry = onExpiry
      options.escalateTo.roles = ["admin"]
      let draft = CheckpointDraft(key: "send", type: .approval, title: "Send?", data: nil, options: options)
      _ = try await engine.ask(draft, of: context.id, by: .system)
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .completed)
    for _ in 0..<3 {
      test.clock.advance(by: .seconds(30))
      try await test.runUntilIdle()
    }
    #expect(try await test.engine.column("SELECT topic FROM nightshift_outbox") == ["checkpoint"])
    #expect(try await test.engine.column("SELECT state FROM nightshift_checkpoints") == ["withdrawn"])
    #expect(try await test.engine.column("SELECT count(*) FROM nightshift_decisions") == ["0"])
  }
}
