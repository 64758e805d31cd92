@testable import Nightshift
import NightshiftTesting
import Testing

@Suite struct `Operations on many jobs` {
  private let ada = Actor(id: "ada", role: .operator, address: "10.0.0.1")

  private func make(_ jobs: Int) async throws -> (TestEngine, [JobID]) {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, _ in throw PermanentFailure("no") }
    let drafts = (0..<jobs).map { JobDraft(kind: "k", payload: Array("\($0)".utf8)) }
    return (test, try await test.engine.submit(drafts, actor: .system).map(\.id))
  }

  @Test func `are worked off in batches, with one line in the audit log`() async throws {
    let (test, _) = try await make(450)
    var filter = JobFilter()
    filter.kinds = ["k"]
    let estimate = try await test.engine.estimate(.cancel, matching: filter)
    #expect(estimate.count == 450 && estimate.isExact && estimate.sample.count == 10)
    let begun = try await test.engine.begin(.cancel, of: .filter(filter), total: 450, reason: "why", by: ada)
    #expect(begun.state == .running && begun.changed == 0)
    try await test.engine.housekeeper.operations.workOff()
    let ended = try #require(try await test.engine.operation(begun.id))
    #expect(ended.state == .completed && ended.changed == 450 && ended.lookedAt == 450)
    #expect(try await test.engine.column("SELECT count(*) FROM nightshift_jobs WHERE state = 7") == ["450"])
    let lines = try await test.engine.column(
      "SELECT verb || ' ' || subject FROM nightshift_audit WHERE verb <> 'enqueue' ORDER BY id")
    #expect(lines == ["begin-operation \(begun.id)", "cancel 450 jobs by \(begun.id)"])
  }

  @Test func `go on where a process that is gone had come to`() async throws {
    let (test, ids) = try await make(5)
    let begun = try await test.engine.begin(.cancel, of: .jobs(ids), total: 5, by: ada)
    // Its process had looked at the newest two, and was stopped.
    _ = try await test.engine.store.write { transaction in
      try transaction.execute(
        "UPDATE nightshift_operations SET worker = 77, position = ?, looked_at = 2, changed = 2",
        [SQLValue(ids[3])])
    }
    try await test.engine.housekeeper.operations.workOff()
    let ended = try #require(try await test.engine.operation(begun.id))
    #expect(ended.state == .completed && ended.changed == 5)
    #expect(try await test.engine.column("SELECT count(*) FROM nightshift_jobs WHERE state = 7") == ["3"])
  }

  @Test func `are left to a process that is still there`() async throws {
    let (test, ids) = try await make(2)
    let other = try await test.engine.addSilentWorker(77)
    let begun = try await test.engine.begin(.cancel, of: .jobs(ids), total: 2, by: ada)
    _ = try await test.engine.store.write { transaction in
      try transaction.execute("UPDATE nightshift_operations SET worker = ?", [.integer(other.rawValue)])
    }
    try await test.engine.housekeeper.operations.workOff()
    #expect(try await test.engine.operation(begun.id)?.lookedAt == 0)
  }

  @Test func `can be stopped, and do nothing more then`() async throws {
    let (test, ids) = try await make(2)
    let begun = try await test.engine.begin(.cancel, of: .jobs(ids), total: 2, by: ada)
    let stopped = try await test.engine.abort(begun.id, by: ada)
    #expect(stopped?.state == .aborted && stopped?.endedBy == "ada")
    try await test.engine.housekeeper.operations.workOff()
    #expect(try await test.engine.operation(begun.id)?.changed == 0)
    #expect(try await test.engine.operations().map(\.id) == [begun.id])
  }

  @Test func `retry all that died of one error`() async throws {
    let (test, ids) = try await make(3)
    try await test.runUntilIdle()
    let group = try #require(try await test.engine.deadLetters().groups.first)
    let begun = try await test.engine.begin(
      .retry, of: .deadLetters(fingerprint: group.fingerprint), total: group.count, by: ada)
    try await test.engine.housekeeper.operations.workOff()
    #expect(try await test.engine.operation(begun.id)?.changed == 3)
    for id in ids { #expect(try await test.engine.state(of: id) == .ready) }
    #expect(try await test.engine.deadLetters().groups.isEmpty)
  }

  @Test func `keep views by their owner, and no more than there is room for`() async throws {
    let (test, _) = try await make(0)
    let view = SavedView(name: "mine", page: "/jobs", query: "state=dead")
    #expect(try await test.engine.keep(view, of: "ada"))
    #expect(try await test.engine.views(of: "ada", page: "/jobs") == [view])
    #expect(try await test.engine.views(of: "bob", page: "/jobs").isEmpty)
    for number in 1..<Engine.mostViews {
      #expect(try await test.engine.keep(SavedView(name: "\(number)", page: "/jobs", query: ""), of: "ada"))
    }
    #expect(try await !test.engine.keep(SavedView(name: "more", page: "/jobs", query: ""), of: "ada"))
    #expect(try await test.engine.removeView("mine", page: "/jobs", of: "ada"))
  }
}
