import Foundation
@testable import Nightshift
import NightshiftTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A job that waits` {
  private let ledger = Ledger()

  private func engine<Output: Sendable>(
    _ body: @escaping @Sendable (Int, JobContext) async throws -> Output
  ) async throws -> TestEngine {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self, handler: body)
    return test
  }

  @Test func `for a time holds no worker, and goes on behind its recorded steps`() async throws {
    let ledger = ledger
    let test = try await engine { _, context in
      try await context.step("before") { ledger.note("before") }
      try await context.sleep(for: .seconds(3_600))
      ledger.note("after")
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .waiting)
    #expect(test.engine.worker.heldCount == 0)
    test.clock.advance(by: .seconds(3_599))
    #expect(try await test.runUntilIdle() == 0)
    test.clock.advance(by: .seconds(1))
    try await test.runUntilIdle()
    let job = try await test.engine.job(id)
    #expect(job?.summary.state == .completed && job?.summary.failures == 0 && job?.summary.attempt == 2)
    #expect(ledger.all == ["before", "after"])
    #expect(job?.attempts.map(\.outcome) == ["parked"])
  }

  @Test func `until a moment does not wait longer because it is run again`() async throws {
    let test = try await engine { payload, context in
      let end = context.engine.clock.now + .seconds(60)
      // Another attempt would count from another moment.
      try await context.sleep(until: end.date)
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    test.clock.advance(by: .seconds(30))
    _ = try await test.engine.cancel([], reason: "", by: .system)
    test.clock.advance(by: .seconds(30))
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .completed)
  }

  @Test func `is woken by its own clock while an engine runs`() async throws {
    let test = try await engine { _, context in try await context.sleep(for: .seconds(60)) }
    try await test.engine.whileRunning {
      let id = try await test.engine.add("k")
      _ = try await test.engine.waitUntil(id, is: .waiting)
      test.clock.advance(by: .seconds(60))
      _ = try await test.engine.waitUntil(id, is: .completed)
    }
  }

  @Test func `for a signal gets it, whether it was sent after or before`() async throws {
    let test = try await engine { _, context in try await context.signal("paid", as: Int.self) }
    let (late, early) = (try await test.engine.add("k"), try await test.engine.add("k"))
    #expect(try await test.engine.signal("other", to: early, 1))
    #expect(try await test.engine.signal("paid", to: early, 41))
    try await test.runUntilIdle()
    #expect(try await test.engine.job(early)?.result == Array("41".utf8))
    #expect(try await test.engine.state(of: late) == .waiting)
    #expect(try await test.engine.signal("paid", to: late, 42))
    try await test.runUntilIdle()
    #expect(try await test.engine.job(late)?.result == Array("42".utf8))
    #expect(try await !test.engine.signal("paid", to: late, 43))
    #expect(try await !test.engine.signal("paid", to: JobID(rawValue: 5), 43))
  }

  @Test func `for signals of one name gets each once, in order`() async throws {
    let test = try await engine { _, context in
      let first = try await context.signal("n", as: Int.self)
      let second = try await context.signal("n", as: Int.self)
      return [first, second]
    }
    let id = try await test.engine.add("k")
    for number in 1...3 { try await test.engine.signal("n", to: id, number) }
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.result == Array("[1,2]".utf8))
  }

  @Test func `for the first of several goes on with whichever comes`() async throws {
    let test = try await engine { _, context in
      let signal = try await context.signal(anyOf: ["paid", "refused"], timeout: .seconds(60))
      return "\(signal.name) \(try signal.decode(as: Int.self))"
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    try await test.engine.signal("refused", to: id, 3)
    try await test.engine.signal("paid", to: id, 4)
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.result == Array("\"refused 3\"".utf8))
  }

  @Test func `for a signal that does not come is told so`() async throws {
    let test = try await engine { _, context in
      do {
        return try await context.signal("paid", as: String.self, timeout: .seconds(60))
      } catch is WaitTimedOut {
        return "nothing came"
      }
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    test.clock.advance(by: .seconds(61))
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.result == Array("\"nothing came\"".utf8))
  }

  @Test func `is parked although its handler swallows what is thrown`() async throws {
    let ledger = ledger
    let test = try await engine { _, context in
      try? await context.sleep(for: .seconds(60))
      // Nothing more may be done in this attempt.
      try? await context.step("after") { ledger.note("after") }
      return "done"
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .waiting)
    #expect(ledger.all.isEmpty)
    test.clock.advance(by: .seconds(60))
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.result == Array("\"done\"".utf8))
    #expect(ledger.all == ["after"])
  }

  @Test func `can be cancelled, and what it waited for is withdrawn`() async throws {
    let test = try await engine { _, context in
      _ = try await context.signal("paid", as: Int.self, timeout: .seconds(60))
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    _ = try await test.engine.cancel([id], reason: "enough", by: .system)
    #expect(try await test.engine.state(of: id) == .cancelled)
    #expect(try await test.engine.column("SELECT state FROM nightshift_waits") == ["3"])
    test.clock.advance(by: .seconds(61))
    #expect(try await test.runUntilIdle() == 0)
    // Run again, it waits anew.
    _ = try await test.engine.retry([id], by: .system)
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .waiting)
  }

  @Test func `leaves nothing behind when it is discarded`() async throws {
    let test = try await engine { _, context in
      try await context.step("s") { 1 }
      try await context.inform("i", title: "Told")
      _ = try await context.signal("paid", as: Int.self)
    }
    let id = try await test.engine.add("k")
    try await test.engine.signal("other", to: id, 1)
    try await test.runUntilIdle()
    _ = try await test.engine.cancel([id], reason: "enough", by: .system)
    _ = try await test.engine.discard([id], by: .system)
    for table in Migration.tablesOfWaits {
      #expect(try await test.engine.column("SELECT count(*) FROM nightshift_\(table)") == ["0"], "\(table)")
    }
  }
}

@Suite(.timeLimit(.minutes(5))) struct `Two engines with one parked job` {
  @Test func `resume it wherever the signal was sent`() async throws {
    let database = try SharedDatabase()
    let (worker, other) = (try await database.engine(), try await database.engine { $0.queues = ["elsewhere"] })
    try await worker.register("k", payload: Int.self) { _, context in try await context.signal("go", as: Int.self) }
    try await other.refresh()
    try await worker.whileRunning {
      let id = try await other.add("k")
      _ = try await worker.waitUntil(id, is: .waiting)
      #expect(try await other.signal("go", to: id, 5))
      #expect(try await worker.waitUntil(id, is: .completed)?.result == Array("5".utf8))
    }
    await worker.close()
    await other.close()
  }
}

private struct Page: Job {
  static let kind: JobKind = "page"
  var number: Int

  func run(_ context: JobContext) async throws -> Int {
    if number < 0 { throw PermanentFailure("no such page") }
    return number * 10
  }
}

@Suite(.timeLimit(.minutes(5))) struct `A job with children` {
  private func engine(_ body: @escaping @Sendable (JobContext) async throws -> [Int]) async throws -> TestEngine {
    let test = try await TestEngine.fresh()
    try await test.engine.register(Page.self)
    try await test.engine.register("book", payload: Int.self) { _, context in try await body(context) }
    return test
  }

  @Test func `enqueues each once, and gets their results when all have ended`() async throws {
    let test = try await engine { context in
      var pages: [ChildJob] = []
      for number in 1...3 { pages.append(try await context.child("page", Page(number: number))) }
      var results: [Int] = []
      for page in pages { results.append(try await page.result(as: Int.self)) }
      return results
    }
    let id = try await test.engine.add("book")
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.result == Array("[10,20,30]".utf8))
    #expect(try await test.engine.column("SELECT count(*) FROM nightshift_jobs WHERE kind = 'page'") == ["3"])
  }

  @Test func `parks while they run, and goes on at the end of the last`() async throws {
    let test = try await engine { context in
      let later = JobOptions().with(delay: .seconds(60))
      return [try await context.child("late", Page(number: 4), later).result(as: Int.self)]
    }
    let id = try await test.engine.add("book")
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .waiting)
    test.clock.advance(by: .seconds(60))
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.result == Array("[40]".utf8))
  }

  @Test func `is told when one of them has died`() async throws {
    let test = try await engine { context in
      do {
        return [try await context.child("bad", Page(number: -1)).result(as: Int.self)]
      } catch let failure as ChildFailed {
        return [failure.description.hasSuffix("it died: no such page") ? 1 : 0]
      }
    }
    let id = try await test.engine.add("book")
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.result == Array("[1]".utf8))
  }
}

extension JobOptions {
  fileprivate func with(delay: Duration) -> JobOptions {
    var options = self
    options.runAt = .in(delay)
    return options
  }
}
