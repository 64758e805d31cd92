@testable import Nightshift
import NightshiftTesting
import Testing

private struct Oops: Error {}

@Suite struct `Old jobs` {
  /// Runs so many jobs of a kind; a negative payload fails for good.
  private func run(_ payloads: [Int], _ test: TestEngine, kind: JobKind = "k") async throws {
    for payload in payloads { _ = try await test.engine.add(kind, "\(payload)") }
    try await test.runUntilIdle()
  }

  private func make(_ retention: RetentionCounts = RetentionCounts()) async throws -> TestEngine {
    let test = try await TestEngine.fresh()
    for kind in ["k", "other"] as [JobKind] {
      let options = KindOptions(retention: kind == "k" ? retention : RetentionCounts())
      try await test.engine.register(kind, payload: Int.self, options: options) { number, _ in
        if number < 0 { throw PermanentFailure("no") }
      }
    }
    return test
  }

  private func counts(_ test: TestEngine) async throws -> [String] {
    try await test.engine.column(
      "SELECT kind || ' ' || state || ' ' || count(*) FROM nightshift_jobs GROUP BY kind, state ORDER BY kind, state"
    )
  }

  @Test func `are deleted by age: completed and cancelled after a week, dead after ninety days`() async throws {
    let test = try await make()
    try await run([1, 2, -1], test)
    let cancelled = try await test.engine.add("k")
    _ = try await test.engine.cancel([cancelled], reason: "r", by: .system)
    let pruner = Pruner(engine: test.engine)
    test.clock.advance(by: .seconds(7 * 86_400))
    #expect(try await pruner.prune() == 0)
    test.clock.advance(by: .milliseconds(2))
    let waiting = try await test.engine.add("k")
    #expect(try await pruner.prune() == 3)
    #expect(try await counts(test) == ["k 0 1", "k 6 1"])
    test.clock.advance(by: .seconds(84 * 86_400))
    #expect(try await pruner.prune() == 1)
    #expect(try await test.engine.state(of: waiting) == .ready)
    #expect(try await test.engine.column("SELECT sum(completed) FROM nightshift_rollups") == ["2"])
  }

  @Test func `are deleted by count: the newest 10 completed and 5 failed stay`() async throws {
    let test = try await make(RetentionCounts(completed: 10, dead: 5))
    try await run(Array(1...25) + (1...12).map { -$0 }, test)
    try await run(Array(1...15), test, kind: "other")
    let pruner = Pruner(engine: test.engine)
    #expect(try await pruner.prune() == 0)
    test.clock.advance(by: .seconds(3_601))
    try await run([26], test)
    #expect(try await pruner.prune() == 16 + 7)
    #expect(try await counts(test) == ["k 5 10", "k 6 5", "other 5 15"])
    let kept = try await test.engine.column(
      """
      SELECT nightshift_text(p.payload) FROM nightshift_jobs j JOIN nightshift_payloads p ON p.id = j.id
      WHERE j.kind = 'k' AND j.state = 5 ORDER BY j.id
      """)
    #expect(kept == (17...26).map(String.init))
  }

  @Test func `may be limited by count in one state only, and to none`() async throws {
    let test = try await make(RetentionCounts(completed: 0))
    try await run([1, 2, -1, -2], test)
    test.clock.advance(by: .seconds(3_601))
    #expect(try await Pruner(engine: test.engine).prune() == 2)
    #expect(try await counts(test) == ["k 6 2"])
  }

  @Test func `are found behind many others`() async throws {
    let test = try await make()
    let drafts = (0..<Pruner.window + 100).map { _ in JobDraft(kind: "k", payload: [0x31]) }
    let ids = try await test.engine.submit(drafts, actor: .system).map(\.id)
    _ = try await test.engine.cancel(Array(ids.suffix(50)), reason: "r", by: .system)
    test.clock.advance(by: .seconds(8 * 86_400))
    #expect(try await Pruner(engine: test.engine).prune() == 50)
    #expect(try await counts(test) == ["k 0 \(Pruner.window + 50)"])
  }

  @Test func `may not be kept for less than an hour`() async throws {
    var configuration = EngineConfiguration()
    configuration.keepCompleted = .seconds(3_599)
    let error = #expect(throws: ConfigurationError.self) { try configuration.validate() }
    #expect(error?.description.contains("Use 1h or more") == true)
  }
}
