import Foundation
import Logging
@testable import Nightshift
import NightshiftTesting
import Synchronization
import Testing

private struct Oops: Error {}

@Suite(.timeLimit(.minutes(5))) struct `A worker` {
  @Test func `cancels an attempt that takes longer than its timeout, as a failure`() async throws {
    let test = try await TestEngine.fresh()
    let begun = Signal()
    let options = KindOptions(maxAttempts: 2, backoff: .exponential(jitter: 0), timeout: .seconds(60))
    try await test.engine.register("slow", payload: Int.self, options: options) { _, context in
      #expect(context.deadline == test.clock.date.addingTimeInterval(60))
      begun.signal()
      try await Task.sleep(for: .seconds(3_600))
    }
    let id = try await test.engine.add("slow")
    try await test.engine.whileRunning {
      await begun.wait()
      test.clock.advance(by: .seconds(60))
      let job = try await test.engine.waitUntil(id, is: .scheduled)
      #expect(job?.summary.failures == 1)
      #expect(job?.error?.type == "timeout")
      test.clock.advance(by: .seconds(2))
      await begun.wait()
      test.clock.advance(by: .seconds(60))
      #expect(try await test.engine.waitUntil(id, is: .dead)?.summary.failures == 2)
    }
  }

  @Test func `takes a job's own timeout before its kind's`() async throws {
    let test = try await TestEngine.fresh()
    let seen = Mutex<Date?>(nil)
    try await test.engine.register("k", payload: Int.self, options: KindOptions(timeout: .seconds(60))) {
      _, context in
      seen.withLock { $0 = context.deadline }
    }
    var options = JobOptions()
    options.timeout = .seconds(5)
    _ = try await test.engine.add("k", "1", options)
    try await test.runUntilIdle()
    #expect(seen.withLock { $0 } == test.clock.date.addingTimeInterval(5))
  }

  @Test func `puts off a job that snoozes, without a failure`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, context in
      if context.attempt < 10 { throw Snooze.for(.seconds(60), reason: "not yet") }
    }
    let id = try await test.engine.add("k")
    for attempt in 1...10 {
      #expect(try await test.runUntilIdle() == 1)
      #expect(try await test.runUntilIdle() == 0)
      #expect(try await test.engine.state(of: id) == (attempt < 10 ? .scheduled : .completed))
      test.clock.advance(by: .seconds(60))
    }
    #expect(try await test.engine.job(id)?.summary.failures == 0)
  }

  @Test func `buries a job whose payload does not fit its type`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: [Int].self) { _, _ in }
    let id = try await test.engine.add("k", #"{"a": 1}"#)
    try await test.runUntilIdle()
    let job = try await test.engine.job(id)
    #expect(job?.summary.state == .dead && job?.summary.attempt == 1)
    #expect(job?.error?.type == "DecodingError")
  }

  @Test func `waits as long as the handler asks it to`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, context in
      if context.attempt == 1 { throw RetryableFailure("busy", retryAfter: .seconds(500)) }
    }
    let id = try await test.engine.add("k")
    try await test.runUntilIdle()
    #expect(try await test.engine.job(id)?.summary.runAt == test.clock.now + .seconds(500))
    #expect(try await test.engine.job(id)?.error?.message == "busy")
  }

  @Test func `cancels a job that it has claimed and not begun`() async throws {
    let test = try await TestEngine.fresh(configuration: configuration(concurrency: 1))
    let (begun, release) = (Signal(), Signal())
    try await test.engine.register("k", payload: Int.self) { _, _ in
      begun.signal()
      await release.wait()
    }
    let first = try await test.engine.add("k")
    let second = try await test.engine.add("k")
    try await test.engine.whileRunning {
      await begun.wait()
      _ = try await test.engine.cancel([second], reason: "enough", by: .system)
      let job = try await test.engine.waitUntil(second, is: .cancelled)
      #expect(job?.summary.cancelReason == "enough")
      release.signal()
      _ = try await test.engine.waitUntil(first, is: .completed)
    }
  }

  @Test func `goes on with what waits after the only running job was cancelled`() async throws {
    let test = try await TestEngine.fresh(configuration: configuration(concurrency: 1))
    let begun = Signal()
    try await test.engine.register("forever", payload: Int.self) { _, _ in
      begun.signal()
      try await Task.sleep(for: .seconds(3_600))
    }
    try await test.engine.register("short", payload: Int.self) { _, _ in }
    // Long attempts, so that nothing is claimed ahead.
    test.engine.worker.state.withLock { state in
      for _ in 0..<200 {
        state.buffer.add([ClaimedJob()])
        _ = state.buffer.next()
        state.buffer.finished(after: .seconds(60))
      }
    }
    let first = try await test.engine.add("forever")
    try await test.engine.whileRunning {
      await begun.wait()
      let second = try await test.engine.add("short")
      // Its commit has been noticed once another write has been answered.
      _ = await test.engine.readiness()
      _ = try await test.engine.cancel([first], reason: "enough", by: .system)
      _ = try await test.engine.waitUntil(first, is: .cancelled)
      #expect(try await test.engine.waitUntil(second, is: .completed) != nil)
    }
  }

  @Test func `reports a handler that does not return after it was cancelled`() async throws {
    let test = try await TestEngine.fresh()
    let (begun, release) = (Signal(), Signal())
    try await test.engine.register("deaf", payload: Int.self) { _, _ in
      begun.signal()
      await Task { await release.wait() }.value
    }
    let id = try await test.engine.add("deaf")
    try await test.engine.whileRunning {
      await begun.wait()
      let events = test.engine.events.subscribe(EventFilter(job: id))
      _ = try await test.engine.cancel([id], reason: "enough", by: .system)
      test.clock.advance(by: .seconds(10))
      for try await case .event(_, let event) in events {
        if case .log(_, "error", let message) = event.body {
          #expect(message.contains("did not return within 10s"))
          break
        }
      }
      await eventually { try await test.engine.job(id)?.summary.stuckAt != nil }
      #expect(await test.engine.findings().first { $0.name == "stuck handlers" }?.isFine == false)
      release.signal()
      _ = try await test.engine.waitUntil(id, is: .completed)
    }
  }

  @Test func `holds a job whose kind it lacks, without a failure, until the kind is registered`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self) { _, _ in }
    try await test.engine.unregister("k")
    let id = try await test.engine.add("k")
    #expect(try await test.runUntilIdle() == 1)
    let held = try await test.engine.job(id)
    #expect(held?.summary.state == .ready && held?.summary.hold == Hold(.noWorker))
    #expect(held?.summary.failures == 0 && held?.attempts.isEmpty == true)
    #expect(try await test.runUntilIdle() == 0)
    #expect(await test.engine.findings().first { $0.name == "held jobs" }?.found == "1 × k")

    try await test.engine.register("k", payload: Int.self) { _, _ in }
    #expect(try await test.runUntilIdle() == 1)
    #expect(try await test.engine.state(of: id) == .completed)
  }

  @Test func `releases its own kind from behind thousands of others on hold`() async throws {
    let test = try await TestEngine.fresh()
    for kind in ["a", "b"] as [JobKind] {
      try await test.engine.register(kind, payload: Int.self) { _, _ in }
    }
    try await test.engine.unregister("a")
    try await test.engine.unregister("b")
    let drafts = (0..<1_500).map { _ in JobDraft(kind: "a", payload: [0x31]) }
    _ = try await test.engine.submit(drafts, actor: .system)
    let id = try await test.engine.add("b")
    _ = try await test.engine.store.write { try $0.execute("UPDATE nightshift_jobs SET hold = 1") }
    try await test.engine.register("b", payload: Int.self) { _, _ in }
    #expect(try await test.engine.job(id)?.summary.hold == nil)
  }

  @Test func `leaves a paused queue alone until it is resumed`() async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register("k", payload: Int.self, options: KindOptions(queue: "q")) { _, _ in }
    #expect(try await !test.engine.pause(.queue("q"), by: .system).isNewQueue)
    #expect(try await !test.engine.resume(.queue("none"), by: .system))
    let id = try await test.engine.add("k")
    #expect(try await test.runUntilIdle() == 0)
    #expect(try await test.engine.queues().first { $0.name == "q" }?.pause?.by == "system")
    #expect(try await test.engine.resume(.queue("q"), by: .system))
    #expect(try await test.runUntilIdle() == 1)
    #expect(try await test.engine.state(of: id) == .completed)
  }

  private struct Recorder: JobMiddleware {
    let name: String
    let seen: @Sendable (String) -> Void

    func willEnqueue(_ draft: JobDraft) async throws -> JobDraft {
      seen("\(name) enqueue")
      var draft = draft
      draft.options.tags.append(name)
      return draft
    }

    func aroundRun(_ context: JobContext, next: @Sendable () async throws -> Void) async throws {
      seen("\(name) before")
      defer { seen("\(name) after") }
      try await next()
    }
  }

  @Test func `calls middleware around enqueue and attempt, the first outermost`() async throws {
    let seen = Mutex<[String]>([])
    var configuration = EngineConfiguration()
    configuration.middleware = ["a", "b"].map { name in
      Recorder(name: name) { what in seen.withLock { $0.append(what) } }
    }
    let test = try await TestEngine.fresh(configuration: configuration)
    try await test.engine.register("k", payload: Int.self) { number, context in
      seen.withLock { $0.append("run \(context.tags)") }
      if context.attempt == 1 { throw Oops() }
      return number
    }
    let id = try await test.engine.add("k", "7")
    try await test.runUntilIdle()
    test.clock.advance(by: .seconds(10))
    try await test.runUntilIdle()
    let attempt = ["a before", "b before", #"run ["a", "b"]"#, "b after", "a after"]
    #expect(seen.withLock { $0 } == ["a enqueue", "b enqueue"] + attempt + attempt)
    #expect(try await test.engine.job(id)?.result == Array("7".utf8))
  }

  private func configuration(concurrency: Int) -> EngineConfiguration {
    var configuration = EngineConfiguration()
    configuration.concurrency = concurrency
    return configuration
  }
}
