import Nightshift
@testable import NightshiftPostgres
import TestSupport
import Testing

private struct Mail: Job {
  static let kind: JobKind = "mail"
  static let options = KindOptions(queue: "post", maxAttempts: 7, timeout: .seconds(60))
  var order: Int

  func run(_ context: JobContext) async throws -> Int { order }
}

@Suite(.enabled(if: TestPostgres.url != nil, "NIGHTSHIFT_TEST_POSTGRES names no server"), .timeLimit(.minutes(5)))
struct `nightshift_enqueue` {
  private let database: TestedDatabase
  private var engine: Engine { database.engine }

  init() async throws {
    database = try await TestedDatabase()
    try await database.engine.register(Mail.self)
  }

  private func enqueue(_ arguments: String) throws -> JobID {
    try #require(try database.run("SELECT nightshift_enqueue(\(arguments))")[0].job(0))
  }

  @Test func `adds a job with the transaction that calls it, or not at all, and wakes a worker`() async throws {
    let run = Task { try await engine.run() }
    var events = engine.events.subscribe(EventFilter(kinds: ["mail"], states: [.completed])).makeAsyncIterator()
    _ = try database.run("BEGIN", "SELECT nightshift_enqueue('mail', '{\"order\": 6}')", "ROLLBACK")
    _ = try database.run("BEGIN", "SELECT nightshift_enqueue('mail', '{\"order\": 7}')", "COMMIT")
    guard case .event(_, let event)? = try await events.next() else {
      Issue.record("no event")
      return
    }
    #expect(try await engine.job(event.job)?.result == Array("7".utf8))
    #expect(try await engine.jobs(JobFilter()).jobs.count == 1)
    await engine.stop()
    try await run.value
    await database.end()
  }

  @Test func `takes from the kind what is not said`() async throws {
    let id = try enqueue("'mail', '{\"order\": 7}'")
    let job = try #require(try await engine.job(id)).summary
    #expect(job.queue == "post" && job.maxAttempts == 7 && job.timeout == .seconds(60))
    #expect(job.state == .ready && job.priority == .normal && job.tags.isEmpty)
    #expect(try await engine.runDueJobs() == 1)
    #expect(try await engine.job(id)?.summary.state == .completed)
    await database.end()
  }

  @Test func `takes a key for limits`() async throws {
    try await engine.set(Limit("one", by: .key, concurrency: 1))
    let ids = try (0..<3).map { try enqueue("'mail', '{\"order\": 1}', limit_key => '\($0 / 2)'") }
    #expect(try await engine.job(ids[0])?.limits.limitKey == "0")
    let request = ClaimRequest(
      worker: engine.workerID, now: engine.clock.now, lanes: [.init("post", limit: 10)], limit: 10)
    _ = try await engine.store.promote(now: engine.clock.now + .seconds(1), limit: 10, freed: [])
    #expect(try await engine.store.claim(request).map(\.id) == [ids[0], ids[2]])
    await database.end()
  }

  @Test func `takes what is said`() async throws {
    let id = try enqueue(
      """
      'mail', '{"order": 7}', queue => 'late', priority => 'high', run_at => now() + interval '1 hour',
      max_attempts => 2, tags => '{b,a,b}'
      """)
    let job = try #require(try await engine.job(id)).summary
    #expect(job.queue == "late" && job.maxAttempts == 2 && job.state == .scheduled && job.priority == .high)
    var filter = JobFilter()
    filter.tags = ["a"]
    #expect(try await engine.jobs(filter).jobs.map(\.id) == [id])
    #expect(try await engine.queues().first { $0.name == "late" }?.counts == [.scheduled: 1])
    await database.end()
  }

  @Test(arguments: [
    "'nail', '{}'", "'mail', '{}', priority => 'urgent'", "'mail', '{}', queue => 'No Queue'",
    "'mail', '{}', max_attempts => 0", "'mail', '{}', max_attempts => 1001", "'mail', '{}', unique_key => ''",
    "'mail', '{}', unique_key => repeat('k', 201)", "'mail', '{}', limit_key => ''",
    "'mail', '{}', tags => '{a,NULL}'",
    "'mail', '{}', tags => '{{a,b},{c,d}}'", "'mail', '{}', run_at => 'infinity'",
    "'mail', to_jsonb(repeat('x', 1100000))",
  ])
  func `refuses what cannot be, and adds nothing`(_ arguments: String) async throws {
    #expect(throws: StoreError.self) { try enqueue(arguments) }
    #expect(try await engine.jobs(JobFilter()).jobs.isEmpty)
    await database.end()
  }

