import NightshiftTesting
import Testing

@testable import Nightshift

@Suite(.timeLimit(.minutes(5))) struct `The audit log` {
  private func make(_ count: Int, keep: Duration? = nil) async throws -> TestEngine {
    var configuration = EngineConfiguration()
    configuration.keepAudit = keep
    let test = try await TestEngine.fresh(configuration: configuration)
    try await add(count, to: test.engine)
    return test
  }

  private func add(_ count: Int, to engine: Engine, by id: String = "anna") async throws {
    let now = engine.clock.now
    try await engine.store.write { transaction in
      for number in 0..<count {
        let actor = Actor(id: id, role: .operator, address: number % 2 == 0 ? "192.0.2.1" : nil)
        try transaction.audit("test", "thing \(number)", by: actor, at: now, detail: ["n": .integer(Int64(number))])
      }
    }
  }

  private func tamper(_ engine: Engine, _ sql: String) async throws {
    _ = try await engine.store.write { try $0.execute(sql) }
  }

  @Test func `is sealed in the background, and once however many seal it`() async throws {
    let test = try await make(1_203)
    let engine = test.engine
    async let one = engine.sealAudit()
    async let other = engine.sealAudit()
    #expect(try await one + other == 1_203)
    #expect(try await engine.sealAudit() == 0)
    #expect(try await engine.column("SELECT count(*) || ' ' || max(seq) FROM nightshift_audit") == ["1203 1203"])
    let found = try await engine.verifyAudit()
    #expect(found.problemCount == 0 && found.entries == 1_203 && found.next == nil)
    #expect(found.head.sequence == 1_203 && found.head.hash.count == 32)
    #expect(await engine.findings().contains { $0.name == "audit log" && $0.found.contains("1203 entries") })
  }

  @Test(arguments: [
    ("UPDATE nightshift_audit SET actor = 'ben' WHERE seq = 7", 7, "entry 7 is not as it was written"),
    ("UPDATE nightshift_audit SET detail = NULL WHERE seq = 20", 20, "entry 20 is not"),
    ("UPDATE nightshift_audit SET at = at + 1 WHERE seq = 1", 1, "entry 1 is not"),
    ("UPDATE nightshift_audit SET subject = subject || actor, actor = '' WHERE seq = 9", 9, "entry 9 is not"),
    ("DELETE FROM nightshift_audit WHERE seq = 5", 5, "entry 5 is missing"),
    ("DELETE FROM nightshift_audit WHERE seq BETWEEN 3 AND 6", 3, "entries 3 to 6 are missing"),
    ("DELETE FROM nightshift_audit WHERE seq <= 2", 1, "entries 1 to 2 are missing"),
    ("DELETE FROM nightshift_audit WHERE seq > 18", 19, "entries 19 to 20 are missing"),
    ("UPDATE nightshift_audit SET seq = 1004 WHERE seq = 4", 1004, "the mark of the log's end was set back"),
    ("UPDATE nightshift_audit SET seq = NULL, hash = NULL WHERE seq = 10", 10, "entry 10 is missing"),
    ("DELETE FROM nightshift_settings WHERE name = 'audit_head'", 20, "the mark of the log's end was set back"),
  ])
  func `tells what was done to it`(_ sql: String, _ place: Int, _ found: String) async throws {
    let test = try await make(20)
    try await test.engine.sealAudit()
    try await tamper(test.engine, sql)
    let problem = try #require(try await test.engine.verifyAudit().problems.first)
    #expect(problem.sequence == Int64(place) && problem.found.hasPrefix(found), "\(problem)")
  }

  @Test func `tells two entries that have changed places`() async throws {
    let test = try await make(5)
    try await test.engine.sealAudit()
    for (from, to) in [(2, 102), (4, 2), (102, 4)] {
      try await tamper(test.engine, "UPDATE nightshift_audit SET seq = \(to) WHERE seq = \(from)")
    }
    #expect(try await test.engine.verifyAudit().problemCount > 0)
  }

  @Test func `tells by a hash from outside that all of it was made anew`() async throws {
    let test = try await make(10)
    let engine = test.engine
    let head = try await engine.verifyAudit().head
    try await add(5, to: engine)
    #expect(try await engine.verifyAudit(expecting: head.hash).expectedAt == 10)
    // Whoever may write to the database can remove a line and compute the whole chain again.
    try await tamper(engine, "DELETE FROM nightshift_audit WHERE seq = 3")
    try await tamper(engine, "UPDATE nightshift_audit SET seq = NULL, hash = NULL")
    try await tamper(engine, "DELETE FROM nightshift_settings WHERE name = 'audit_head'")
    let found = try await engine.verifyAudit(expecting: head.hash)
    #expect(found.problemCount == 0 && found.expectedAt == nil)
  }

  @Test func `is verified in pieces`() async throws {
    let test = try await make(6)
    let first = try await test.engine.verifyAudit()
    let rest = try await test.engine.verifyAudit(after: 4)
    #expect(first.entries == 6 && rest.entries == 2 && rest.problemCount == 0)
    try await tamper(test.engine, "UPDATE nightshift_audit SET verb = 'x' WHERE seq = 5")
    #expect(try await test.engine.verifyAudit(after: 4).problems.map(\.sequence) == [5])
  }

  @Test func `is kept for ever, or as long as is said, and its chain begins later then`() async throws {
    let forever = try await make(3)
    forever.clock.advance(by: .seconds(4_000 * 86_400))
    _ = try await Pruner(engine: forever.engine).prune()
    #expect(try await forever.engine.verifyAudit().entries == 3)

    let test = try await make(4, keep: .seconds(30 * 86_400))
    let engine = test.engine
    try await engine.sealAudit()
    test.clock.advance(by: .seconds(20 * 86_400))
    try await add(3, to: engine, by: "ben")
    try await engine.sealAudit()
    test.clock.advance(by: .seconds(12 * 86_400))
    _ = try await Pruner(engine: engine).prune()
    let found = try await engine.verifyAudit()
    #expect(found.problemCount == 0 && found.anchor.sequence == 4 && found.entries == 4)
    #expect(
      try await engine.column("SELECT actor || ' ' || verb FROM nightshift_audit ORDER BY seq DESC").first
        == "system prune")
    // Nobody hides a gap by having it pruned.
    try await tamper(engine, "DELETE FROM nightshift_audit WHERE seq = 5")
    test.clock.advance(by: .seconds(40 * 86_400))
    _ = try await Pruner(engine: engine).prune()
    #expect(try await engine.verifyAudit().problems.first?.found == "entry 5 is missing")
  }

  @Test func `is searched by who, what, on what, from where and when, in pages`() async throws {
    let test = try await make(10)
    let engine = test.engine
    let middle = engine.clock.now + .seconds(60)
    test.clock.advance(by: .seconds(3600))
    try await add(10, to: engine, by: "ben")
    func count(_ change: (inout AuditFilter) -> Void) async throws -> Int {
      var filter = AuditFilter()
      change(&filter)
      let page: AuditPage = try await engine.audit(filter, before: nil, limit: 50)
      return page.entries.count
    }
    #expect(try await count { $0.actor = "ben" } == 10)
    #expect(try await count { $0.actor = "be%" } == 0)
    #expect(try await count { $0.subject = "thing 1" } == 2)
    #expect(try await count { $0.subject = "thing" } == 20)
    #expect(try await count { $0.address = "192.0.2.1" } == 10)
    #expect(try await count { $0.to = middle } == 10)
    #expect(try await count { ($0.from, $0.actor) = (middle, "anna") } == 0)
    #expect(try await count { $0.verb = "other" } == 0)
    var seen: [Int64] = []
    var cursor: Int64?
    repeat {
      let page = try await engine.audit(AuditFilter(), before: cursor, limit: 7)
      seen += page.entries.map(\.id)
      cursor = page.next
    } while cursor != nil
    #expect(seen.count == 20 && seen == seen.sorted(by: >))
  }

  @Test func `is exported in the order of its chain, with all of it`() async throws {
    let test = try await make(12)
    var filter = AuditFilter()
    filter.address = "192.0.2.1"
    for (filter, expected) in [(AuditFilter(), 12), (filter, 6)] {
      var export = try await AuditExport(test.engine, filter)
      var entries: [AuditEntry] = []
      while let page = try await export.next() { entries += page }
      #expect(entries.count == expected)
      #expect(entries.compactMap { $0.link?.sequence } == entries.compactMap { $0.link?.sequence }.sorted())
    }
  }
}
