@testable import Nightshift
import NightshiftTesting
import Synchronization
import Testing

private struct Down: Error {}

@Suite(.timeLimit(.minutes(5))) struct `A circuit breaker` {
  /// An engine with a kind that fails as long as its service is down, and a breaker for it.
  private final class Fixture: Sendable {
    let test: TestEngine
    let isDown = Mutex(true)
    let attempts = Mutex(0)

    init(_ breaker: CircuitBreaker?, calls service: String? = nil) async throws {
      test = try await TestEngine.fresh()
      let options = KindOptions(maxAttempts: 100, backoff: .exponential(jitter: 0))
      try await test.engine.register("k", payload: Int.self, options: options) { [weak self] _, context in
        guard let self else { return }
        let work: @Sendable () async throws -> Void = {
          self.attempts.withLock { $0 += 1 }
          if self.isDown.withLock({ $0 }) { throw Down() }
        }
        if let service { try await context.call(service, work) } else { try await work() }
      }
      if let breaker { try await test.engine.set(breaker) }
    }

    var engine: Engine { test.engine }
    var count: Int { attempts.withLock { $0 } }

    func add(_ count: Int) async throws -> [JobID] {
      try await engine.submit((0..<count).map { _ in JobDraft(kind: "k", payload: [0x31]) }, actor: .system).map(\.id)
    }

    func phase() async throws -> BreakerState.Phase? { try await engine.breakers().first?.phase }
  }

  private static let breaker = CircuitBreaker(
    "service", kinds: ["k"], failureShare: 0.5, minimumCalls: 4, window: .seconds(60), openFor: .seconds(30))

  @Test func `opens when too many fail, and then burns no attempts`() async throws {
    let fixture = try await Fixture(Self.breaker)
    let ids = try await fixture.add(20)
    try await fixture.test.runUntilIdle()
    // One claim takes several; what was in hand goes on.
    let burnt = fixture.count
    #expect(burnt < 100)
    #expect(try await fixture.phase() == .open)
    #expect(try await fixture.engine.breakers()[0].state.reason?.contains("calls failed within 1m") == true)
    fixture.test.clock.advance(by: .seconds(29))
    try await fixture.test.runUntilIdle()
    #expect(fixture.count == burnt)
    let held = try await fixture.engine.job(ids[19])?.summary
    #expect(held?.hold?.reason == .breakerOpen)
    #expect(held?.state == .ready)
  }

  @Test func `lets a probe through, closes when it succeeds, and lets all go on`() async throws {
    let fixture = try await Fixture(Self.breaker)
    let ids = try await fixture.add(20)
    try await fixture.test.runUntilIdle()
    let burnt = fixture.count
    fixture.isDown.withLock { $0 = false }
    fixture.test.clock.advance(by: .seconds(30))
    try await fixture.test.runUntilIdle()
    #expect(try await fixture.phase() == .closed)
    #expect(fixture.count == burnt + 20)
    for id in ids { #expect(try await fixture.engine.state(of: id) == .completed) }
    #expect(try await fixture.engine.breakers()[0].held == 0)
  }

  @Test func `waits twice as long when a probe fails`() async throws {
    let fixture = try await Fixture(Self.breaker)
    _ = try await fixture.add(20)
    try await fixture.test.runUntilIdle()
    let burnt = fixture.count
    fixture.test.clock.advance(by: .seconds(30))
    try await fixture.test.runUntilIdle()
    #expect(fixture.count == burnt + 1)
    #expect(try await fixture.phase() == .open)
    fixture.test.clock.advance(by: .seconds(59))
    try await fixture.test.runUntilIdle()
    #expect(fixture.count == burnt + 1)
    fixture.test.clock.advance(by: .seconds(1))
    try await fixture.test.runUntilIdle()
    #expect(fixture.count == burnt + 2)
    let state = try await fixture.engine.breakers()[0].state
    #expect(state.trips == 3)
    #expect(state.reason?.contains("calls failed within 1m; 2 probes have failed since") == true, "what opened it, too")
  }

  @Test func `that is set anew stands as before, with its new numbers`() async throws {
    let fixture = try await Fixture(Self.breaker)
    _ = try await fixture.add(20)
    try await fixture.test.runUntilIdle()
    let burnt = fixture.count
    let opened = try await fixture.engine.breakers()[0].state
    // Those that have failed come back meanwhile, and are held.
    fixture.test.clock.advance(by: .seconds(20))
    try await fixture.test.runUntilIdle()
    var changed = Self.breaker
    changed.probes = 2
    changed.openFor = .seconds(300)
    for kinds: Set<JobKind> in [["k"], ["k", "other"]] {
      changed.kinds = kinds
      #expect(try await !fixture.engine.set(changed, by: .system))
      try await fixture.test.runUntilIdle()
      #expect(fixture.count == burnt)
      let status = try await fixture.engine.breakers()[0]
      #expect(status.phase == .open && status.held > 0 && status.state.breaker == changed)
      #expect((status.state.openedAt, status.state.probesAt) == (opened.openedAt, opened.probesAt))
      #expect(status.state.reason == opened.reason)
    }
    fixture.isDown.withLock { $0 = false }
    fixture.test.clock.advance(by: .seconds(10))
    try await fixture.test.runUntilIdle()
    #expect(try await fixture.phase() == .closed)
    #expect(fixture.count == burnt + 20)
  }

  @Test func `stays closed while few fail, or only a part of them, or long ago`() async throws {
    let fixture = try await Fixture(Self.breaker)
    _ = try await fixture.add(3)
    try await fixture.test.runUntilIdle()
    #expect(try await fixture.phase() == .closed)
    fixture.test.clock.advance(by: .seconds(61))
    fixture.isDown.withLock { $0 = false }
    try await fixture.test.runUntilIdle()
    _ = try await fixture.add(8)
    try await fixture.test.runUntilIdle()
    fixture.isDown.withLock { $0 = true }
    _ = try await fixture.add(3)
    try await fixture.test.runUntilIdle()
    #expect(try await fixture.phase() == .closed)
  }

  @Test func `does not count what says nothing about the service`() async throws {
    let fixture = try await Fixture(nil)
    try await fixture.engine.register("wrong", payload: Int.self) { _, _ in throw PermanentFailure("bad order") }
    try await fixture.engine.set(CircuitBreaker("service", kinds: ["wrong"], minimumCalls: 1))
    _ = try await fixture.engine.add("wrong")
    try await fixture.test.runUntilIdle()
    #expect(try await fixture.phase() == .closed)
    #expect(try await fixture.engine.breakers()[0].calls == CallCount())
  }

  @Test func `is closed by hand`() async throws {
    let fixture = try await Fixture(Self.breaker)
    _ = try await fixture.add(20)
    try await fixture.test.runUntilIdle()
    let burnt = fixture.count
    fixture.isDown.withLock { $0 = false }
    #expect(try await fixture.engine.resetBreaker("service"))
    #expect(try await !fixture.engine.resetBreaker("none"))
    fixture.test.clock.advance(by: .seconds(20))
    try await fixture.test.runUntilIdle()
    #expect(fixture.count == burnt + 20)
  }

  @Test func `watches the calls that handlers make by its name`() async throws {
    let breaker = CircuitBreaker("model", minimumCalls: 4, openFor: .seconds(30))
    let fixture = try await Fixture(breaker, calls: "model")
    let ids = try await fixture.add(20)
    try await fixture.test.runUntilIdle()
    #expect(try await fixture.phase() == .open)
    let burnt = fixture.count
    fixture.test.clock.advance(by: .seconds(20))
    try await fixture.test.runUntilIdle()
    #expect(fixture.count == burnt)
    // One that comes now is begun, finds out at its call, and is none the worse for it.
    let late = try await fixture.add(1)[0]
    try await fixture.test.runUntilIdle()
    let held = try await fixture.engine.job(late)?.summary
    #expect(held?.hold?.reason == .breakerOpen)
    #expect(held?.failures == 0)
    #expect(fixture.count == burnt)
    fixture.isDown.withLock { $0 = false }
    fixture.test.clock.advance(by: .seconds(10))
    try await fixture.test.runUntilIdle()
    #expect(try await fixture.phase() == .closed)
    for id in ids + [late] { #expect(try await fixture.engine.state(of: id) == .completed) }
  }

  @Test func `that was removed keeps nothing back`() async throws {
    let fixture = try await Fixture(Self.breaker)
    let ids = try await fixture.add(20)
    try await fixture.test.runUntilIdle()
    fixture.isDown.withLock { $0 = false }
    #expect(try await fixture.engine.removeBreaker("service"))
    fixture.test.clock.advance(by: .seconds(600))
    try await fixture.test.runUntilIdle()
    for id in ids { #expect(try await fixture.engine.state(of: id) == .completed) }
  }

  @Test func `that opened on one node is open on the others, and all go on in the end`() async throws {
    let database = try SharedDatabase()
    let (first, second) = (try await database.engine(), try await database.engine())
    let isDown = Mutex(true)
    for engine in [first, second] {
      let options = KindOptions(maxAttempts: 100, backoff: .exponential(first: .milliseconds(50), jitter: 0))
      try await engine.register("k", payload: Int.self, options: options) { _, _ in
        if isDown.withLock({ $0 }) { throw Down() }
      }
    }
    try await first.set(CircuitBreaker("service", kinds: ["k"], minimumCalls: 4, openFor: .seconds(1)))
    try await second.refresh()
    try await first.whileRunning {
      try await second.whileRunning {
        let ids = try await first.submit((0..<40).map { _ in JobDraft(kind: "k", payload: [0x31]) }, actor: .system)
        await eventually { try await second.breakers()[0].state.openedAt != nil }
        await eventually { second.caches.withLock { $0.gates.breakers.first?.openedAt != nil } }
        isDown.withLock { $0 = false }
        for id in ids { _ = try await first.waitForEnd(of: id.id, timeout: .seconds(240)) }
        for id in ids { #expect(try await first.state(of: id.id) == .completed) }
        await eventually { try await second.breakers()[0].phase == .closed }
      }
    }
    for engine in [first, second] { await engine.close() }
  }

  @Test func `that makes no sense is refused with all that is wrong`() throws {
    let json: JSONValue = [
      "kinds": ["a", "B!"], "failureShare": 2, "minimumCalls": 0, "window": "soon", "openFor": "0s", "probes": 0,
      "prob": 1,
    ]
    do {
      _ = try CircuitBreaker(name: "x", json)
      Issue.record("accepted")
    } catch {
      #expect(
        error.faults.map(\.pointer) == [
          "#/failureShare", "#/kinds/1", "#/minimumCalls", "#/openFor", "#/prob", "#/probes", "#/window",
        ])
    }
    #expect(try CircuitBreaker(name: "x", ["kinds": .null]) == CircuitBreaker("x"))
    let breaker = CircuitBreaker("x", kinds: ["a"], failureShare: 0.25, minimumCalls: 3, probes: 2)
    #expect(try CircuitBreaker(name: "x", breaker.definition) == breaker)
  }
}
