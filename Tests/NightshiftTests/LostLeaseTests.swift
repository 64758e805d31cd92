import Foundation
@testable import Nightshift
import NightshiftTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct `An engine whose lease was taken away` {
  @Test func `cancels its handlers, goes on under a new name, and its late result is refused`() async throws {
    var configuration = EngineConfiguration()
    configuration.leaseDuration = .seconds(3)
    let test = try await TestEngine.fresh(configuration: configuration)
    let engine = test.engine
    let (begun, lost) = (Signal(), Signal())
    let attempts = Mutex<[Int]>([])
    try await engine.register("k", payload: Int.self) { _, context in
      attempts.withLock { $0.append(context.attempt) }
      guard context.attempt == 1 else { return "second" }
      begun.signal()
      await Task { await lost.wait() }.value  // deaf to its cancellation, so that its result comes late
      #expect(context.cancellationReason == .leaseLost)
      let error = await #expect(throws: ArtifactError.self) {
        try await context.attach("late.txt", type: "text/plain", [1])
      }
      #expect(error?.description.contains("lost its lease") == true)
      context.log("too late")
      return "first"
    }
    let former = engine.workerID
    let id = try await engine.add("k")
    try await engine.whileRunning {
      await begun.wait()
      #expect(
        try await engine.store.reclaim(Reclaim(worker: former, now: engine.clock.now, reason: "silent")) == 1)
      // Its next beat, from its own thread, is refused.
      let job = try await engine.waitUntil(id, is: .completed)
      #expect(job?.result == Array(#""second""#.utf8))
      #expect(engine.workerID != former)
      lost.signal()
      await eventually { engine.worker.heldCount == 0 }
      await engine.journal.flushAll()
      let after = try await engine.job(id)
      #expect(after?.summary.attempt == 2 && after?.result == Array(#""second""#.utf8))
      #expect(after?.logs.isEmpty == true && after?.artifacts.isEmpty == true)
      #expect(after?.attempts.map(\.outcome) == ["lost"])
      #expect(try await engine.workers().map(\.id) == [engine.workerID])
      #expect(try await engine.kinds().map(\.workers) == [1])
    }
    #expect(attempts.withLock { $0 } == [1, 2])
  }

  @Test func `notices it at its next claim, too`() async throws {
    let test = try await TestEngine.fresh()
    let engine = test.engine
    try await engine.register("k", payload: Int.self) { _, _ in }
    let former = engine.workerID
    try await engine.whileRunning {
      _ = try await engine.store.reclaim(Reclaim(worker: former, now: engine.clock.now, reason: "silent"))
      let id = try await engine.add("k")
      _ = try await engine.waitUntil(id, is: .completed)
      #expect(engine.workerID != former)
    }
  }

  @Test func `takes one new name, however often it is told`() async throws {
    let test = try await TestEngine.fresh()
    let engine = test.engine
    let former = engine.workerID
    _ = try await engine.store.reclaim(Reclaim(worker: former, now: engine.clock.now, reason: "silent"))
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 { group.addTask { await engine.leaseLost(of: former) } }
    }
    #expect(try await engine.workers().map(\.id) == [engine.workerID])
  }
}

@Suite(.timeLimit(.minutes(5))) struct `The reaper` {
  private let test: TestEngine
  private let reaper: Reaper

  init() async throws {
    test = try await TestEngine.fresh()
    reaper = Reaper(engine: test.engine)
    try await test.engine.register("k", payload: Int.self) { _, _ in }
  }

  /// A row for another process, which has claimed one job.
  private func addWorker(_ process: ProcessIdentity, recorder: String? = nil) async throws -> WorkerID {
    let engine = test.engine
    var identity = try await EngineIdentity.register(
      process, engine.configuration, engine.store, recorder: recorder ?? "none")
    identity.recorderPath = recorder
    _ = try await engine.add("k")
    let request = ClaimRequest(
      worker: identity.worker, now: engine.clock.now, lanes: [.init(.default, limit: 1)], limit: 1)
    #expect(try await engine.store.claim(request).count == 1)
    return identity.worker
  }

  private var elsewhere: ProcessIdentity {
    var process = ProcessIdentity.current()
    process.host = "another host"
    return process
  }

  private func states() async throws -> [String] {
    try await test.engine.column("SELECT state FROM nightshift_jobs")
  }

  @Test func `takes back the jobs of a silent worker when its lease is over, and not before`() async throws {
    _ = try await addWorker(elsewhere)
    test.clock.advance(by: .seconds(3))
    await reaper.look()
    for _ in 0..<4 {
      test.clock.advance(by: .seconds(3))
      await reaper.look()
      #expect(try await states() == ["1"])
    }
    test.clock.advance(by: .seconds(3))
    await reaper.look()
    #expect(try await states() == ["2"])
    #expect(try await test.engine.workers().count == 1)
  }

  @Test func `spares one that beats, however the time of day is set`() async throws {
    let worker = try await addWorker(elsewhere)
    for step in 0..<12 {
      test.clock.advance(by: .seconds(6))
      test.clock.set(test.clock.date.addingTimeInterval(step.isMultiple(of: 2) ? 3_600 : -3_600))
      await reaper.look()
      guard step.isMultiple(of: 2) else { continue }
      await withCheckedContinuation { landed in test.engine.store.beat(worker) { _ in landed.resume() } }
    }
    #expect(try await states() == ["1"])
  }

  @Test func `takes back the jobs of a dead process at once`() async throws {
    var dead = ProcessIdentity.current()
    dead.start += 1  // the number was given to another since
    _ = try await addWorker(dead)
    try await reaper.reapDeadProcesses()
    #expect(try await states() == ["2"])
    #expect(try await test.engine.column("SELECT crashes FROM nightshift_jobs") == ["0"])
  }

  @Test func `blames nobody after the machine was started anew`() async throws {
    var rebooted = ProcessIdentity.current()
    rebooted.boot = "before"
    _ = try await addWorker(rebooted)
    try await reaper.reapDeadProcesses()
    #expect(try await states() == ["2"])
    let reasons = try await test.engine.column("SELECT error_message FROM nightshift_attempts")
    #expect(reasons == ["the machine was started anew"])
  }

  @Test func `leaves the living alone`() async throws {
    _ = try await addWorker(ProcessIdentity.current())
    try await reaper.reapDeadProcesses()
    #expect(try await states() == ["1"])
  }
}

@Suite struct `The identity of a process` {
  private let me = ProcessIdentity.current()

  @Test func `tells the living from the dead`() {
    #expect(me.life(of: me) == .alive)
    var other = me
    other.start -= 1
    #expect(me.life(of: other) == .dead)
    other = me
    other.pid = 4_194_305  // above the kernel's limit
    #expect(me.life(of: other) == .dead)
  }

  @Test func `claims to know only what it can`() {
    var other = me
    other.host = "other"
    #expect(me.life(of: other) == .unknown)
    other = me
    other.boot = "other"
    #expect(me.life(of: other) == .rebooted)
    other = me
    other.pidNamespace = "other"
    #expect(me.life(of: other) == .unknown)
  }
}
