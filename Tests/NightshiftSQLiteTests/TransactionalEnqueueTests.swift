import Logging
import Nightshift
import NightshiftSQLite
import Testing

private struct Mail: Job {
  static let kind: JobKind = "mail"
  static let options = KindOptions(queue: "post", timeout: .seconds(60))
  var order: Int

  func run(_ context: JobContext) async throws -> Int { order }
}

@Suite(.timeLimit(.minutes(5))) struct `A job enqueued over a foreign connection` {
  private let file: DatabaseFile
  private let engine: Engine

  init() async throws {
    file = try DatabaseFile()
    let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    engine = try await Engine(.sqlite(path: file.path), logger: quiet)
    try await engine.register(Mail.self)
  }

  private func enqueue(_ job: Mail, _ options: JobOptions = JobOptions(), end: String) async throws {
    let statements = try await engine.statements(for: job, options)
    let connection = try ForeignConnection(file.path)
    try connection.run("BEGIN IMMEDIATE")
    try connection.run("CREATE TABLE IF NOT EXISTS orders(id INTEGER)")
    for statement in statements { try connection.run(statement.sql, statement.values) }
    try connection.run(end)
  }

  @Test func `comes into being with the transaction, and a worker finds it by itself`() async throws {
    let run = Task { try await engine.run() }
    var events = engine.events.subscribe(EventFilter(kinds: ["mail"], states: [.completed]))
      .makeAsyncIterator()
    try await enqueue(Mail(order: 7), end: "COMMIT")
    guard case .event(_, let event)? = try await events.next() else {
      Issue.record("no event")
      return
    }
    #expect(try await engine.job(event.job)?.result == Array("7".utf8))
    await engine.stop()
    try await run.value
    await engine.close()
  }

  @Test func `does not come into being without it`() async throws {
    try await enqueue(Mail(order: 7), end: "ROLLBACK")
    #expect(try await engine.jobs(JobFilter()).jobs.isEmpty)
    #expect(try await engine.runDueJobs() == 0)
    await engine.close()
  }

  @Test func `leaves the rows that the engine itself would have written`() async throws {
    var options = JobOptions()
    options.tags = ["a", "b"]
    options.priority = .high
    options.organization = "acme"
    try await enqueue(Mail(order: 7), options, end: "COMMIT")
    let theirs = try rows()
    let other = try await `A job enqueued over a foreign connection`()
    _ = try await other.engine.enqueue(Mail(order: 7), options)
    #expect(theirs == (try other.rows()))
    await engine.close()
    await other.engine.close()
  }

  /// All that an enqueue writes, but for ids and times.
  private func rows() throws -> [[String]] {
    let connection = try ForeignConnection(file.path)
    return try [
      "SELECT queue, kind, state, priority, attempt, max_attempts, version, hold FROM nightshift_jobs",
      "SELECT payload, timeout, organization, owner, traceparent, tags FROM nightshift_payloads",
      "SELECT tag FROM nightshift_tags ORDER BY tag", "SELECT name FROM nightshift_queues ORDER BY name",
      "SELECT queue, state, n FROM nightshift_counters",
      "SELECT queue, kind, enqueued FROM nightshift_rollups",
    ].flatMap { try connection.run($0) }
  }

  @Test func `cannot have a unique key`() async throws {
    var options = JobOptions()
    options.unique = .byPayload()
    let error = await #expect(throws: StoreError.self) {
      _ = try await engine.statements(for: Mail(order: 7), options)
    }
    #expect(error?.code == .invalid)
    await engine.close()
  }
}
