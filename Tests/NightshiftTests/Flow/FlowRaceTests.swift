@testable import Nightshift
import Testing

@Suite(.timeLimit(.minutes(5))) struct `Several processes at one parked job` {
  private let database: SharedDatabase

  init() throws { database = try SharedDatabase() }

  /// One that works, and one that only looks on.
  private func pair() async throws -> (worker: Engine, other: Engine) {
    let worker = try await database.engine()
    return (worker, try await database.engine { $0.queues = ["elsewhere"] })
  }

  private func whileWorking(_ worker: Engine, _ other: Engine, _ body: () async throws -> Void) async throws {
    try await other.refresh()
    try await worker.whileRunning(body)
    await worker.close()
    await other.close()
  }

  @Test func `count each of several people once, however they come together`() async throws {
    let (worker, other) = try await pair()
    try await worker.register("k", payload: Int.self) { _, context in
      var options = CheckpointOptions()
      options.reviewers = .anyOf(["ada", "ben", "cy"], required: 2)
      return try await context.approval("send", title: "Send?", options: options).by
    }
    try await whileWorking(worker, other) {
      for _ in 0..<10 {
        let id = try await other.add("k")
        _ = try await worker.waitUntil(id, is: .waiting)
        var filter = CheckpointFilter()
        filter.job = id
        let checkpoint = try #require(try await other.checkpoints(filter).checkpoints.first)
        let states = await withTaskGroup(of: CheckpointState?.self) { group in
          for (name, engine) in [("ada", worker), ("ben", other), ("cy", worker), ("ada", other)] {
            group.addTask {
              // Whoever is too late, or comes twice, is refused.
              try? await engine.decide(checkpoint.id, Verdict(.approve), by: Actor(id: name, role: .member)).state
            }
          }
          return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(states.compactMap(\.self).count { $0 == .approved } == 1)
        #expect(states.compactMap(\.self).count { $0 == .pending } == 1)
        let job = try await worker.waitUntil(id, is: .completed)
        #expect(job?.summary.attempt == 2, "it was resumed once")
        let decisions = try await other.checkpoint(checkpoint.id)?.decisions
        #expect(Set(decisions?.map(\.actor) ?? []).count == 2)
      }
    }
  }

  @Test func `lose no signal that is sent while the job is being parked`() async throws {
    let (worker, other) = try await pair()
    let begun = Signal()
    try await worker.register("k", payload: Int.self) { _, context in
      if context.attempt == 1 { begun.signal() }
      return try await context.signal("go", as: Int.self)
    }
    try await whileWorking(worker, other) {
      for round in 0..<30 {
        let id = try await other.add("k")
        await begun.wait()
        // At the moment at which the attempt ends, more or less.
        #expect(try await other.signal("go", to: id, round))
        let job = try await worker.waitForEnd(of: id, timeout: .seconds(240))
        #expect(job?.result == Array("\(round)".utf8))
      }
    }
  }
}

@Suite(.timeLimit(.minutes(5))) struct `A worker that is lost` {
  enum Point: String, CaseIterable, Sendable {
    case beforeTheStep, inTheStep, afterTheStep
  }

  /// Runs a job with one step on a worker that others take for dead at `point`, and then on the next worker.
  private func run(
    _ mode: StepMode, lostAt point: Point, _ ledger: Ledger
  ) async throws -> (job: JobDetail?, question: Checkpoint?) {
    let database = try SharedDatabase()
    let (first, second) = (try await database.engine(), try await database.engine())
    for engine in [first, second] {
      try await engine.register("k", payload: Int.self) { [engineID = engine.workerID] _, context in
        @Sendable func lose(at here: Point) async throws {
          guard engineID == first.workerID, here == point else { return }
          let now = second.clock.now
          _ = try await second.store.reclaim(Reclaim(worker: engineID, now: now, reason: "taken for dead"))
        }
        try await lose(at: .beforeTheStep)
        let value = try await context.step("s", mode) {
          ledger.note("step")
          try await lose(at: .inTheStep)
          return 5
        }
        try await lose(at: .afterTheStep)
        return value
      }
    }
    let id = try await first.add("k")
    _ = try await first.runDueJobs(limit: 1)
    _ = try await second.runDueJobs()
    let job = try await second.job(id)
    var filter = CheckpointFilter()
    filter.job = id
    let question = try await second.checkpoints(filter).checkpoints.first
    await first.close()
    await second.close()
    return (job, question)
  }

  @Test(arguments: Point.allCases)
  func `costs a step that was not kept another run, and one that was none`(_ point: Point) async throws {
    let ledger = Ledger()
    let (job, _) = try await run(.repeatable, lostAt: point, ledger)
    #expect(job?.summary.state == .completed && job?.result == Array("5".utf8))
    // What the lost one does before it has begun is not known to anybody, and its result is refused.
    #expect(ledger.all.count == (point == .afterTheStep ? 1 : 2))
  }

  @Test(arguments: Point.allCases)
  func `starts a step that must not run twice once at most`(_ point: Point) async throws {
    let ledger = Ledger()
    let (job, question) = try await run(.once, lostAt: point, ledger)
    #expect(ledger.all.count == 1)
    switch point {
    case .inTheStep:
      #expect(job?.summary.state == .waiting)
      #expect(question?.type == .error && question?.state == .pending)
    case .beforeTheStep, .afterTheStep:
      #expect(job?.summary.state == .completed && job?.result == Array("5".utf8))
      #expect(question == nil)
    }
  }
}
