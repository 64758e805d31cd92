@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A fork` {
  private let ledger = Ledger()

  private func forked(_ fork: Fork) async throws -> (TestEngine, JobID, JobID) {
    let test = try await TestEngine.fresh()
    let ledger = ledger
    try await test.engine.register("k", payload: Int.self) { payload, context in
      let a = try await context.step("a") { () -> Int in
        ledger.note("a")
        return payload
      }
      let b = try await context.step("b") { () -> Int in
        ledger.note("b")
        return a * 10
      }
      return try await context.step("c") { () -> Int in
        ledger.note("c")
        return b + 1
      }
    }
    let origin = try await test.engine.add("k", "2")
    try await test.runUntilIdle()
    let id = try await test.engine.fork(origin, fork, by: Actor(id: "ada", role: .operator))
    try await test.runUntilIdle()
    return (test, origin, id)
  }

  @Test func `begins at a step, with the results of those before it`() async throws {
    let (test, origin, id) = try await forked(Fork(step: "b"))
    let job = try await test.engine.job(id)
    #expect(job?.result == Array("21".utf8))
    #expect(job?.flow.origin == origin && job?.flow.originStep == "b")
    #expect(ledger.all == ["a", "b", "c", "b", "c"])
    #expect(try await test.engine.job(origin)?.result == Array("21".utf8))
  }

  @Test func `takes another result of its first step`() async throws {
    let (test, _, id) = try await forked(Fork(step: "b", result: Array("70".utf8)))
    #expect(try await test.engine.job(id)?.result == Array("71".utf8))
    #expect(ledger.all == ["a", "b", "c", "c"])
  }

  @Test func `takes another payload`() async throws {
    let (test, _, id) = try await forked(Fork(payload: Array("5".utf8)))
    #expect(try await test.engine.job(id)?.result == Array("51".utf8))
  }

  @Test func `of what is not there is refused, with what there is`() async throws {
    let error = await #expect(throws: ForkError.self) { try await forked(Fork(step: "d")) }
    #expect(error.map { "\($0)" } == "The job has no recorded step \"d\". It has: a, b, c.")
    await #expect(throws: ForkError.self) { try await forked(Fork(result: [0x31])) }
  }
}
