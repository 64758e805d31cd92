@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A fork of a workflow's job` {
  private func engine() async throws -> TestEngine {
    let test = try await TestEngine.fresh()
    try await test.engine.register("number", payload: Int.self) { payload, _ in payload }
    try await test.engine.register("told", payload: Int.self) { _, context in
      var told: [String: Int] = [:]
      for dependency in try await context.dependencies.all {
        told[dependency.ref ?? "?"] = dependency.state == .completed ? try await dependency.result(as: Int.self) : -1
      }
      return told
    }
    return test
  }

  private func draft(_ kind: JobKind, _ payload: String, ref: String, after: [String] = []) -> JobDraft {
    var options = JobOptions()
    options.dependsOn = after.map(Dependency.ref)
    var draft = JobDraft(kind: kind, payload: Array(payload.utf8), options: options)
    draft.ref = ref
    return draft
  }

  @Test func `finds the results of the jobs that the old one waited for`() async throws {
    let test = try await engine()
    let workflow = Workflow(
      "sum",
      jobs: [
        draft("number", "4", ref: "a"), draft("number", "5", ref: "b"),
        draft("told", "0", ref: "end", after: ["a", "b"]),
      ], callback: nil)
    let run = try await test.engine.enqueue(workflow)
    try await test.runUntilIdle()
    let origin = try #require(run.jobs["end"])
    let fork = try await test.engine.fork(origin, Fork(), by: Actor(id: "ada", role: .operator))
    let again = try await test.engine.fork(fork, Fork(), by: Actor(id: "ada", role: .operator))
    #expect(try await test.runUntilIdle() == 2)
    for id in [origin, fork, again] {
      let result = try #require(try await test.engine.job(id)?.result)
      #expect(try JSONValue(parsing: result) == ["a": 4, "b": 5], "\(id)")
    }
    let ties = try #require(try await test.engine.job(fork)?.ties)
    #expect(ties.dependencies.map(\.ref) == ["a", "b"] && ties.dependencies.allSatisfy { !$0.isOpen })
  }

  @Test func `waits for none of them, and the workflow does not count it`() async throws {
    let test = try await engine()
    var late = draft("number", "4", ref: "late")
    late.options.runAt = .in(.seconds(60))
    let workflow = Workflow(
      "late", jobs: [late, draft("told", "0", ref: "middle", after: ["late"]), draft("number", "1", ref: "other")],
      callback: nil)
    let run = try await test.engine.enqueue(workflow)
    let middle = try #require(run.jobs["middle"])
    let fork = try await test.engine.fork(middle, Fork(), by: .system)
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: fork) == .completed)
    #expect(try await test.engine.state(of: middle) == .blocked)
    test.clock.advance(by: .seconds(60))
    try await test.runUntilIdle()
    let graph = try #require(try await test.engine.workflow(run.id))
    #expect(graph.summary.counts == [.completed: 3] && graph.edges.map(\.job) == [middle])
  }
}
