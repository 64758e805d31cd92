import Foundation
import NightshiftTesting
import TestSupport
import Testing

@testable import Nightshift

/// The next organization of a name must be shown nothing of the one before it.
@Suite(.timeLimit(.minutes(5))) struct `Removing an organization` {
  private let olga = Actor(id: "olga", role: .operator)
  private static let hourly: JSONValue = ["expression": "0 * * * *", "kind": "k", "organization": "temp"]

  private func withEngine(
    _ body: (TestEngine, InterruptedStore.Interruptions) async throws -> Void
  ) async throws {
    let database = try SharedDatabase()
    let interruptions = InterruptedStore.Interruptions()
    let test = try await TestEngine(storage: InterruptedStore.storage(database.storage, interruptions))
    try await test.engine.register("k", payload: JSONValue.self) { _, _ in }
    try await test.engine.addOrganization("temp", title: nil, by: .system)
    try await body(test, interruptions)
    #expect(interruptions.areOver)
    await test.engine.close()
  }

  private func draft(of organization: String? = "temp") -> JobDraft {
    var draft = JobDraft(kind: "k", payload: Array("1".utf8))
    draft.options.organization = organization
    return draft
  }

  private func refusal(_ test: TestEngine) async -> String? {
    await #expect(throws: AccountError.self) { try await test.engine.removeOrganization("temp", by: .system) }?
      .description
  }

  private func faults(_ work: () async throws -> Void) async throws -> [String] {
    do {
      try await work()
      return []
    } catch let error as SubmissionError {
      return error.faults.map { "\($0.pointer) \($0.message)" }
    }
  }

  // MARK: Schedules

  @Test func `waits until no schedule enqueues for it, nor would once a change is taken back`() async throws {
    try await withEngine { test, _ in
      let engine = test.engine
      _ = try await engine.addSchedule("mine", Self.hourly, by: olga)
      _ = try await engine.declareSchedules(["declared": Self.hourly])
      #expect(await refusal(test)?.contains("still has 2 schedules. ") == true)
      try await engine.removeSchedule("mine", by: olga)
      _ = try await engine.editSchedule("declared", ["organization": "elsewhere"], by: .system)
      #expect(await refusal(test)?.contains("still has 1 schedule. ") == true)
      _ = try await engine.declareSchedules([:])
      try await engine.removeOrganization("temp", by: .system)
    }
  }

  @Test func `leaves no schedule behind that enqueues for the next of its name`() async throws {
    try await withEngine { test, _ in
      let engine = test.engine
      try await engine.addOrganization("acme", title: nil, by: .system)
      _ = try await engine.addSchedule("s", Self.hourly, by: olga)
      _ = try await engine.addSchedule("t", ["expression": "0 * * * *", "kind": "k", "organization": "acme"], by: olga)
      // A process of an older version may have removed it.
      _ = try await engine.store.write { try $0.execute("DELETE FROM nightshift_organizations WHERE name = 'temp'") }
      test.clock.advance(by: .seconds(3_600))
      try await engine.fireSchedules()
      let slot = try #require(try await engine.slots(of: "s", before: nil, limit: 10).first)
      #expect(slot.outcome == .refused && slot.job == nil)
      #expect(slot.detail?.contains("there is no \"temp\"") == true, "\(slot.detail ?? "")")
      #expect(try await engine.slots(of: "t", before: nil, limit: 10).map(\.outcome) == [.enqueued])
      let byHand = try await faults { _ = try await engine.runSchedule("s", by: olga) }
      #expect(byHand.first?.hasPrefix("#/organization must be one of the organizations there are") == true)
      #expect(try await engine.column("SELECT count(*) FROM nightshift_jobs") == ["1"])
      let added = try await faults { _ = try await engine.addSchedule("u", Self.hourly, by: olga) }
      #expect(added.first?.contains("there is no \"temp\"") == true)
      try await engine.addOrganization("temp", title: nil, by: .system)
      test.clock.advance(by: .seconds(3_600))
      try await engine.fireSchedules()
      #expect(try await engine.slots(of: "s", before: nil, limit: 1).map(\.outcome) == [.enqueued])
    }
  }

  // MARK: Jobs that come at the same moment

  @Test(arguments: [true, false])
  func `leaves no job behind that was being enqueued for it`(_ isLast: Bool) async throws {
    try await withEngine { test, interruptions in
      let engine = test.engine
      if !isLast { try await engine.addOrganization("acme", title: nil, by: .system) }
      interruptions.afterNextRead { try await engine.removeOrganization("temp", by: .system) }
      let found = try await faults { _ = try await engine.submit([draft(of: nil), draft()], actor: olga) }
      #expect(found.first?.contains("an organization that was removed a moment ago") == true, "\(found)")
      try await engine.addOrganization("temp", title: nil, by: .system)
      interruptions.afterNextRead { try await engine.removeOrganization("temp", by: .system) }
      let workflow = Workflow("w", jobs: [draft()], callback: nil)
      #expect(try await faults { _ = try await engine.submit(workflow, actor: olga) }.count == 1)
      #expect(try await engine.column("SELECT count(*) FROM nightshift_jobs") == ["0"])
    }
  }

  @Test func `leaves no job behind of a caller that was let in before`() async throws {
    try await withEngine { test, _ in
      let engine = test.engine
      let shop = Actor(id: "token:shop", role: .member, organization: "temp")
      _ = try await engine.submit([draft(of: nil)], actor: shop)
      #expect(await refusal(test)?.contains("1 job") == true)
      try await test.runUntilIdle()
      _ = try await engine.store.prune(try await engine.jobs(JobFilter(), limit: 10).jobs.map(\.id))
      try await engine.removeOrganization("temp", by: .system)
      let found = try await faults { _ = try await engine.submit([draft(of: nil)], actor: shop) }
      #expect(found.first?.contains("was removed a moment ago") == true, "\(found)")
      // An identity provider says by itself which organizations there are.
      let vouched = Actor(id: "jwt:anna", role: .member, organization: "temp")
      #expect(try await engine.submit([draft(of: nil)], actor: vouched).count == 1)
    }
  }

  @Test func `waits for what is being enqueued, and finds it`() async throws {
    try await withEngine { test, _ in
      let engine = test.engine
      let (begun, beginning) = AsyncStream.makeStream(of: Void.self)
      let mayEnd = DispatchSemaphore(value: 0)
      var job = NewJob(id: engine.makeID(), kind: "k", queue: .default, runAt: engine.now, payload: Array("1".utf8))
      job.organization = "temp"
      let record = job
      let now = engine.now
      async let enqueued: Void = engine.store.write { transaction in
        try NamedOrganizations(["temp"], needed: ["temp"]).keep(for: [record], transaction)
        beginning.yield()
        // PostgreSQL ends a transaction in which nothing happens for five seconds, and on a busy machine that is not long.
        while mayEnd.wait(timeout: .now() + .milliseconds(200)) == .timedOut { _ = try transaction.query("SELECT 1") }
        _ = try transaction.insert([record], now: now)
      }
      for await _ in begun { break }
      async let refused = refusal(test)
      if TestedDatabase.isPostgres {
        let waiting =
          "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        while try await engine.column(waiting) == ["0"] { await Task.yield() }
      }
      mayEnd.signal()
      try await enqueued
      #expect(await refused?.contains("still has 1 job.") == true)
    }
  }
}
