import NightshiftTesting
import Testing

@testable import Nightshift

@Suite(.timeLimit(.minutes(5))) struct `A key that the job of somebody else holds` {
  private let mia = Actor(id: "mia", role: .member)
  private let max = Actor(id: "max", role: .member)
  private let olga = Actor(id: "olga", role: .operator)

  private func draft(
    _ payload: String, ref: String? = nil, _ change: (inout JobOptions) -> Void = { _ in }
  ) -> JobDraft {
    var draft = JobDraft(kind: "k", payload: Array(payload.utf8))
    draft.ref = ref
    change(&draft.options)
    return draft
  }

  private func withHolder(
    _ change: (inout JobOptions) -> Void, _ body: (TestEngine, JobID) async throws -> Void
  ) async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { number, _ in number }
    let holder = try await test.engine.submit([draft("1", change)], actor: mia)[0].id
    try await body(test, holder)
  }

  /// Nothing was enqueued, and the job is as it was.
  private func expectRefusal(
    _ test: TestEngine, _ holder: JobID, naming key: String = "W9", sourceLocation: SourceLocation = #_sourceLocation,
    _ work: () async throws -> Void
  ) async throws {
    let before = try await test.engine.job(holder)
    let error = await #expect(throws: KeyBeyondReach.self, sourceLocation: sourceLocation) { try await work() }
    #expect(error?.description.contains("\"\(key)\"") == true, sourceLocation: sourceLocation)
    #expect(error?.description.contains("\(holder)") == false, sourceLocation: sourceLocation)
    let after = try await test.engine.job(holder)
    #expect(after?.payload == before?.payload, sourceLocation: sourceLocation)
    #expect(after?.summary.version == before?.summary.version, sourceLocation: sourceLocation)
    #expect(after?.summary.runAt == before?.summary.runAt, sourceLocation: sourceLocation)
    #expect(
      try await test.engine.column("SELECT count(*) FROM nightshift_jobs") == ["1"], sourceLocation: sourceLocation)
    #expect(
      try await test.engine.column("SELECT count(*) FROM nightshift_workflows") == ["0"],
      sourceLocation: sourceLocation)
  }

  @Test func `keeps others from doing the same twice, and tells no more than its id`() async throws {
    try await withHolder({ $0.unique = .by("W9") }) { test, holder in
      let again = draft("2") { $0.unique = .by("W9") }
      let foreign = try await test.engine.submit([again], idempotencyKey: "i", actor: max)
      #expect(foreign == [Submission(id: holder, state: nil, isDuplicate: true, conflict: .kept)])
      let replayed = try await test.engine.submit([again], idempotencyKey: "i", actor: max)
      #expect(replayed[0].id == holder && replayed[0].isHidden)
      for actor in [mia, olga] {
        let known = try await test.engine.submit([again], actor: actor)
        #expect(known == [Submission(id: holder, state: .ready, isDuplicate: true, conflict: .kept)])
      }
      try await test.runUntilIdle()
      #expect(try await test.engine.submit([again], actor: max)[0].isDuplicate == false)
    }
  }

  @Test(arguments: [Unique.Conflict.replace, .extend])
  func `lets nobody else change the job`(_ conflict: Unique.Conflict) async throws {
    try await withHolder({ $0.unique = .by("W9") }) { test, holder in
      let change = draft("2") {
        $0.unique = .by("W9", onConflict: conflict)
        $0.runAt = .in(.seconds(60))
      }
      try await expectRefusal(test, holder) { _ = try await test.engine.submit([change], actor: max) }
      // All or none.
      try await expectRefusal(test, holder) { _ = try await test.engine.submit([draft("3"), change], actor: max) }
      // An approver looks at all jobs, and changes none but its own.
      let amy = Actor(id: "amy", role: .approver)
      try await expectRefusal(test, holder) { _ = try await test.engine.submit([change], actor: amy) }
      let plain = draft("2") { $0.unique = .by("W9") }
      #expect(try await test.engine.submit([plain], actor: amy)[0].state == .ready)
      #expect(try await test.engine.submit([change], actor: olga)[0].id == holder)
    }
  }

  @Test func `lets nobody else put the job off, or be taken over by it`() async throws {
    try await withHolder({ $0.debounce = .by("W9", quiet: .seconds(30)) }) { test, holder in
      test.clock.advance(by: .seconds(10))
      let later = draft("2") { $0.debounce = .by("W9", quiet: .seconds(30)) }
      try await expectRefusal(test, holder) { _ = try await test.engine.submit([later], actor: max) }
      #expect(try await test.engine.submit([later], actor: mia)[0].conflict == .replaced)
    }
  }

  @Test func `counts in a throttle's window without showing the job`() async throws {
    try await withHolder({ $0.throttle = .by("W9", per: .seconds(60)) }) { test, holder in
      let more = draft("2") { $0.throttle = .by("W9", per: .seconds(60)) }
      let foreign = try await test.engine.submit([more], actor: max)
      #expect(foreign == [Submission(id: holder, state: nil, isDuplicate: true, conflict: .kept)])
    }
  }

  @Test func `hands the job's result to nobody else`() async throws {
    try await withHolder({ $0.unique = .by("W9") }) { test, holder in
      let first = draft("2", ref: "a") { $0.unique = .by("W9") }
      let second = draft("3", ref: "b") { $0.dependsOn = [.ref("a")] }
      try await expectRefusal(test, holder) { _ = try await test.engine.submit([first, second], actor: max) }
      var workflow = Workflow("spy")
      let node = try workflow.add(Number(), as: "a", first.options)
      try await expectRefusal(test, holder) { _ = try await test.engine.submit(workflow, actor: max) }
      try workflow.add(Number(), as: "b", after: [node])
      try await expectRefusal(test, holder) { _ = try await test.engine.submit(workflow, actor: max) }
      #expect(try await test.engine.submit([first, second], actor: mia)[0].id == holder)
    }
  }

  private struct Number: Job {
    static let kind: JobKind = "k"
    init() {}
    init(from decoder: any Decoder) throws { self.init() }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(7)
    }
    func run(_ context: JobContext) async throws {}
  }
}

