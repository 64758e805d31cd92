import Foundation
import Nightshift
import NightshiftTesting
import Synchronization
import Testing

private struct Greet: Job {
  static let kind: JobKind = "greet"
  var name: String

  func run(_ context: JobContext) async throws -> String {
    context.progress(0.5, "half way")
    context.log("greeting \(name)")
    return "Hello, \(name)"
  }
}

private struct Stumble: Job {
  static let kind: JobKind = "stumble"
  static let options = KindOptions(maxAttempts: 3, backoff: .exponential(jitter: 0))
  var failures: Int

  func run(_ context: JobContext) async throws {
    if context.attempt <= failures { throw Stumbled(attempt: context.attempt) }
  }
}

private struct Stumbled: Error { var attempt: Int }

@Suite struct `An engine` {
  @Test func `runs a job and keeps its result, log and progress`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register(Greet.self)
    let id = try await test.engine.enqueue(Greet(name: "Ada"))
    #expect(try await test.enqueued(Greet.self).map(\.name) == ["Ada"])

    #expect(try await test.runUntilIdle() == 1)

    let job = try #require(try await test.engine.job(id))
    #expect(job.summary.state == .completed)
    #expect(job.result == Array(#""Hello, Ada""#.utf8))
    #expect(job.logs.map(\.message) == ["greeting Ada"])
    #expect(job.progress?.fraction == 0.5)
    #expect(job.attempts.isEmpty)
    #expect(try await test.runUntilIdle() == 0)
  }

  @Test func `tries again after 2 and 4 seconds, and then succeeds`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register(Stumble.self)
    let id = try await test.engine.enqueue(Stumble(failures: 2))
    #expect(try await test.runUntilIdle() == 1)
    test.clock.advance(by: .seconds(2))
    #expect(try await test.runUntilIdle() == 1)
    test.clock.advance(by: .milliseconds(3_999))
    #expect(try await test.runUntilIdle() == 0)
    test.clock.advance(by: .milliseconds(1))
    #expect(try await test.runUntilIdle() == 1)

    let job = try #require(try await test.engine.job(id))
    #expect(job.summary.state == .completed)
    #expect(job.summary.attempt == 3)
    #expect(job.summary.failures == 2)
    #expect(job.attempts.map(\.outcome) == ["failed", "failed"])
  }

  @Test func `buries a job that is out of attempts, and a person's retry starts it over`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register(Stumble.self)
    let id = try await test.engine.enqueue(Stumble(failures: 3))
    for _ in 0..<3 {
      #expect(try await test.runUntilIdle() == 1)
      test.clock.advance(by: .seconds(10))
    }
    let dead = try #require(try await test.engine.job(id))
    #expect(dead.summary.state == .dead)
    #expect(dead.error?.type == "Stumbled")

    _ = try await test.engine.retry([id], by: .system)
    #expect(try await test.runUntilIdle() == 1)
    let job = try #require(try await test.engine.job(id))
    #expect(job.summary.state == .completed)
    #expect(job.summary.attempt == 4)
    #expect(job.summary.failures == 0)
  }

  @Test func `runs thousands of jobs in the background and stops in good order`() async throws {
    let test = try await TestEngine.fresh()
    let engine = test.engine
    let seen = Mutex(Set<Int>())
    let done = AsyncStream<Void>.makeStream()
    try await engine.register("count", payload: Int.self) { number, _ in
      let all = seen.withLock { seen in
        seen.insert(number)
        return seen.count
      }
      if all == 5_000 { done.continuation.finish() }
    }
    let run = Task { try await engine.run() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for start in 0..<50 {
        group.addTask {
          for number in start * 100..<(start + 1) * 100 {
            _ = try await engine.submit([JobDraft(kind: "count", payload: Array("\(number)".utf8))], actor: .system)
          }
        }
      }
      try await group.waitForAll()
    }
    for await _ in done.stream {}
    await engine.stop()
    try await run.value
    let counts = try await engine.queues().first { $0.name == "default" }?.counts ?? [:]
    #expect(counts[.completed] == 5_000)
    #expect(counts[.ready, default: 0] == 0)
    #expect(counts[.running, default: 0] == 0)
  }

  @Test func `cancels a running job`() async throws {
    let test = try await TestEngine.fresh()
    let engine = test.engine
    let begun = AsyncStream<JobID>.makeStream()
    try await engine.register("wait", payload: Int.self) { _, context in
      begun.continuation.yield(context.id)
      try await Task.sleep(for: .seconds(3600))
    }
    let run = Task { try await engine.run() }
    let id = try await engine.submit([JobDraft(kind: "wait", payload: Array("1".utf8))], actor: .system)[0].id
    for await begun in begun.stream where begun == id { break }
    #expect(try await engine.cancel([id], reason: "enough", by: .system) == [.changed(.running)])
    let job = try await engine.waitForEnd(of: id, timeout: .seconds(3600))
    #expect(job?.summary.state == .cancelled)
    #expect(job?.summary.cancelReason == "enough")
    await engine.stop()
    try await run.value
  }
}
