@testable import Nightshift
import NightshiftTesting
import Testing

/// A suite about questions to people: jobs that ask them, and those who answer.
protocol AsksPeople {
  /// What the jobs have done.
  var ledger: Ledger { get }
}

extension AsksPeople {
  var ada: Actor { Actor(id: "ada", role: .approver, address: "10.0.0.1") }
  var ben: Actor { Actor(id: "ben", role: .approver) }

  func engine<Output: Sendable>(
    _ body: @escaping @Sendable (Int, JobContext) async throws -> Output
  ) async throws -> TestEngine {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self, handler: body)
    return test
  }

  /// A job that asks before it sends, and returns the amount that was approved.
  func asking(
    _ change: @escaping @Sendable (inout CheckpointOptions) -> Void = { _ in }
  ) async throws -> TestEngine {
    let ledger = ledger
    return try await engine { amount, context in
      var options = CheckpointOptions()
      change(&options)
      let decision = try await context.approval(
        "send", title: "Send \(amount)?", showing: ["amount": amount], options: options)
      let approved = try decision.data(as: [String: Int].self)
      ledger.note("sent \(approved["amount"]!)")
      return approved
    }
  }

  func pending(_ test: TestEngine) async throws -> [Checkpoint] {
    var filter = CheckpointFilter()
    filter.states = [.pending]
    return try await test.engine.checkpoints(filter).checkpoints
  }

  /// Runs a job until it asks.
  func ask(
    _ test: TestEngine, _ options: JobOptions = JobOptions(), by actor: Actor = .system
  ) async throws -> (JobID, Checkpoint) {
    let draft = JobDraft(kind: "k", payload: Array("7".utf8), options: options)
    let id = try #require(try await test.engine.submit([draft], actor: actor).first).id
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .waiting)
    return (id, try #require(try await pending(test).first))
  }
}
