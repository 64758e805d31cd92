@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `The profile` {
  private let test: TestEngine
  private var engine: Engine { test.engine }
  private var clock: TestClock { test.clock }

  init() async throws {
    let clock = TestClock()
    test = try await TestEngine.fresh(clock: clock)
    // Works for as many seconds as its payload says, and a tenth of that outside.
    try await engine.register("k", payload: Int.self, options: KindOptions(queue: "q", maxAttempts: 1)) {
      seconds, context in
      try await context.step("render") { clock.advance(by: .seconds(seconds)) }
      try await context.step("send") {
        try await context.call("mail") {
          clock.advance(by: .milliseconds(100 * seconds))
          if seconds == 13 { throw Broken() }
        }
      }
    }
  }

  private struct Broken: Error {}

  private func run(_ seconds: Int...) async throws {
    for second in seconds { _ = try await engine.add("k", "\(second)") }
    try await test.runUntilIdle()
    await engine.flushProfile()
  }

  private func profile(hours: Int = 1) async throws -> KindProfile? {
    let now = engine.clock.now
    return try await engine.profile(from: now - .seconds(3600 * (hours - 1)), to: now, kind: "k").first
  }

  @Test func `says where the time of a kind goes`() async throws {
    try await run(1, 2, 13)
    let profile = try #require(try await profile())
    #expect(profile.attempts.count == 3 && profile.attempts.failures == 1)
    #expect(profile.attempts.total == 17_600_000 && profile.attempts.longest == 14_300_000)
    #expect(profile.parts.map { "\($0.part.rawValue) \($0.name)" } == ["step render", "call mail", "step send"])
    let render = profile.parts[0]
    #expect(render.figures.total == 16_000_000 && render.figures.failures == 0)
    #expect((render.share * 1000).rounded() == 909)
    for part in profile.parts.dropFirst() {
      #expect(part.figures.total == 1_600_000 && part.figures.failures == 1 && part.figures.count == 3)
    }
    // They were due at the same time, and ran one after the other.
    #expect(profile.waits.count == 3 && profile.waits.longest == 3_300_000)
  }

  @Test func `remembers the slowest attempts`() async throws {
    try await run(1, 5, 3, 2, 4, 6, 7)
    let slowest = try #require(try await profile()).slowest
    #expect(slowest.map(\.duration) == [7_700_000, 6_600_000, 5_500_000, 4_400_000, 3_300_000])
    let job = try #require(try await engine.job(slowest[0].job))
    #expect(job.payload == Array("7".utf8))
  }

  @Test func `compares with the period before`() async throws {
    try await run(1)
    clock.advance(by: .seconds(3600))
    try await run(2)
    let now = try #require(try await profile())
    #expect(now.attempts.count == 1 && now.attempts.p95 == 2_200_000 && now.attempts.formerP95 == 1_100_000)
    #expect(now.attempts.trend == 1)
    #expect(try await profile(hours: 2)?.attempts.count == 2)
    #expect(try await profile(hours: 2)?.attempts.trend == nil, "before that there was nothing")
  }

  @Test func `counts neither a job that waits nor one that is put off as failed`() async throws {
    try await engine.register("waits", payload: Int.self) { number, context in
      try await context.step("ask") { if number == 2 { throw Snooze.for(.seconds(3600)) } }
      if number == 1 { _ = try await context.signal("go", as: Int.self) }
    }
    for number in 1...2 { _ = try await engine.add("waits", "\(number)") }
    try await test.runUntilIdle()
    await engine.flushProfile()
    let now = engine.clock.now
    let found = try #require(try await engine.profile(from: now, to: now + .seconds(1), kind: "waits").first)
    #expect(found.attempts.count == 2 && found.attempts.failures == 0)
    #expect(found.parts.map(\.figures.failures) == [0])
  }

  @Test func `tells no more than a hundred names apart`() async throws {
    try await engine.register("many", payload: Int.self) { _, context in
      for page in 1...130 { try await context.step("page \(page)") {} }
    }
    _ = try await engine.add("many")
    try await test.runUntilIdle()
    await engine.flushProfile()
    let now = engine.clock.now
    let parts = try #require(try await engine.profile(from: now, to: now + .seconds(1), kind: "many").first).parts
    #expect(parts.count == 101 && parts.first { $0.name == "other" }?.figures.count == 30)
  }

  @Test func `adds up what several processes have measured`() async throws {
    try await run(1)
    try await run(3)
    #expect(try await profile()?.attempts.count == 2)
    #expect(try await profile()?.parts.first?.figures.total == 4_000_000)
    let (attempts, waits) = try await engine.durations()
    #expect(attempts.map { "\($0.queue) \($0.kind) \($0.histogram.count)" } == ["q k 2"])
    #expect(waits.map(\.histogram.count) == [2])
  }

  @Test func `forgets old hours, and keeps what monitoring counts`() async throws {
    try await run(1, 2)
    #expect(try await engine.durations().attempts.map(\.histogram.count) == [2])
    clock.advance(by: .seconds(36 * 86_400))
    try await run(1)
    try await Pruner(engine: engine).prune()
    #expect(try await profile(hours: 24 * 40)?.attempts.count == 1)
    let rows = try await engine.column(
      "SELECT hour || ' ' || part FROM nightshift_profile WHERE hour = 0 ORDER BY part")
    #expect(rows == ["0 attempt", "0 wait"])
    #expect(try await engine.durations().attempts.map(\.histogram.count) == [3])
    #expect(try await engine.totals().map(\.counts.completed) == [3])
    let other = try await engine.durations().attempts[0].histogram
    #expect(other.sum == 4_400_000)
  }
}