@Suite(.timeLimit(.minutes(5))) struct `Enqueueing for an organization` {
  private func faults(_ organization: String, _ actor: Actor, _ test: TestEngine) async throws -> [String] {
    var draft = JobDraft(kind: "k", payload: Array("1".utf8))
    draft.options.organization = organization
    do {
      _ = try await test.engine.submit([draft], actor: actor)
      return []
    } catch let error as SubmissionError {
      return error.faults.map { "\($0.pointer) \($0.message)" }
    }
  }

  @Test func `is for operators, and for organizations that there are`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { number, _ in number }
    let olga = Actor(id: "olga", role: .operator)
    // As long as nobody has made one, the name is a free one.
    #expect(try await faults("anything", olga, test).isEmpty)
    try await test.engine.addOrganization("acme", title: nil, by: .system)
    for role in [Role.member, .approver] {
      let found = try await faults("acme", Actor(id: "mia", role: role), test)
      #expect(found.first?.contains("only an operator or admin enqueues for one") == true)
    }
    #expect(try await faults("acme", olga, test).isEmpty)
    let unknown = try await faults("acne", olga, test)
    #expect(unknown.first?.contains("did you mean \"acme\"?") == true, "\(unknown)")
    #expect(unknown.first?.contains("`nightshift organizations") == true)
    // Where somebody belongs, an identity provider may have said.
    let theirs = Actor(id: "jwt:anna", role: .member, organization: "elsewhere")
    #expect(try await faults("elsewhere", theirs, test).isEmpty)
    #expect(try await faults("acme", theirs, test).first?.contains("that is where") == true)
    var options = JobOptions()
    options.organization = "of the program"
    #expect(try await test.engine.add("k", "1", options).rawValue > 0)
  }
}

