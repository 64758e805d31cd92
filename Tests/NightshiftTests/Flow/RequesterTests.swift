import Foundation
@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `Whoever asked for a job`: AsksPeople {
  let ledger = Ledger()

  private let olga = Actor(id: "token:olga", role: .operator)

  private func guarded() async throws -> TestEngine { try await asking { $0.reviewers.excludesRequester = true } }

  private func expectRefusal(
    of actor: Actor, _ checkpoint: Checkpoint, _ test: TestEngine, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    for answer in [Verdict.Answer.approve, .reject] {
      let error = await #expect(throws: CheckpointError.self, sourceLocation: sourceLocation) {
        try await test.engine.decide(checkpoint.id, Verdict(answer), by: actor)
      }
      guard case .notAllowed(let reason)? = error else {
        Issue.record("\(String(describing: error))", sourceLocation: sourceLocation)
        continue
      }
      #expect(reason.contains("has asked for this job"), sourceLocation: sourceLocation)
    }
  }

  @Test func `does not decide about it by enqueueing it in another's name`() async throws {
    let test = try await guarded()
    var options = JobOptions()
    options.owner = "ada"
    let (_, checkpoint) = try await ask(test, options, by: olga)
    try await expectRefusal(of: olga, checkpoint, test)
    try await expectRefusal(of: ada, checkpoint, test)
    #expect(try await test.engine.decide(checkpoint.id, Verdict(.approve), by: ben).state == .approved)
  }

  @Test func `is known by the name of a token too`() async throws {
    let test = try await guarded()
    var options = JobOptions()
    options.owner = "olga"
    let (_, checkpoint) = try await ask(test, options)
    try await expectRefusal(of: olga, checkpoint, test)
  }

  @Test func `is who enqueued a whole workflow`() async throws {
    let test = try await guarded()
    var workflow = Workflow("two")
    var options = JobOptions()
    options.owner = "ada"
    try workflow.add(Asked(), options)
    _ = try await test.engine.submit(workflow, actor: olga)
    try await test.runUntilIdle()
    try await expectRefusal(of: olga, try #require(try await pending(test).first), test)
  }

  @Test func `is who forked it, and who asked for the one it was forked from`() async throws {
    let test = try await guarded()
    var options = JobOptions()
    options.owner = "ada"
    let (origin, first) = try await ask(test, options, by: olga)
    let oscar = Actor(id: "oscar", role: .operator)
    _ = try await test.engine.fork(origin, Fork(), by: oscar)
    try await test.runUntilIdle()
    let forked = try #require(try await pending(test).first { $0.id != first.id })
    for actor in [ada, olga, oscar] { try await expectRefusal(of: actor, forked, test) }
  }

  @Test func `is who gave it another payload`() async throws {
    let test = try await guarded()
    var options = JobOptions()
    options.owner = "ada"
    let (id, _) = try await ask(test, options)
    _ = try await test.engine.cancel([id], reason: "again", by: .system)
    _ = try await test.engine.retry([id], payload: Array("8".utf8), by: olga)
    try await test.runUntilIdle()
    try await expectRefusal(of: olga, try #require(try await pending(test).first), test)
  }

  @Test func `is not who only ran it again`() async throws {
    let test = try await guarded()
    var options = JobOptions()
    options.owner = "ada"
    let (id, _) = try await ask(test, options)
    _ = try await test.engine.cancel([id], reason: "again", by: .system)
    _ = try await test.engine.retry([id], by: olga)
    try await test.runUntilIdle()
    let checkpoint = try #require(try await pending(test).first)
    #expect(try await test.engine.decide(checkpoint.id, Verdict(.approve), by: olga).state == .approved)
  }

  @Test func `is who replaced the payload of one that had not begun`() async throws {
    let test = try await guarded()
    var options = JobOptions()
    options.owner = "ada"
    options.unique = .by("one", onConflict: .replace)
    let draft = JobDraft(kind: "k", payload: Array("7".utf8), options: options)
    _ = try await test.engine.submit([draft], actor: .system)
    _ = try await test.engine.submit([draft], actor: olga)
    try await test.runUntilIdle()
    try await expectRefusal(of: olga, try #require(try await pending(test).first), test)
  }

  @Test func `is who asked for the job that brought it about`() async throws {
    let test = try await guarded()
    try await test.engine.register("parent", payload: Int.self) { _, context in
      try await context.child("one", Asked())
    }
    var options = JobOptions()
    options.owner = "ada"
    let draft = JobDraft(kind: "parent", payload: Array("7".utf8), options: options)
    _ = try await test.engine.submit([draft], actor: olga)
    try await test.runUntilIdle()
    for actor in [ada, olga] { try await expectRefusal(of: actor, try #require(try await pending(test).first), test) }
  }

  @Test func `is who ran its schedule by hand`() async throws {
    let test = try await guarded()
    let schedule: JSONValue = ["expression": "@yearly", "kind": "k", "payload": 7, "owner": "ada"]
    _ = try await test.engine.addSchedule("s", schedule, by: .system)
    _ = try await test.engine.runSchedule("s", by: olga)
    try await test.runUntilIdle()
    try await expectRefusal(of: olga, try #require(try await pending(test).first), test)
  }

  @Test func `is who has changed its schedule, until that is reset`() async throws {
    let test = try await guarded()
    try await test.engine.declareSchedules(["s": ["expression": "@daily", "kind": "k", "payload": 7, "owner": "ada"]])
    let oscar = Actor(id: "oscar", role: .operator)
    _ = try await test.engine.editSchedule("s", ["payload": 8], by: olga)
    _ = try await test.engine.setSchedule("s", enabled: true, by: oscar)
    test.clock.advance(by: .seconds(86_400))
    try await test.runUntilIdle()
    let first = try #require(try await pending(test).first)
    for actor in [ada, olga] { try await expectRefusal(of: actor, first, test) }
    #expect(try await test.engine.decide(first.id, Verdict(.approve), by: oscar).state == .approved)
    _ = try await test.engine.resetSchedule("s", by: olga)
    test.clock.advance(by: .seconds(86_400))
    try await test.runUntilIdle()
    let second = try #require(try await pending(test).first)
    #expect(try await test.engine.decide(second.id, Verdict(.approve), by: olga).state == .approved)
  }

  @Test func `is not spared by an answer that they have given beforehand`() async throws {
    let test = try await asking { $0.reviewers.excludesRequester = true }
    let (_, checkpoint) = try await ask(test, by: ben)
    let remember = Verdict(.approve, remember: .init(scope: .kind, until: nil))
    _ = try await test.engine.decide(checkpoint.id, remember, by: olga)
    var options = JobOptions()
    options.owner = "ada"
    let draft = JobDraft(kind: "k", payload: Array("7".utf8), options: options)
    let id = try #require(try await test.engine.submit([draft], actor: olga).first).id
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .waiting)
  }

  @Test(arguments: [Role.member, .approver])
  func `enqueues in nobody else's name unless they are an operator`(_ role: Role) async throws {
    let test = try await asking()
    let actor = Actor(id: "token:mia", role: role)
    var options = JobOptions()
    options.owner = "ada"
    let draft = JobDraft(kind: "k", payload: Array("7".utf8), options: options)
    let error = await #expect(throws: SubmissionError.self) { try await test.engine.submit([draft], actor: actor) }
    #expect(error?.faults.map(\.pointer) == ["#/owner"])
    var workflow = Workflow("two")
    try workflow.add(Asked(), options)
    await #expect(throws: SubmissionError.self) { try await test.engine.submit(workflow, actor: actor) }
    #expect(try await test.engine.column("SELECT count(*) FROM nightshift_jobs") == ["0"])
    for own in ["token:mia", "mia"] {
      options.owner = own
      let draft = JobDraft(kind: "k", payload: Array("7".utf8), options: options)
      #expect(try await test.engine.submit([draft], actor: actor).count == 1)
    }
  }

  private struct Asked: Job {
    static let kind: JobKind = "k"
    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(7)
    }
    init() {}
    init(from decoder: any Decoder) throws { self.init() }
    func run(_ context: JobContext) async throws {}
  }
}
