import Foundation
@testable import Nightshift
import NightshiftTesting
import Synchronization
import Testing

/// What handlers did, in order.
final class Ledger: Sendable {
  private let lines = Mutex<[String]>([])
  func note(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
  func count(_ line: String) -> Int { all.filter { $0 == line }.count }
}

@Suite(.timeLimit(.minutes(5))) struct `A step` {
  private let ledger = Ledger()

  /// An engine whose kind `k` fails at once when an attempt fails, so that a test moves on by retries of its own.
  private func engine(
    _ body: @escaping @Sendable (Int, JobContext) async throws -> some Sendable
  ) async throws -> TestEngine {
    let test = try await TestEngine.fresh()
    try await test.engine.register(
      "k", payload: Int.self, options: KindOptions(backoff: .fixed(.zero)), handler: body)
    return test
  }

  @Test func `that was kept is not run again by a later attempt`() async throws {
    let ledger = ledger
    let test = try await engine { _, context in
      let number = try await context.step("first") {
        ledger.note("first")
        return 7
      }
      ledger.note("between \(number)")
      if context.attempt == 1 { throw RetryableFailure("not yet") }
      return try await context.step("second") { number + 1 }
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    let job = try await test.engine.job(id)
    #expect(job?.summary.state == .completed)
    #expect(job?.result == Array("8".utf8))
    #expect(ledger.all == ["first", "between 7", "between 7"])
  }

  @Test func `is told apart by its occurrence when its name comes again`() async throws {
    let test = try await engine { _, context in
      var numbers: [Int] = []
      for round in 1...3 { numbers.append(try await context.step("again") { round * 10 + context.attempt }) }
      if context.attempt == 1 { throw RetryableFailure("not yet") }
      return numbers
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.result == Array("[11,21,31]".utf8))
  }

  @Test func `that overlaps another of its name needs a key of its own`() async throws {
    let test = try await engine { payload, context in
      let (begun, release) = (Signal(), Signal())
      async let one = context.step("s", key: payload == 1 ? nil : "a") {
        begun.signal()
        await release.wait()
        return 1
      }
      await begun.wait()
      defer { release.signal() }
      let other = try await context.step("s", key: payload == 1 ? nil : "b") { 2 }
      release.signal()
      return [try await one, other]
    }
    let overlapping = try await test.engine.add("k", "1", JobOptions().with(maxAttempts: 1))
    let keyed = try await test.engine.add("k", "2")
    try await test.runUntilIdle()
    #expect(try await test.engine.job(overlapping)?.error?.message.contains("\"s\" is under way already") == true)
    #expect(try await test.engine.job(keyed)?.result == Array("[1,2]".utf8))
  }

  @Test func `whose kept result is of another type says so, and names both`() async throws {
    let test = try await engine { _, context in
      if context.attempt == 1 {
        _ = try await context.step("s") { "text" }
        throw RetryableFailure("not yet")
      }
      _ = try await context.step("s") { 5 }
    }
    let id = try await test.engine.add("k", "1", JobOptions().with(maxAttempts: 2))
    try await test.runUntilIdle()
    let error = try await test.engine.job(id)?.error
    #expect(error?.type == "StepDecodingError")
    #expect(error?.message.contains("The kept result of the step \"s\" is a String and cannot be read as Int") == true)
  }

  @Test func `is tried again as its policy says, within the attempt`() async throws {
    let ledger = ledger
    let test = try await engine { _, context in
      try await context.step("s", retry: StepRetry(maxAttempts: 3, backoff: .fixed(.zero))) {
        ledger.note("try")
        if ledger.count("try") < 3 { throw RetryableFailure("flaky") }
        return ledger.count("try")
      }
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    let job = try await test.engine.job(id)
    #expect(job?.summary.state == .completed && job?.summary.attempt == 1)
    #expect(job?.result == Array("3".utf8))
  }

  @Test func `is not tried again after what ends the attempt in any case`() async throws {
    let ledger = ledger
    let test = try await engine { _, context in
      try await context.step("s", retry: StepRetry(maxAttempts: 3, backoff: .fixed(.zero))) {
        ledger.note("try")
        throw Rejection(title: "Send?", by: "anna", comment: nil)
      }
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    #expect(ledger.count("try") == 1)
    #expect(try await test.engine.state(of: id) == .cancelled)
  }

  @Test func `that takes longer than its timeout fails, and says so`() async throws {
    let test = try await engine { _, context in
      try await context.step("slow", timeout: .seconds(5)) {
        (context.engine.clock as? TestClock)?.advance(by: .seconds(6))
        try await Task.sleep(for: .seconds(3_600))
      }
    }
    let id = try await test.engine.add("k", "1", JobOptions().with(maxAttempts: 1))
    try await test.runUntilIdle()
    #expect(
      try await test.engine.job(id)?.error?.message == "The step \"slow\" took longer than its timeout of 5s.")
  }

  @Test func `may keep one mebibyte, and more is refused by name`() async throws {
    let test = try await engine { payload, context in
      try await context.step("large") { String(repeating: "x", count: payload) }.count
    }
    let fits = try await test.engine.add("k", "\(StepRecord.limit - 2)")
    let tooLarge = try await test.engine.add("k", "\(StepRecord.limit - 1)")
    try await test.runUntilIdle()
    #expect(try await test.engine.job(fits)?.summary.state == .completed)
    let job = try await test.engine.job(tooLarge)
    #expect(job?.summary.state == .dead)
    #expect(job?.error?.message.contains("the result of the step \"large\" has 1048577 bytes") == true)
  }

  @Test(arguments: ["", "a#b", "a~b", String(repeating: "x", count: 201), "a\u{7}"])
  func `with a name that cannot be kept is refused`(_ name: String) async throws {
    let test = try await engine { _, context in try await context.step(name) { 1 } }
    let id = try await test.engine.add("k", "1", JobOptions().with(maxAttempts: 1))
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.error?.type == "FlowError")
  }
}

@Suite(.timeLimit(.minutes(5))) struct `A step that must not run twice` {
  private let ledger = Ledger()

  private func engine(
    _ body: @escaping @Sendable () async throws -> Int
  ) async throws -> TestEngine {
    let test = try await TestEngine.fresh()
    let ledger = ledger
    try await test.engine.register("k", payload: Int.self, options: KindOptions(backoff: .fixed(.zero))) {
      _, context in
      try await context.step("send", .once) {
        ledger.note("send")
        return try await body()
      }
    }
    return test
  }

  /// A job whose step was begun by an attempt that left no trace of its end, as a crash does.
  private func cutOff(_ test: TestEngine) async throws -> JobID {
    let id = try await test.engine.add("k")
    let now = test.clock.now
    _ = try await test.engine.store.write { transaction in
      try transaction.execute(
        """
        INSERT INTO nightshift_steps(job, key, seq, state, attempt, tries, started_at) VALUES(?, 'send', 1, 0, 1, 1, ?)
        """, [SQLValue(id), SQLValue(now)])
      try transaction.execute("UPDATE nightshift_jobs SET attempt = 1 WHERE id = ?", [SQLValue(id)])
    }
    return id
  }

  private func question(_ test: TestEngine, _ id: JobID) async throws -> Checkpoint? {
    var filter = CheckpointFilter()
    (filter.job, filter.states) = (id, [.pending])
    return try await test.engine.checkpoints(filter).checkpoints.first
  }

  @Test func `runs and is kept like any other`() async throws {
    let test = try await engine { 5 }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.result == Array("5".utf8))
    #expect(ledger.all == ["send"])
  }

  @Test func `is a question once it was cut off: it did happen, with this result`() async throws {
    let test = try await engine { 5 }
    let id = try await cutOff(test)
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .waiting)
    let question = try #require(try await question(test, id))
    #expect(question.type == .error && question.choices == ["happened", "again", "fail"])
    _ = try await test.engine.decide(
      question.id, Verdict(.approve, data: .integer(9), choice: "happened"), by: .system)
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.result == Array("9".utf8))
    #expect(ledger.all.isEmpty)
  }

  @Test func `is a question once it was cut off: run it again`() async throws {
    let test = try await engine { 5 }
    let id = try await cutOff(test)
    try await test.runUntilIdle()
    let question = try #require(try await question(test, id))
    _ = try await test.engine.decide(question.id, Verdict(.approve, choice: "again"), by: .system)
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.result == Array("5".utf8))
    #expect(ledger.all == ["send"])
  }

  @Test(arguments: [true, false])
  func `is a question once it was cut off: fail`(_ byChoice: Bool) async throws {
    let test = try await engine { 5 }
    let id = try await cutOff(test)
    try await test.runUntilIdle()
    let question = try #require(try await question(test, id))
    let verdict = byChoice ? Verdict(.approve, choice: "fail") : Verdict(.reject)
    _ = try await test.engine.decide(question.id, verdict, by: .system)
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .dead)
    #expect(ledger.all.isEmpty)
  }

  @Test func `that fails is a question at once, and not run a second time`() async throws {
    let test = try await engine { throw RetryableFailure("half done") }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    #expect(try await test.engine.state(of: id) == .waiting)
    #expect(try #require(try await question(test, id)).body.contains("half done"))
    #expect(ledger.all == ["send"])
  }
}

extension JobOptions {
  func with(maxAttempts: Int) -> JobOptions {
    var options = self
    options.maxAttempts = maxAttempts
    return options
  }
}
