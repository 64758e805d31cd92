import Logging
import Nightshift
import NightshiftPostgres
import TestSupport
import Testing

/// Where many processes share a database, a new version first runs on the schema of the one before, everywhere; then
/// `nightshift db migrate` takes the new steps.
@Suite(.timeLimit(.minutes(5))) struct `A new version on the schema of the first one` {
  private static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  private func engine(_ url: String) async throws -> Engine {
    let engine = try await Engine(.postgres(url: url), logger: Self.quiet)
    try await engine.register("k", payload: Int.self) { number, context in
      if number < 0 { throw PermanentFailure("negative") }
      return number == 7 ? try await context.step("s") { 70 } : number
    }
    return engine
  }

  private func add(_ number: Int, _ engine: Engine) async throws -> JobID {
    let draft = JobDraft(kind: "k", payload: Array("\(number)".utf8))
    return try #require(try await engine.submit([draft], actor: .system).first).id
  }

  @Test func `runs, retries, cancels, shows and deletes jobs, and has what is new after the migration`() async throws {
    let database = try TestPostgres.Database()
    let former = try PostgresStore(url: database.url, migrations: [Migration.core[0]])
    await former.close()
    let engine = try await engine(database.url)
    let newer = try PostgresStore(url: database.url, migrations: Migration.core)
    #expect(newer.pendingMigrations == Array(Migration.core.dropFirst()))
    let (good, bad, idle) = (try await add(1, engine), try await add(-1, engine), try await add(2, engine))
    #expect(try await engine.cancel([idle], reason: "r", by: .system) == [.changed(.cancelled)])
    _ = try await engine.runDueJobs()
    #expect(try await engine.job(good)?.result == Array("1".utf8))
    #expect(try await engine.job(bad)?.summary.state == .dead)
    _ = try await engine.retry([bad], by: .system)
    _ = try await engine.runDueJobs()
    #expect(try await engine.job(bad)?.summary.attempt == 2)
    #expect(try await engine.discard([bad, idle], by: .system) == [.changed(.dead), .changed(.cancelled)])
    try await pauseAndResume(engine)
    // By another process, as an operator does.
    #expect(try await newer.migrate() == Array(Migration.core.dropFirst()))
    await newer.close()
    let step = try await add(7, engine)
    _ = try await engine.runDueJobs()
    #expect(try await engine.job(step)?.result == Array("70".utf8))
    let end = engine.clock.now + .seconds(60)
    #expect(try await engine.pause(.everything, until: end, reason: "r", by: .system).pause.until == end)
    #expect(try await engine.pauseOfEverything()?.reason == "r")
    await engine.close()
    database.drop()
  }

  /// Pauses without an end, as the version before has them; one with an end is refused, and nothing is paused.
  private func pauseAndResume(_ engine: Engine) async throws {
    let error = await #expect(throws: StoreError.self) {
      try await engine.pause("default", until: (engine.clock.now + .seconds(60)).date)
    }
    #expect(error?.code == .wrongVersion)
    for subject in [Pause.Subject.queue("default"), .everything] {
      _ = try await engine.pause(subject, by: .system)
      let id = try await add(1, engine)
      #expect(try await engine.runDueJobs() == 0)
      #expect(try await engine.job(id)?.summary.whyHeld?.by == "system")
      #expect(try await engine.queues().contains { $0.name == "default" })
      #expect(try await engine.resume(subject, by: .system))
      #expect(try await engine.runDueJobs() == 1)
    }
  }
}
