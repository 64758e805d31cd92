@testable import Nightshift
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct `Two engines on one database` {
  private let database: SharedDatabase

  init() throws { database = try SharedDatabase() }

  /// One that works, and one that only looks on: it serves a queue that nobody uses.
  ///
  /// - Parameter lease: The worker beats five times within it.
  private func pair(lease: Duration = .seconds(15)) async throws -> (worker: Engine, other: Engine) {
    let worker = try await database.engine { $0.leaseDuration = lease }
    return (worker, try await database.engine { $0.queues = ["elsewhere"] })
  }

  private func whileBothRun<Value>(
    _ first: Engine, _ second: Engine, _ body: () async throws -> Value
  ) async throws -> Value {
    let value = try await first.whileRunning { try await second.whileRunning(body) }
    await first.close()
    await second.close()
    return value
  }

  @Test func `share the work, and no job runs twice`() async throws {
    let (first, second) = (try await database.engine(), try await database.engine())
    for engine in [first, second] { try await engine.register("k", payload: Int.self) { _, _ in } }
    try await whileBothRun(first, second) {
      let drafts = (0..<500).map { _ in JobDraft(kind: "k", payload: [0x31]) }
      let ids = try await first.submit(drafts, actor: .system).map(\.id)
      for id in ids { _ = try await first.waitForEnd(of: id, timeout: .seconds(240)) }
      #expect(
        try await first.column("SELECT DISTINCT state || ' ' || attempt FROM nightshift_jobs") == ["5 1"])
    }
  }

  @Test func `cancel each other's running jobs at once`() async throws {
    // A beat would bring it as well, but not within this test.
    let (worker, other) = try await pair(lease: .seconds(3_600))
    let begun = Signal()
    try await worker.register("wait", payload: Int.self) { _, _ in
      begun.signal()
      try await Task.sleep(for: .seconds(3_600))
    }
    try await other.refresh()
    try await whileBothRun(worker, other) {
      let id = try await other.add("wait")
      await begun.wait()
      #expect(try await other.cancel([id], reason: "enough", by: .system) == [.changed(.running)])
      let job = try await worker.waitUntil(id, is: .cancelled)
      #expect(job?.summary.cancelReason == "enough")
    }
  }

  @Test func `see each other's transitions, log lines and progress`() async throws {
    let (worker, other) = try await pair()
    let (begun, release) = (Signal(), Signal())
    try await worker.register("k", payload: Int.self) { _, context in
      begun.signal()
      await release.wait()
      context.log("a line")
      context.progress(0.25, "a quarter")
      try context.emit("note", ["a": 1])
      await release.wait()
    }
    try await other.refresh()
    try await whileBothRun(worker, other) {
      let id = try await other.add("k")
      let events = other.events.subscribe(EventFilter(job: id))
      await begun.wait()
      // Until the worker writes its transitions down for us, and our look at the job has been taken.
      await eventually { worker.foreignEvents.audience.elsewhere != nil && other.foreignEvents.follows(id) }
      release.signal()
      var seen: Set<String> = []
      for try await case .event(_, let event) in events {
        switch event.body {
        case .log(_, _, let message): seen.insert(message)
        case .progress(let fraction, _): seen.insert("\(fraction)")
        case .custom(let name, let data): seen.insert("\(name) \(data)")
        case .signal, .checkpoint: break
        case .state(let state, _): seen.insert(state.rawValue)
        }
        if seen.isSuperset(of: ["a line", "0.25", #"note {"a":1}"#]) { release.signal() }
        if seen.contains("completed") { break }
      }
      #expect(seen.isSuperset(of: ["a line", "0.25", #"note {"a":1}"#, "completed"]))
    }
  }

  @Test func `see what people do through the other`() async throws {
    let (worker, other) = try await pair()
    try await worker.register("k", payload: Int.self) { _, context in
      _ = try await context.signal("go", as: Int.self)
      _ = try await context.approval("send", title: "Send it?")
    }
    try await other.refresh()
    try await whileBothRun(worker, other) {
      let id = try await other.add("k")
      let events = try await other.listen(EventFilter(job: id))
      await eventually { worker.foreignEvents.audience.elsewhere != nil }
      #expect(try await worker.signal("go", to: id, 7))
      let ada = Actor(id: "ada", role: .approver)
      var seen: [String] = []
      for try await case .event(_, let event) in events {
        if case .signal(let name, let by) = event.body { seen.append("\(name) by \(by)") }
        if case .checkpoint(let asked, "send", "Send it?", let state, let verdict, let by) = event.body {
          seen.append("\(state) \(verdict ?? "-") by \(by)")
          if state == .pending { _ = try await worker.decide(asked, Verdict(.approve), by: ada) }
        }
        if seen.count == 3 { break }
      }
      #expect(seen == ["go by system", "pending - by system", "approved approved by ada"])
      _ = try await other.waitForEnd(of: id, timeout: .seconds(240))
    }
  }

  @Test func `wait for the end of a job that the other runs, however short it is`() async throws {
    let (worker, other) = try await pair()
    try await worker.register("k", payload: Int.self) { _, _ in }
    try await other.refresh()
    try await whileBothRun(worker, other) {
      let clock = ContinuousClock()
      let start = clock.now
      let id = try await other.add("k")
      let job = try await other.waitForEnd(of: id, timeout: .seconds(240))
      #expect(job?.summary.state == .completed)
      // One that is not told looks again only when the time is over.
      #expect(clock.now - start < .seconds(120))
    }
  }

  @Test func `leave jobs to whoever has their kind`() async throws {
    let (first, second) = (try await database.engine(), try await database.engine())
    try await second.register("k", payload: Int.self) { _, _ in }
    try await first.refresh()
    // The one that lacks the kind claims it first.
    let id = try await first.add("k")
    #expect(try await first.runDueJobs() == 1)
    #expect(try await first.job(id)?.summary.hold == Hold(.noWorker))
    try await second.whileRunning {
      _ = try await second.waitUntil(id, is: .completed)
    }
    await first.close()
    await second.close()
  }

  @Test func `obey commands that were given to the other, and pauses`() async throws {
    let (worker, other) = try await pair()
    try await worker.register("k", payload: Int.self) { _, _ in }
    try await other.refresh()
    try await whileBothRun(worker, other) {
      #expect(try await other.command(.stopped, worker: worker.workerID, by: .system) == 1)
      await eventually { worker.worker.mode == .stopped }
      let id = try await other.add("k")
      #expect(try await other.workers().first { $0.id == worker.workerID }?.mode == .stopped)
      _ = try await other.command(.running, worker: worker.workerID, by: .system)
      _ = try await worker.waitUntil(id, is: .completed)
      try await other.pause(.default)
      await eventually { worker.worker.state.withLock { !$0.lanes.contains("default") } }
      #expect(try await other.resume(.queue(.default), by: .system))
      let next = try await other.add("k")
      _ = try await worker.waitUntil(next, is: .completed)
    }
  }

  @Test func `start stopped when all were told to stop`() async throws {
    let first = try await database.engine()
    #expect(try await first.command(.stopped, worker: nil, by: .system) == 1)
    await first.close()
    let second = try await database.engine()
    #expect(second.worker.mode == .stopped)
    #expect(try await second.command(.running, worker: nil, by: .system) == 1)
    await second.close()
    let third = try await database.engine()
    #expect(third.worker.mode == .running)
    await third.close()
  }

  @Test func `take the node that the other has given back`() async throws {
    let (first, second) = (try await database.engine(), try await database.engine())
    #expect(try await first.column("SELECT node FROM nightshift_workers ORDER BY node") == ["0", "1"])
    await first.close()
    let third = try await database.engine()
    #expect(
      try await third.column("SELECT node FROM nightshift_workers WHERE ended_at IS NULL ORDER BY node") == [
        "0", "1",
      ])
    await second.close()
    await third.close()
  }
}
