import Foundation
@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A checkpoint that has to be answered in time`: AsksPeople {
  let ledger = Ledger()

  @Test(arguments: [(Expiry.reject, JobState.cancelled), (.fail, .dead), (.continue, .completed)])
  func `ends as it says`(_ expiry: Expiry, _ state: JobState) async throws {
    let test = try await asking { options in
      options.expires = .seconds(60)
      options.onExpiry = expiry
    }
    let (id, checkpoint) = try await ask(test)
    test.clock.advance(by: .seconds(60))
    // At the very moment, before anybody has come round to end it.
    await #expect(throws: CheckpointError.self) {
      try await test.engine.decide(checkpoint.id, Verdict(.approve), by: ada)
    }
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == state)
    #expect(try await test.engine.checkpoint(checkpoint.id)?.state == .expired)
  }

  @Test func `tells those who follow that nobody has answered`() async throws {
    let test = try await asking { $0.expires = .seconds(60) }
    let (id, checkpoint) = try await ask(test)
    let events = try await test.engine.listen(EventFilter(job: id))
    test.clock.advance(by: .seconds(60))
    try await test.runUntilIdle()
    for try await case .event(_, let event) in events {
      guard case .checkpoint(checkpoint.id, _, _, let state, _, _) = event.body else { continue }
      #expect(state == .expired)
      break
    }
  }

  @Test func `asks others`() async throws {
    let test = try await asking { options in
      options.expires = .seconds(60)
      options.onExpiry = .escalate
      options.reviewers = .anyOf(["ada"])
      options.escalateTo = .anyOf(["chief"])
    }
    let chief = Actor(id: "chief", role: .member)
    let (id, checkpoint) = try await ask(test)
    await #expect(throws: CheckpointError.self) {
      try await test.engine.decide(checkpoint.id, Verdict(.approve), by: chief)
    }
    test.clock.advance(by: .seconds(60))
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .waiting)
    _ = try await test.engine.decide(checkpoint.id, Verdict(.approve), by: chief)
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .completed)
  }

  @Test func `reminds people while it waits`() async throws {
    let test = try await asking { $0.reminders = [.seconds(60), .seconds(120), .seconds(600)] }
    _ = try await ask(test)
    for _ in 1...10 {
      test.clock.advance(by: .seconds(30))
      try await test.runUntilIdle()
    }
    let topics = try await test.engine.column("SELECT topic FROM nightshift_outbox ORDER BY id")
    #expect(topics == ["checkpoint", "checkpoint.reminder", "checkpoint.reminder"])
    // All that came due while nobody looked are one.
    test.clock.advance(by: .seconds(1_000))
    try await test.runUntilIdle()
    #expect(try await test.engine.column("SELECT topic FROM nightshift_outbox").count == 4)
  }

  @Test func `can still be decided by those who were asked first, once others are asked`() async throws {
    let test = try await asking { options in
      options.expires = .seconds(60)
      options.onExpiry = .escalate
      options.escalateTo.roles = ["admin"]
    }
    let (_, checkpoint) = try await ask(test)
    test.clock.advance(by: .seconds(60))
    try await test.runUntilIdle()
    #expect(try await test.engine.decide(checkpoint.id, Verdict(.approve), by: ada).state == .approved)
  }
}
