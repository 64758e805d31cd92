import Logging
import Nightshift
import Testing

/// Runs each of the engine's methods once, so that a statement which a database does not understand is found here and
/// not by its first user.
@Suite struct `Every statement of the engine` {
  @Test(arguments: StoreUnderTest.allCases)
  func `is understood by every store`(_ database: StoreUnderTest) async throws {
    let test = try database.make()
    let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    let engine = try await Engine(test.storage, logger: quiet)
    try await engine.register("work", payload: Int.self) { _, context in
      context.progress(0.5)
      context.log("line")
      try await context.attach("a.txt", type: "text/plain", [1])
    }
    try await write(engine)
    try await read(engine)
    await engine.close()
  }

  private func write(_ engine: Engine) async throws {
    let draft = JobDraft(kind: "work", payload: Array("1".utf8))
    let id = try await engine.submit([draft], idempotencyKey: "k", actor: .system)[0].id
    #expect(try await engine.runDueJobs() == 1)
    #expect(try await engine.cancel([id], reason: "r", by: .system) == [.refused(.completed)])
    #expect(try await engine.retry([id], payload: [0x32], by: .system) == [.refused(.completed)])
    #expect(try await engine.discard([id], by: .system) == [.changed(.completed)])
    for verb in BulkVerb.allCases {
      #expect(try await engine.changeAll(verb, matching: JobFilter(), dryRun: false, by: .system).count == 0)
    }
    let end = engine.clock.now + .seconds(60)
    for subject in [Pause.Subject.everything, .queue(.default)] {
      #expect(try await engine.pause(subject, until: end, reason: "r", by: .system).pause.until == end)
      #expect(try await engine.resume(subject, by: .system))
    }
    #expect(try await engine.purge(.default, dryRun: false, by: .system).count == 0)
    #expect(try await engine.command(.stopped, worker: nil, by: .system) == 1)
    #expect(try await engine.command(.running, worker: engine.workerID, by: .system) == 1)
    let (token, secret) = try await engine.createToken(name: "t", role: .viewer, expiresAt: nil, by: .system)
    #expect(try await engine.authenticate(secret)?.role == .viewer)
    #expect(try await engine.revokeToken(token.id, by: .system))
    #expect(try await engine.ensureAdminToken() != nil)
    try await engine.unregister("work")
  }

  private func read(_ engine: Engine) async throws {
    #expect(try await engine.job(1)?.summary.id == nil)
    #expect(try await engine.logs(of: 1, after: 0, limit: 1).isEmpty)
    #expect(try await engine.artifact("a", of: 1)?.bytes == nil)
    var filter = JobFilter()
    (filter.kinds, filter.queues, filter.search) = (["a"], ["b"], "%_\\")
    (filter.organization, filter.owner) = ("o", "p")
    for states in JobState.allCases.map({ [$0] }) + [[]] {
      filter.states = Set(states)
      #expect(try await engine.jobs(filter).jobs.isEmpty)
    }
    filter.tags = ["t", "u"]
    #expect(try await engine.jobs(filter).jobs.isEmpty)
    #expect(try await engine.queues().map(\.name) == ["default"])
    #expect(try await engine.workers().count == 1)
    #expect(try await engine.kinds().map(\.workers) == [0])
    for grouping in StatsRow.Grouping.allCases {
      let rows = try await engine.stats(
        from: engine.clock.now - .seconds(7_200), to: engine.clock.now, by: grouping)
      #expect(rows.reduce(0) { $0 + $1.completed } == 1)
    }
    #expect(try await engine.totals().count == 1)
    #expect(try await engine.workerGroups().map(\.count) == [1])
    #expect(try await engine.workerGroups().map(\.slots) == [engine.configuration.concurrency])
    #expect(try await engine.openQuestions().isEmpty)
    #expect(try await engine.scheduleReading().enabled == 0)
    #expect(try await engine.slowThresholds().isEmpty)
    #expect(try await engine.tokens().count == 2)
    #expect(await engine.readiness().storeIsWritable)
    #expect(await !engine.findings().isEmpty)
    #expect(try await engine.waitForEnd(of: 1, timeout: .zero)?.summary.id == nil)
  }
}
