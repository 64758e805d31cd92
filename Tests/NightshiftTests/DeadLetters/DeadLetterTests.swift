@testable import Nightshift
import NightshiftTesting
import Testing

@Suite struct `Dead letters` {
  private let ada = Actor(id: "ada", role: .operator)

  /// An engine whose jobs die of what their payload says.
  private func make(_ messages: [String]) async throws -> (TestEngine, [JobID]) {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: String.self) { message, _ in
      if !message.isEmpty { throw PermanentFailure(message) }
    }
    var ids: [JobID] = []
    for message in messages { ids.append(try await test.engine.add("k", JSONValue.string(message).description)) }
    try await test.runUntilIdle()
    return (test, ids)
  }

  @Test func `are grouped by what they died of, the latest first`() async throws {
    let (test, ids) = try await make(["no row 1", "", "no row 2", "refused"])
    let page = try await test.engine.deadLetters()
    #expect(Set(page.groups.map(\.message)) == ["no row #", "refused"])
    #expect(!page.isCut)
    let rows = try #require(page.groups.first { $0.message == "no row #" })
    #expect(rows.count == 2 && rows.kind == "k" && rows.example == ids[2] && rows.exampleMessage == "no row 2")
    #expect(rows.trend.reduce(0, +) == 2 && rows.trend.last == 2)
    #expect(rows.firstSeen <= rows.lastSeen)
  }

  @Test func `leave their group when they are retried, discarded or pruned`() async throws {
    let (test, ids) = try await make(["no row 1", "no row 2", "no row 3"])
    _ = try await test.engine.retry([ids[0]], by: ada)
    #expect(try await test.engine.deadLetters().groups.map(\.count) == [2])
    _ = try await test.engine.discard([ids[1]], by: ada)
    #expect(try await test.engine.deadLetters().groups.map(\.count) == [1])
    _ = try await test.engine.store.prune([ids[2]])
    #expect(try await test.engine.deadLetters().groups.isEmpty)
    #expect(try await test.engine.column("SELECT count(*) FROM nightshift_dead_letters") == ["0"])
  }

  @Test func `can be ignored with a reason, and listed again`() async throws {
    let (test, _) = try await make(["no row 1"])
    let group = try #require(try await test.engine.deadLetters().groups.first)
    try await test.engine.ignoreError(group.fingerprint, reason: "known", by: ada)
    #expect(try await test.engine.deadLetters().groups.isEmpty)
    let ignored = try await test.engine.deadLetters(ignored: true).groups
    #expect(ignored.map(\.ignored?.reason) == ["known"] && ignored.map(\.ignored?.by) == ["ada"])
    #expect(try await test.engine.unignoreError(group.fingerprint, by: ada))
    #expect(try await !test.engine.unignoreError(group.fingerprint, by: ada))
    #expect(try await test.engine.deadLetters().groups.count == 1)
  }

  @Test func `from before they were kept are noted once`() async throws {
    let (test, _) = try await make(["no row 1", "no row 2"])
    _ = try await test.engine.store.write { try $0.execute("DELETE FROM nightshift_dead_letters") }
    #expect(try await test.engine.deadLetters().groups.isEmpty)
    try await test.engine.noteOldDeaths()
    #expect(try await test.engine.deadLetters().groups.map(\.count) == [2])
    _ = try await test.engine.store.write { try $0.execute("DELETE FROM nightshift_dead_letters") }
    try await test.engine.noteOldDeaths()
    #expect(try await test.engine.deadLetters().groups.isEmpty)
  }
}