@Suite(.timeLimit(.minutes(5))) struct `A slow kind` {
  private let ada = Actor(id: "ada", role: .operator)
  private let test: TestEngine
  private var engine: Engine { test.engine }

  init() async throws {
    let clock = TestClock()
    test = try await TestEngine.fresh(clock: clock)
    try await engine.register("k", payload: Int.self) { seconds, _ in clock.advance(by: .seconds(seconds)) }
  }

  private func run(_ seconds: Int, times: Int) async throws {
    for _ in 0..<times { _ = try await engine.add("k", "\(seconds)") }
    try await test.runUntilIdle()
    await engine.flushProfile()
  }

  private func told() async throws -> [String] {
    try await engine.column("SELECT body FROM nightshift_outbox WHERE topic = 'slow' ORDER BY id")
  }

  private func finding() async throws -> StoreFinding { try await engine.slowFinding() }

  @Test func `is told of once, until it has been fast again`() async throws {
    try await engine.watch(SlowThreshold(kind: "k", p95: .seconds(2), window: .seconds(600), least: 5), by: ada)
    try await run(1, times: 5)
    #expect(try await told() == [])
    #expect(try await finding().isFine)
    try await run(3, times: 5)
    #expect(try await told() == ["The p95 of k over the last 10m is 3s, above its bound of 2s (10 attempts)."])
    #expect(try await !finding().isFine)
    try await run(4, times: 5)
    #expect(try await told().count == 1, "it is still slow")
    // A little under the bound is not fast yet: the bound's fifth is.
    test.clock.advance(by: .seconds(660))
    for _ in 0..<5 { try await runFor(milliseconds: 1_900) }
    #expect(try await !finding().isFine)
    test.clock.advance(by: .seconds(660))
    try await run(1, times: 5)
    #expect(try await finding().isFine)
    try await run(3, times: 5)
    #expect(try await told().count == 2)
  }

  private func runFor(milliseconds: Int) async throws {
    let clock = test.clock
    try await engine.register("k", payload: Int.self) { _, _ in clock.advance(by: .milliseconds(milliseconds)) }
    try await run(0, times: 1)
    try await engine.register("k", payload: Int.self) { seconds, _ in clock.advance(by: .seconds(seconds)) }
  }

  @Test func `is not judged by a few attempts, and is fast when none come any more`() async throws {
    try await engine.watch(SlowThreshold(kind: "k", p95: .seconds(2), window: .seconds(600), least: 5), by: ada)
    try await run(9, times: 4)
    #expect(try await told() == [])
    try await run(9, times: 1)
    #expect(try await told().count == 1)
    test.clock.advance(by: .seconds(700))
    await engine.flushProfile()
    #expect(try await finding().isFine)
  }

  @Test func `is watched and left with a line in the audit log`() async throws {
    try await engine.watch(SlowThreshold(kind: "k", p95: .seconds(2)), by: ada)
    #expect(try await engine.slowThresholds()["k"]?.updatedBy == "ada")
    #expect(try await engine.endWatch(over: "k", by: ada))
    #expect(try await !engine.endWatch(over: "k", by: ada))
    #expect(try await engine.slowThresholds().isEmpty)
    let lines = try await engine.column(
      "SELECT verb || ' ' || subject FROM nightshift_audit WHERE actor = 'ada' ORDER BY id")
    #expect(lines == ["watch-slowness kind k", "end-slowness-watch kind k"])
  }
}