@Suite(.timeLimit(.minutes(5))) struct `The names of people and tokens` {
  @Test(arguments: ["system", "anonymous", "nobody", "unknown", "root"])
  func `are not what the audit log calls nobody in particular`(_ name: String) async throws {
    let test = try await TestEngine.fresh()
    let error = await #expect(throws: AccountError.self) {
      try await test.engine.addUser(name, role: .member, password: "correct horse battery", by: .system)
    }
    #expect(error?.reason == .invalid(field: "name") && error?.description.contains("mistaken") == true)
  }

  @Test(arguments: [
    "", " ", "a b", "a\nb", "a\u{1B}[31m", "a\u{202E}b", "token:a", "a/b", String(repeating: "a", count: 101),
  ])
  func `are words that can be seen`(_ name: String) async throws {
    let test = try await TestEngine.fresh()
    let error = await #expect(throws: AccountError.self) {
      try await test.engine.createToken(name: name, role: .member, expiresAt: nil, by: .system)
    }
    #expect(error?.reason == .invalid(field: "name"))
    #expect(error?.description.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202E } == true)
  }

  @Test func `are a token's own, with or without what says that it is one`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { number, _ in number }
    let dora = Actor(id: "token:dora", role: .member)
    var draft = JobDraft(kind: "k", payload: Array("1".utf8))
    draft.options.owner = "dora"
    let id = try await test.engine.submit([draft], actor: dora)[0].id
    #expect(try await test.engine.reaches(dora.reach, id))
    #expect(try await !test.engine.reaches(Actor(id: "dora", role: .member).reach, id))
  }

  @Test func `are not given to another token that would see the jobs of the first`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { number, _ in number }
    func make(_ role: Role) async throws {
      _ = try await test.engine.createToken(name: "ci", role: role, expiresAt: nil, by: .system)
    }
    try await make(.member)
    let draft = JobDraft(kind: "k", payload: Array("1".utf8))
    let id = try await test.engine.submit([draft], actor: Actor(id: "token:ci", role: .member))[0].id
    #expect(try await test.engine.revokeToken("ci", by: .system))
    let error = await #expect(throws: AccountError.self) { try await make(.member) }
    #expect(error?.reason == .conflict && error?.description.contains("token:ci") == true)
    // An operator sees all jobs in any case.
    try await make(.operator)
    #expect(try await test.engine.revokeToken("ci", by: .system))
    try await test.runUntilIdle()
    _ = try await test.engine.discard([id], by: .system)
    try await make(.member)
  }

  @Test func `of an organization are free once nothing belongs to it`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { number, _ in number }
    try await test.engine.addOrganization("acme", title: nil, by: .system)
    _ = try await test.engine.addUser(
      "anna", role: .member, organization: "acme", password: "correct horse battery", by: .system)
    _ = try await test.engine.createToken(
      name: "shop", role: .member, expiresAt: nil, organization: "acme", by: .system)
    var options = JobOptions()
    options.organization = "acme"
    let ids = [try await test.engine.add("k", "1", options), try await test.engine.add("k", "2", options)]
    func refusal() async -> String? {
      await #expect(throws: AccountError.self) {
        try await test.engine.removeOrganization("acme", by: .system)
      }?.description
    }
    #expect(await refusal()?.contains("1 user and 1 token and 2 jobs") == true)
    try await test.engine.removeUser("anna", by: .system)
    #expect(try await test.engine.revokeToken("shop", by: .system))
    #expect(await refusal()?.contains("still has 2 jobs") == true)
    try await test.runUntilIdle()
    _ = try await test.engine.discard(ids, by: .system)
    try await test.engine.removeOrganization("acme", by: .system)
    #expect(try await test.engine.organizations().isEmpty)
  }
}

@Suite(.timeLimit(.minutes(5))) struct `What a job is tied to` {
  @Test func `is named to whoever reaches it, and counted for others`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { number, _ in number }
    let (mia, olga) = (Actor(id: "mia", role: .member), Actor(id: "olga", role: .operator))
    func add(_ actor: Actor, after: JobID...) async throws -> JobID {
      var draft = JobDraft(kind: "k", payload: Array("1".utf8))
      draft.options.dependsOn = after.map(Dependency.job)
      return try await test.engine.submit([draft], actor: actor)[0].id
    }
    let first = try await add(mia)
    let own = try await add(mia, after: first)
    let foreign = try await add(olga, after: first)
    let seen = try #require(try await test.engine.job(first, within: mia.reach)).ties
    #expect(seen.dependants.map(\.id) == [own] && seen.dependantCount == 2)
    let all = try #require(try await test.engine.job(first, within: olga.reach)).ties
    #expect(Set(all.dependants.map(\.id)) == [own, foreign] && all.dependantCount == 2)
    let needed = try #require(try await test.engine.job(foreign, within: Reach(owner: "olga"))).ties
    #expect(needed.dependencies.isEmpty && needed.dependencyCount == 1)
    let kept = try #require(try await test.engine.job(own, within: mia.reach)).ties
    #expect(kept.dependencies.map(\.id) == [first] && kept.dependencyCount == 1)
  }

  @Test func `is no workflow that has jobs of others`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { number, _ in number }
    let olga = Actor(id: "olga", role: .operator)
    var options = JobOptions()
    options.owner = "mia"
    var draft = JobDraft(kind: "k", payload: Array("1".utf8), options: options)
    draft.ref = "a"
    let workflow = Workflow(
      "both", jobs: [draft, JobDraft(kind: "k", payload: Array("2".utf8))], callback: nil)
    let added = try await test.engine.submit(workflow, actor: olga)
    let id = added.jobs[0].submission.id
    #expect(try await test.engine.job(id, within: olga.reach)?.ties.workflow?.id == added.id)
    #expect(try await test.engine.job(id, within: Reach(owner: "mia"))?.ties.workflow == nil)
  }
}