  @Test func `shares its unique keys with the engine`() async throws {
    let first = try enqueue("'mail', '{\"order\": 7}', unique_key => 'k'")
    #expect(try enqueue("'mail', '{\"order\": 8}', unique_key => 'k'") == first)
    var options = JobOptions()
    options.unique = .by("k")
    #expect(try await engine.enqueue(Mail(order: 9), options) == first)
    #expect(try await engine.runDueJobs() == 1)
    #expect(try enqueue("'mail', '{\"order\": 8}', unique_key => 'k'") != first)
    await database.end()
  }

  @Test func `needs no rights on the tables, and no search path`() async throws {
    let role = "app_\(UInt32.random(in: 0...UInt32.max))"
    let server = try #require(TestPostgres.url)
    // Only a role that may make roles can try it.
    let mayTry = try PostgresServer.run(
      ["SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"], at: server)
    if mayTry[0].integer(0) == 1 {
      _ = try database.run("CREATE ROLE \(role)", "GRANT EXECUTE ON FUNCTION nightshift_enqueue TO \(role)")
      let rows = try database.run(
        "SET ROLE \(role)", "SET search_path = pg_catalog", "SELECT public.nightshift_enqueue('mail', '{\"order\": 1}')"
      )
      #expect(rows[0].integer(0) ?? 0 > 0)
      #expect(throws: StoreError.self) { try database.run("SET ROLE \(role)", "SELECT * FROM nightshift_jobs") }
      _ = try database.run("REVOKE ALL ON FUNCTION nightshift_enqueue FROM \(role)", "DROP ROLE \(role)")
    } else {
      let rows = try database.run("SET search_path = pg_catalog", "SELECT public.nightshift_enqueue('mail')")
      #expect(rows[0].integer(0) ?? 0 > 0)
    }
    #expect(try database.run("SELECT actor LIKE 'sql:%' FROM nightshift_audit").last?.integer(0) == 1)
    await database.end()
  }

  @Test func `may be called by the same as before when it takes another argument`() async throws {
    _ = try database.run("GRANT EXECUTE ON FUNCTION nightshift_enqueue TO PUBLIC")
    for statement in PostgresEnqueueFunction.limitKeyStatements {
      _ = try database.run(PostgresSchema.dialect(statement))
    }
    let rows = try database.run(
      "SELECT count(*) FROM pg_proc p, aclexplode(p.proacl) a WHERE p.proname = 'nightshift_enqueue' AND a.grantee = 0")
    #expect(rows[0].integer(0) == 1)
    #expect(try database.run("SELECT to_regclass('nightshift_former_callers') IS NULL")[0].integer(0) == 1)
    await database.end()
  }

  @Test func `makes ids that are distinct, and such as a process makes`() async throws {
    let rows = try database.run(
      "SELECT count(DISTINCT id), min(id), max(id) FROM (SELECT nightshift_make_id() AS id FROM generate_series(1, 20000)) AS made"
    )
    #expect(rows[0].integer(0) == 20_000)
    let now = engine.clock.now
    for column in 1...2 {
      let id = try #require(rows[0].integer(column))
      #expect(abs((Identifier.timestamp(of: id) - now).seconds) < 60)
      #expect(id >> 12 & 1023 == Identifier.sqlNode)
    }
    await database.end()
  }

  @Test func `has a counterpart in statements for any library`() async throws {
    try database.run(try await engine.statements(for: Mail(order: 1)), end: "ROLLBACK")
    #expect(try await engine.runDueJobs() == 0)
    var options = JobOptions()
    options.tags = ["t"]
    try database.run(try await engine.statements(for: Mail(order: 2), options), end: "COMMIT")
    #expect(try await engine.runDueJobs() == 1)
    #expect(try await engine.queues().first { $0.name == "post" }?.counts[.completed] == 1)
    await database.end()
  }
}
