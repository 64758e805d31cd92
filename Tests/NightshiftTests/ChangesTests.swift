@testable import Nightshift
import NightshiftTesting
import Testing

@Suite struct `Changes by people` {
  private let ada = Actor(id: "ada", role: .operator, address: "10.0.0.1")

  private func make(_ jobs: Int) async throws -> (TestEngine, [JobID]) {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { number, _ in
      if number == 0 { throw PermanentFailure("no") }
    }
    let drafts = (0..<jobs).map { JobDraft(kind: "k", payload: Array("\($0 % 2)".utf8)) }
    return (test, try await test.engine.submit(drafts, actor: .system).map(\.id))
  }

  private func audit(_ test: TestEngine) async throws -> [String] {
    try await test.engine.column(
      """
      SELECT actor || ' ' || role || ' ' || coalesce(address, '-') || ' ' || verb || ' ' || subject || ' '
        || coalesce(detail, '-') FROM nightshift_audit WHERE verb <> 'enqueue' ORDER BY id
      """)
  }

  @Test func `leave a line in the audit log, and none when nothing was changed`() async throws {
    let (test, ids) = try await make(2)
    #expect(try await test.engine.cancel([ids[0]], reason: "why", by: ada) == [.changed(.cancelled)])
    #expect(try await test.engine.cancel([ids[0]], reason: "why", by: ada) == [.refused(.cancelled)])
    #expect(
      try await test.engine.retry(ids, payload: Array("1".utf8), by: ada) == [
        .changed(.ready), .refused(.ready),
      ])
    #expect(
      try await test.engine.discard([ids[1], JobID(rawValue: 1)], by: ada) == [.refused(.ready), .missing])
    let paused = try await test.engine.pause(.queue(.default), by: ada).pause.since.rfc3339
    _ = try await test.engine.command(.stopped, worker: nil, by: ada)
    #expect(
      try await audit(test) == [
        #"ada operator 10.0.0.1 cancel \#(ids[0]) {"reason":"why"}"#,
        #"ada operator 10.0.0.1 retry \#(ids[0]) {"payload":"edited"}"#,
        #"ada operator 10.0.0.1 pause queue default {"after":{"by":"ada","since":"\#(paused)"},"before":null}"#,
        "ada operator 10.0.0.1 stop worker all -",
      ])
  }

  @Test func `to many jobs count first, then act, with one line for all`() async throws {
    let (test, ids) = try await make(1_200)
    try await test.runUntilIdle()
    var filter = JobFilter()
    filter.kinds = ["k"]
    let dry = try await test.engine.changeAll(.retry, matching: filter, dryRun: true, by: ada)
    #expect(dry.count == 600 && dry.sample.count == 10)
    #expect(try await test.engine.column("SELECT count(*) FROM nightshift_jobs WHERE state = 0") == ["0"])
    #expect(try await test.engine.changeAll(.retry, matching: filter, dryRun: false, by: ada).count == 600)
    #expect(try await test.engine.changeAll(.cancel, matching: filter, dryRun: false, by: ada).count == 600)
    filter.states = [.completed]
    #expect(try await test.engine.changeAll(.cancel, matching: filter, dryRun: false, by: ada).count == 0)
    #expect(try await test.engine.changeAll(.discard, matching: filter, dryRun: false, by: ada).count == 600)
    #expect(try await test.engine.column("SELECT count(*) FROM nightshift_jobs") == ["600"])
    #expect(
      try await audit(test).map { $0.split(separator: " ")[3...4].joined(separator: " ") } == [
        "retry 600", "cancel 600", "discard 600",
      ])
    #expect(try await test.engine.state(of: ids[0]) == .cancelled)
  }

  @Test func `purge a queue of what has not begun`() async throws {
    let (test, _) = try await make(10)
    #expect(try await test.engine.purge(.default, dryRun: true, by: ada).count == 10)
    #expect(try await test.engine.purge(.default, dryRun: false, by: ada).count == 10)
    #expect(try await test.engine.purge("none", dryRun: false, by: ada).count == 0)
    #expect(try await test.engine.queues().first?.counts[.cancelled] == 10)
  }

  @Test func `check an edited payload as a new one, and keep the former`() async throws {
    let test = try await TestEngine.fresh()
    var kind = KindRegistration(kind: "k", options: KindOptions(maxAttempts: 1), source: "test") { _, bytes in
      if bytes == Array("1".utf8) { throw PermanentFailure("no") }
      return bytes
    }
    kind.schema = try PayloadSchema(JSONValue(parsing: #"{"type": "integer"}"#.utf8))
    try await test.engine.register(kind)
    let id = try await test.engine.add("k", "1")
    try await test.runUntilIdle()
    let error = await #expect(throws: SubmissionError.self) {
      try await test.engine.retry([id], payload: Array(#""two""#.utf8), by: ada)
    }
    #expect(error?.faults.first?.pointer == "#/payload")
    _ = try await test.engine.retry([id], payload: Array("2".utf8), by: ada)
    try await test.runUntilIdle()
    let job = try await test.engine.job(id)
    #expect(job?.result == Array("2".utf8))
    #expect(job?.formerPayloads.map(\.payload) == [Array("1".utf8)])
  }
}

@Suite struct `Tokens` {
  @Test func `are good until they expire or are revoked, and only their hash is kept`() async throws {
    let test = try await TestEngine.fresh()
    let engine = test.engine
    let expiry = engine.clock.now + .seconds(60)
    let (token, secret) = try await engine.createToken(
      name: "ci", role: .operator, expiresAt: expiry, by: .system)
    #expect(secret.hasPrefix("nst_") && secret.utf8.count > 40)
    #expect(try await engine.authenticate(secret) == Actor(id: "token:ci", role: .operator, expiresAt: expiry))
    #expect(try await engine.authenticate(secret + "x") == nil)
    #expect(try await engine.authenticate("") == nil)
    #expect(try await engine.tokens().first?.lastUsedAt == engine.clock.now)
    let stored = try await engine.column("SELECT sha256 || name FROM nightshift_tokens")
    #expect(!stored[0].contains(secret.dropFirst(4)))
    test.clock.advance(by: .seconds(60))
    #expect(try await engine.authenticate(secret) == nil)

    let (_, second) = try await engine.createToken(name: "b", role: .viewer, expiresAt: nil, by: .system)
    #expect(try await engine.authenticate(second) != nil)
    #expect(try await engine.revokeToken("b", by: .system))
    #expect(try await !engine.revokeToken("b", by: .system))
    #expect(try await engine.authenticate(second) == nil)
    #expect(try await engine.revokeToken(token.id, by: .system))
    let verbs = try await engine.column("SELECT verb FROM nightshift_audit ORDER BY id")
    #expect(verbs == ["create-token", "create-token", "revoke-token", "revoke-token"])
  }

  @Test func `have names of their own`() async throws {
    let test = try await TestEngine.fresh()
    _ = try await test.engine.createToken(name: "a", role: .admin, expiresAt: nil, by: .system)
    let error = await #expect(throws: StoreError.self) {
      _ = try await test.engine.createToken(name: "a", role: .viewer, expiresAt: nil, by: .system)
    }
    #expect(error?.code == .conflict)
    #expect(try await test.engine.tokens().count == 1)
  }

  @Test func `of an administrator are made once`() async throws {
    let test = try await TestEngine.fresh()
    let secret = try #require(try await test.engine.ensureAdminToken())
    #expect(try await test.engine.ensureAdminToken() == nil)
    #expect(try await test.engine.authenticate(secret)?.role == .admin)
  }
}

@Suite struct `Statistics` {
  @Test func `outlive the jobs and add up by hour, day, queue and kind`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { number, context in
      test.clock.advance(by: .seconds(2))
      if number == 1, context.attempt < 3 { throw Snooze.for(.zero) }
      if number == 2 { throw PermanentFailure("no") }
    }
    let start = test.clock.now
    for payload in ["0", "1", "2"] { _ = try await test.engine.add("k", payload) }
    try await test.runUntilIdle()
    test.clock.advance(by: .seconds(3_600))
    _ = try await test.engine.add("k", "0")
    try await test.runUntilIdle()
    _ = try await test.engine.changeAll(.discard, matching: JobFilter(), dryRun: false, by: .system)
    for grouping in StatsRow.Grouping.allCases {
      let rows = try await test.engine.stats(from: start, to: start + .seconds(86_400), by: grouping)
      #expect(rows.count == (grouping == .hour ? 2 : 1))
      #expect(rows.reduce(0) { $0 + $1.enqueued } == 4)
      #expect(rows.reduce(0) { $0 + $1.completed } == 3)
      #expect(rows.reduce(0) { $0 + $1.dead } == 1)
      // Each attempt took two seconds; the snoozes are not counted.
      #expect(rows.allSatisfy { $0.meanRun == .seconds(2) && $0.longestRun == .seconds(2) })
    }
    #expect(try await test.engine.stats(from: start - .seconds(7_200), to: start, by: .hour).isEmpty)
  }
}
