@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A checkpoint, while its job goes on`: AsksPeople {
  let ledger = Ledger()

  @Test func `is in nobody's list once its job was cancelled`() async throws {
    let test = try await asking()
    let (id, checkpoint) = try await ask(test)
    _ = try await test.engine.cancel([id], reason: "enough", by: .system)
    #expect(try await pending(test).isEmpty)
    await #expect(throws: CheckpointError.self) {
      try await test.engine.decide(checkpoint.id, Verdict(.approve), by: ada)
    }
  }

  @Test func `under a name that was used to inform is asked all the same`() async throws {
    let test = try await engine { (_: Int, context: JobContext) -> String? in
      if context.attempt == 1 {
        try await context.inform("send", title: "Told")
        throw RetryableFailure("again")
      }
      return try await context.approval("send", title: "Send?").by
    }
    let (id, other) = (try await test.engine.add("k"), try await test.engine.add("k"))
    try await test.runUntilIdle()
    test.clock.advance(by: .seconds(10))
    try await test.runUntilIdle()
    for job in [id, other] { #expect(try await test.engine.state(of: job) == .waiting) }
    #expect(try await pending(test).count == 2)
  }

  @Test func `is asked though another wait has parked the job before it had a turn`() async throws {
    let test = try await engine { (_: Int, context: JobContext) -> Int in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { _ = try await context.signal("go", as: Int.self) }
        group.addTask {
          // Until the other has thrown, by which the group cancels this one.
          while context.parkedWaits.isEmpty || !Task.isCancelled { await Task.yield() }
          _ = try await context.approval("send", title: "Send?")
        }
        while try await group.next() != nil {}
      }
      return 0
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    #expect(try await pending(test).map(\.job) == [id])
  }

  @Test func `that was withdrawn is asked anew when its data come back`() async throws {
    let test = try await engine { (_: Int, context: JobContext) -> Int in
      async let signals: Void = {
        for _ in 1...10 { _ = try await context.signal("again", as: Int.self) }
      }()
      async let answer = context.approval("send", title: "Send?", showing: context.attempt % 2)
      _ = try await (signals, answer)
      return 0
    }
    let id = try await test.engine.add("k")
    for round in 1...5 {
      try await test.runUntilIdle()
      #expect(try await test.engine.state(of: id) == .waiting)
      #expect(try await test.engine.job(id)?.summary.attempt == round)
      #expect(try await pending(test).map(\.data) == [.integer(Int64(round % 2))])
      try await test.engine.signal("again", to: id, round)
    }
  }

  @Test func `that somebody asked for a job closes with the job`() async throws {
    let test = try await engine { (payload: Int, context: JobContext) -> Int in
      let draft = CheckpointDraft(
        key: "outside", type: .approval, title: "Go?", data: nil, options: CheckpointOptions())
      _ = try await context.engine.ask(draft, of: context.id, by: .system)
      if payload == 1 { throw PermanentFailure("no") }
      return payload
    }
    let (dead, completed) = (try await test.engine.add("k", "1"), try await test.engine.add("k", "2"))
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: dead) == .dead)
    #expect(try await test.engine.state(of: completed) == .completed)
    #expect(try await pending(test).isEmpty)
    #expect(try await test.engine.column("SELECT DISTINCT state FROM nightshift_waits") == ["3"])
    for job in [dead, completed] {
      var filter = CheckpointFilter()
      filter.job = job
      let checkpoint = try #require(try await test.engine.checkpoints(filter).checkpoints.first)
      await #expect(throws: CheckpointError.self) {
        try await test.engine.decide(checkpoint.id, Verdict(.approve), by: ada)
      }
    }
  }

  @Test func `is withdrawn when the job completes without it, and others stay open`() async throws {
    let test = try await engine { (payload: Int, context: JobContext) -> Int in
      guard payload == 1, context.attempt == 1 else { return payload }
      _ = try await context.approval("send", title: "Send?")
      return 0
    }
    let open = try await test.engine.add("k", "1")
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: open) == .waiting)
    let draft = CheckpointDraft(key: "late", type: .approval, title: "Go?", data: nil, options: CheckpointOptions())
    _ = try await test.engine.ask(draft, of: open, by: .system)
    // Others complete meanwhile, and end nothing of it.
    for _ in 1...3 { _ = try await test.engine.add("k", "2") }
    try await test.runUntilIdle()
    #expect(try await pending(test).count == 2)
    let send = try #require(try await pending(test).first { $0.key == "send" })
    _ = try await test.engine.decide(send.id, Verdict(.approve), by: ada)
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: open) == .completed)
    var filter = CheckpointFilter()
    filter.job = open
    let states = try await test.engine.checkpoints(filter).checkpoints.map { "\($0.key) \($0.state)" }
    #expect(Set(states) == ["send approved", "late withdrawn"])
  }

  @Test func `tells the job when it expires, and not when somebody is reminded of it`() async throws {
    let test = try await asking {
      $0.expires = .seconds(86_400)
      $0.reminders = [.seconds(3_600)]
    }
    let (id, checkpoint) = try await ask(test)
    #expect(try await test.engine.job(id)?.flow.waits.map(\.dueAt) == [checkpoint.expiresAt])
    test.clock.advance(by: .seconds(3_601))
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.flow.waits.map(\.dueAt) == [checkpoint.expiresAt])
  }

  @Test func `about a problem is asked again when a person runs the job again`() async throws {
    let test = try await engine { (_: Int, context: JobContext) -> String? in
      let choice = try await context.problem("stuck", title: "What now?", choices: ["fail", "skip"]).choice
      if choice == "fail" { throw PermanentFailure("so it was decided") }
      return choice
    }
    let (id, checkpoint) = try await ask(test)
    _ = try await test.engine.decide(checkpoint.id, Verdict(.approve, choice: "fail"), by: ada)
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .dead)
    _ = try await test.engine.retry([id], by: .system)
    try await test.runUntilIdle()
    let again = try #require(try await pending(test).first)
    _ = try await test.engine.decide(again.id, Verdict(.approve, choice: "skip"), by: ada)
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .completed)
  }
}
