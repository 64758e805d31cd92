import Foundation
@testable import Nightshift
import NightshiftTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct `A worker that stops` {
  private let test: TestEngine
  private let begun = Signal()
  private let release = Signal()

  init() async throws {
    var configuration = EngineConfiguration()
    configuration.concurrency = 1
    test = try await TestEngine.fresh(configuration: configuration)
    let (begun, release) = (begun, release)
    try await test.engine.register("wait", payload: Int.self) { _, context in
      begun.signal()
      await release.wait()
      try context.checkCancellation()
    }
  }

  /// Moves the clock on until the body is done, for waits whose beginning nobody can see.
  private func movingTheClock(_ body: @escaping @Sendable () async -> Void) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await body() }
      group.addTask { [clock = test.clock] in
        while !Task.isCancelled {
          clock.advance(by: .milliseconds(100))
          try? await Task.sleep(for: .milliseconds(1))  // cancelled: the loop ends
        }
      }
      await group.next()
      group.cancelAll()
    }
  }

  @Test func `lets its handlers finish within the grace period and claims nothing more`() async throws {
    let first = try await test.engine.add("wait")
    let second = try await test.engine.add("wait")
    let run = Task { try await test.engine.run() }
    await begun.wait()
    async let stopped: Void = test.engine.stop(gracePeriod: .seconds(3_600))
    await eventually { test.engine.worker.state.withLock(\.isStopping) }
    release.signal()
    await stopped
    try await run.value
    #expect(try await test.engine.state(of: first) == .completed)
    let waiting = try await test.engine.job(second)
    #expect(waiting?.summary.state == .ready || waiting?.summary.state == .scheduled)
    #expect(waiting?.summary.failures == 0)
    #expect(try await test.engine.column("SELECT ended_reason FROM nightshift_workers") == ["stopped"])
  }

  @Test func `cancels its handlers after the grace period and gives their jobs back without a failure`()
    async throws
  {
    let id = try await test.engine.add("wait")
    let run = Task { try await test.engine.run() }
    await begun.wait()
    await test.engine.stop(gracePeriod: .zero)
    try await run.value
    let job = try await test.engine.job(id)
    #expect(job?.summary.state == .scheduled || job?.summary.state == .ready)
    #expect(job?.summary.failures == 0 && job?.summary.crashes == 0)
    #expect(job?.attempts.map(\.outcome) == ["interrupted"])
  }

  @Test func `does the same when its task is cancelled`() async throws {
    let id = try await test.engine.add("wait")
    let run = Task { try await test.engine.run() }
    await begun.wait()
    run.cancel()
    release.signal()
    try await run.value
    #expect(try await test.engine.state(of: id) == .completed)
  }

  @Test func `takes back the job of a handler that does not return`() async throws {
    let deaf = Signal()
    try await test.engine.register("deaf", payload: Int.self) { [begun] _, _ in
      begun.signal()
      await Task { await deaf.wait() }.value
    }
    let id = try await test.engine.add("deaf")
    let run = Task { try await test.engine.run() }
    await begun.wait()
    await movingTheClock { [engine = test.engine] in await engine.stop(gracePeriod: .zero) }
    try await run.value
    #expect(try await test.engine.state(of: id)?.isTerminal == false)
    #expect(try await test.engine.column("SELECT outcome FROM nightshift_attempts") == ["lost"])
    deaf.signal()
  }

  @Test func `leaves no child of a handler behind that does not return`() async throws {
    let deaf = Signal()
    // Not Foundation's `Process`: a run of all tests side by side has crashed in it.
    let variable = "\(OrphanedChildren.variable)=\(test.engine.workerID)"
    let words: [UnsafeMutablePointer<CChar>?] = ["sleep", "3600", variable].map { (word: String) in strdup(word) }
    defer { for word in words { free(word) } }
    var child: pid_t = 0
    #expect(posix_spawn(&child, "/bin/sleep", nil, nil, [words[0], words[1], nil], [words[2], nil]) == 0)
    try await test.engine.register("deaf", payload: Int.self) { [begun] _, _ in
      begun.signal()
      await Task { await deaf.wait() }.value
    }
    _ = try await test.engine.add("deaf")
    let run = Task { try await test.engine.run() }
    await begun.wait()
    await movingTheClock { [engine = test.engine] in await engine.stop(gracePeriod: .zero) }
    try await run.value
    var status: Int32 = 0
    #expect(waitpid(child, &status, 0) == child)
    #expect(status & 0x7f == SIGKILL)
    deaf.signal()
  }

  @Test func `ends once nothing is under way when it is told to drain`() async throws {
    let id = try await test.engine.add("wait")
    let run = Task { try await test.engine.run() }
    await begun.wait()
    #expect(try await test.engine.command(.draining, worker: nil, by: .system) == 1)
    let next = try await test.engine.add("wait")
    release.signal()
    try await run.value
    #expect(try await test.engine.state(of: id) == .completed)
    #expect(try await test.engine.state(of: next) == .ready)
  }

  @Test func `stands by once it has drained where the process has more to do, and can be started again`() async throws {
    var configuration = EngineConfiguration()
    configuration.endsWhenDrained = false
    let test = try await TestEngine.fresh(configuration: configuration)
    try await test.engine.register("wait", payload: Int.self) { [begun, release] _, _ in
      begun.signal()
      await release.wait()
    }
    try await test.engine.whileRunning {
      let id = try await test.engine.add("wait")
      await begun.wait()
      _ = try await test.engine.command(.draining, worker: nil, by: .system)
      let next = try await test.engine.add("wait")
      release.signal()
      _ = try await test.engine.waitUntil(id, is: .completed)
      await eventually { test.engine.worker.heldCount == 0 }
      #expect(try await test.engine.state(of: next) == .ready)
      _ = try await test.engine.command(.running, worker: nil, by: .system)
      release.signal()
      _ = try await test.engine.waitUntil(next, is: .completed)
    }
  }

  @Test func `ends also when it is stopped while it drains`() async throws {
    _ = try await test.engine.add("wait")
    let run = Task { try await test.engine.run() }
    await begun.wait()
    _ = try await test.engine.command(.draining, worker: nil, by: .system)
    // Until it waits for its last job to end.
    for _ in 0..<100 { await Task.yield() }
    async let stopped: Void = test.engine.stop(gracePeriod: .seconds(3_600))
    await eventually { test.engine.worker.state.withLock(\.isStopping) }
    for _ in 0..<100 { await Task.yield() }
    release.signal()
    await stopped
    try await run.value
  }

  @Test func `does not begin to run afterwards`() async throws {
    await test.engine.stop()
    try await test.engine.run()
    #expect(try await test.engine.column("SELECT ended_reason FROM nightshift_workers") == ["stopped"])
  }

  @Test func `claims nothing while it is told to stand still, and goes on when told to`() async throws {
    #expect(try await test.engine.command(.stopped, worker: nil, by: .system) == 1)
    let id = try await test.engine.add("wait")
    release.signal()
    try await test.engine.whileRunning {
      _ = await test.engine.readiness()
      #expect(try await test.engine.state(of: id) == .ready)
      #expect(await !test.engine.readiness().workerIsExpected)
      _ = try await test.engine.command(.running, worker: test.engine.workerID, by: .system)
      _ = try await test.engine.waitUntil(id, is: .completed)
    }
  }
}
