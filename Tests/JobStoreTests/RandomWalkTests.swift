import Nightshift
import TestSupport
import Testing

/// Does the same random things to a store and to the model, and compares what they say.
private struct Walk {
  let store: any Store
  var model = JobModel()
  var random: SeededGenerator
  var now = noon
  var nextID: Int64 = 1
  var nextWorker: Int64 = 1
  var workers: [WorkerID] = []
  /// Every attempt that was ever begun: most are over, and their settlements must be refused.
  var attempts: [(job: ClaimedJob, worker: WorkerID)] = []

  init(_ store: any Store, seed: UInt64) async throws {
    self.store = store
    random = SeededGenerator(seed: seed)
    for _ in 0..<3 { try await addWorker() }
  }

  mutating func addWorker() async throws {
    workers.append(try await store.addWorker(nextWorker))
    nextWorker += 1
  }

  mutating func step() async throws {
    now = now + .milliseconds(Int.random(in: 0...2_000, using: &random))
    switch Int.random(in: 0..<100, using: &random) {
    case ..<25: try await insert()
    case ..<45: try await claim()
    case ..<70: try await settle()
    case ..<80: try await promote()
    case ..<93: try await change()
    case ..<96: try await reclaim()
    default: try await prune()
    }
  }

  private mutating func anyID() -> JobID { JobID(rawValue: Int64.random(in: 1...nextID, using: &random)) }

  private mutating func insert() async throws {
    var jobs: [NewJob] = []
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let delay = Int.random(in: -5...5, using: &random)
      var job = NewJob(nextID, queue: Bool.random(using: &random) ? "a" : "b", runAt: now + .seconds(delay))
      job.priority = Priority.allCases.randomElement(using: &random)!
      if Int.random(in: 0..<8, using: &random) == 0 { job.hold = Hold(.foreground) }
      if Int.random(in: 0..<4, using: &random) == 0 {
        job.key = KeyClaim(scope: "s", key: "\(Int.random(in: 0..<5, using: &random))")
      }
      nextID += 1
      jobs.append(job)
    }
    let outcomes = try await store.insert(jobs, now: now)
    for (job, outcome) in zip(jobs, outcomes) { #expect(outcome == model.insert(job, now: now)) }
  }

  private mutating func claim() async throws {
    let worker = workers.randomElement(using: &random)!
    let lanes = (["a", "b"] as [QueueName]).shuffled(using: &random).map { queue in
      ClaimRequest.Lane(queue, limit: Int.random(in: 1...4, using: &random))
    }
    let request = ClaimRequest(
      worker: worker, now: now, lanes: lanes, limit: Int.random(in: 1...6, using: &random))
    let jobs = try await store.claim(request)
    #expect(jobs.map(\.id) == model.claim(request))
    attempts += jobs.map { ($0, worker) }
  }

  private mutating func settle() async throws {
    var settlements: [Settlement] = []
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      guard let (job, worker) = attempts.suffix(40).randomElement(using: &random) else { return }
      let failure = Failure(type: "t", message: "m")
      nextID += 1
      let wait = WaitDraft(id: nextID, key: "w\(nextID)", kind: .time, dueAt: now + .seconds(3))
      let outcomes: [Settlement.Outcome] = [
        .completed(result: [1]), .completed(result: nil), .runAgain(at: now + .seconds(2), .retry(failure)),
        .runAgain(at: now, .shutdown), .runAgain(at: now + .seconds(1), .snooze(reason: nil)), .dead(failure),
        .cancelled(reason: "r"), .held(Hold(.noWorker)), .parked([wait]),
      ]
      // Sometimes by somebody who never had it.
      let by = Int.random(in: 0..<10, using: &random) == 0 ? workers.randomElement(using: &random)! : worker
      settlements.append(
        Settlement(
          job, worker: by, startedAt: now, endedAt: now, outcome: outcomes.randomElement(using: &random)!))
    }
    let outcomes = try await store.settle(settlements)
    for (settlement, outcome) in zip(settlements, outcomes) { #expect(outcome == model.settle(settlement)) }
  }

  private mutating func promote() async throws {
    #expect(try await store.promote(now: now, limit: 100_000).promoted == model.promote(now: now))
  }

  private mutating func change() async throws {
    let id = anyID()
    let changes: [JobChange] = [
      .cancel(reason: "r"), .retry(payload: nil), .retry(payload: [1]), .discard, .release(.noWorker),
      .release(.foreground), .markStuck(attempt: 1),
    ]
    let change = changes.randomElement(using: &random)!
    #expect(try await store.change(change, id, now: now) == model.change(change, id, now: now))
  }

  private mutating func reclaim() async throws {
    let index = workers.indices.randomElement(using: &random)!
    let lost = workers.remove(at: index)
    let mine = attempts.suffix(30).filter { $0.worker == lost }.map(\.job.id)
    let crashed = Set(mine.filter { _ in Bool.random(using: &random) })
    let reclaim = Reclaim(worker: lost, now: now, reason: "lost", crashed: crashed)
    #expect(try await store.reclaim(reclaim) == model.reclaim(reclaim))
    try await addWorker()
  }

  private mutating func prune() async throws {
    let ids = Array(Set((0..<5).map { _ in anyID() }))
    #expect(try await store.prune(ids) == model.prune(ids))
  }

  func compare() async throws {
    let stored = try await store.lookAtAll()
    #expect(stored == model.jobs.mapValues(\.job))
    let counters = try await store.counters()
    #expect(counters.kept == counters.counted)
    #expect(try await store.count("payloads") == stored.count)
  }
}

@Suite struct `A random walk over every job store` {
  @Test(arguments: StoreUnderTest.allCases, [1, 2, 3] as [UInt64])
  func `agrees with the model at each step`(_ database: StoreUnderTest, _ seed: UInt64) async throws {
    let test = try database.make()
    var walk = try await Walk(test, seed: seed)
    for step in 1...1_000 {
      try await walk.step()
      if step.isMultiple(of: 50) { try await walk.compare() }
    }
    try await walk.compare()
  }
}
