import Nightshift
import Testing

@Suite struct `Every job store, when jobs wait for others` {
  @Test(arguments: StoreUnderTest.allCases)
  func `lets a job run when the last of those that it waits for has completed`(
    _ database: StoreUnderTest
  ) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    let outcomes = try await store.insert([NewJob(1), NewJob(2), NewJob(3).after(1, 2)], now: noon)
    #expect(outcomes == [.inserted(.ready), .inserted(.ready), .inserted(.blocked)])
    try await store.run(1, by: worker)
    #expect(try await store.state(of: 3) == .blocked)
    let later = noon + .seconds(60)
    try await store.run(2, by: worker, at: later)
    let job = try #require(try await store.look(3))
    #expect(job.state == .ready && job.runAt == later, "it was not due while it was blocked")
    try await store.run(3, by: worker, at: later)
    #expect(try await store.openDependencies() == 0)
    let counters = try await store.counters()
    #expect(counters.kept == counters.counted)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `schedules a job that is due later still`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    let due = noon + .seconds(3_600)
    _ = try await store.insert([NewJob(1), NewJob(2, runAt: due).after(1)], now: noon)
    try await store.run(1, by: worker)
    let job = try #require(try await store.look(2))
    #expect(job.state == .scheduled && job.runAt == due)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `counts what has ended already`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    _ = try await store.insert([NewJob(1), NewJob(2)], now: noon)
    try await store.run(1, by: worker)
    try await store.run(2, by: worker, .dead(Failure(type: "t", message: "m")))
    let jobs = [
      NewJob(11).after(1), NewJob(12).after(2), NewJob(13).after(2, onDeath: .hold),
      NewJob(14).after(2, onDeath: .goOn),
      NewJob(15).after(12), NewJob(16).after(2, onDeath: .start), NewJob(17).after(1, onDeath: .start),
    ]
    let outcomes = try await store.insert(jobs, now: noon)
    let states: [JobState] = [.ready, .cancelled, .blocked, .ready, .cancelled, .ready, .cancelled]
    #expect(outcomes == states.map { .inserted($0) }, "also of what was cancelled with another one of the batch")
    #expect(try await store.look(13)?.hold == Hold.Reason.dependencyDied.rawValue)
    #expect(try await store.state(of: 15) == .cancelled)
    #expect(try await store.state(of: 16) == .ready)
    #expect(try await store.state(of: 17) == .cancelled)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `cancels all that hangs on a job that dies, with reasons that name it`(
    _ database: StoreUnderTest
  ) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    let jobs = [NewJob(1), NewJob(2).after(1), NewJob(3).after(2), NewJob(4)]
    _ = try await store.insert(jobs, now: noon)
    try await store.run(1, by: worker, .dead(Failure(type: "t", message: "m")))
    #expect(try await store.state(of: 2) == .cancelled)
    #expect(try await store.state(of: 3) == .cancelled)
    #expect(try await store.state(of: 4) == .ready)
    let reasons = try await store.column("SELECT cancel_reason FROM nightshift_jobs WHERE id IN (2, 3) ORDER BY id")
    #expect(
      reasons == ["its dependency \(JobID(rawValue: 1)) died", "its dependency \(JobID(rawValue: 2)) was cancelled"])
    // A retry brings back nothing that was cancelled.
    _ = try await store.change(.retry(payload: nil), 1)
    try await store.run(1, by: worker)
    #expect(try await store.state(of: 2) == .cancelled)
    let counters = try await store.counters()
    #expect(counters.kept == counters.counted)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `does the same when a person cancels the job`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    _ = try await store.insert([NewJob(1), NewJob(2).after(1), NewJob(3).after(1, onDeath: .goOn)], now: noon)
    _ = try await store.change(.cancel(reason: "enough"), 1)
    #expect(try await store.state(of: 2) == .cancelled)
    #expect(try await store.state(of: 3) == .ready)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `does the same when the job's worker crashes once too often`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    _ = try await store.insert([NewJob(1), NewJob(2).after(1, onDeath: .hold)], now: noon)
    _ = try await store.claim(by: worker)
    #expect(
      try await store.reclaim(
        Reclaim(worker: worker, now: noon, reason: "died", crashed: [1], crashLimit: 1)) == 1)
    #expect(try await store.state(of: 1) == .dead)
    #expect(try await store.look(2)?.hold == Hold.Reason.dependencyDied.rawValue)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `leaves jobs blocked while the one that they wait for is lost and runs again`(
    _ database: StoreUnderTest
  ) async throws {
    let store = try database.make()
    let (lost, worker) = (try await store.addWorker(1), try await store.addWorker(2))
    _ = try await store.insert([NewJob(1), NewJob(2).after(1)], now: noon)
    _ = try await store.claim(by: lost)
    _ = try await store.reclaim(Reclaim(worker: lost, now: noon, reason: "gone"))
    #expect(try await store.state(of: 2) == .blocked)
    _ = try await store.promote(now: noon, limit: 10)
    try await store.run(1, by: worker)
    #expect(try await store.state(of: 2) == .ready)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `holds a job until the dead one was run again and completed`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    _ = try await store.insert([NewJob(1), NewJob(2), NewJob(3).after(1, 2, onDeath: .hold)], now: noon)
    try await store.run(1, by: worker, .dead(Failure(type: "t", message: "m")))
    #expect(try await store.look(3)?.hold == Hold.Reason.dependencyDied.rawValue)
    _ = try await store.change(.retry(payload: nil), 1)
    try await store.run(1, by: worker)
    var job = try #require(try await store.look(3))
    #expect(job.state == .blocked && job.hold == 0)
    try await store.run(2, by: worker)
    job = try #require(try await store.look(3))
    #expect(job.state == .ready && job.hold == 0)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `lets a held job go on when a person says so`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    _ = try await store.insert([NewJob(1), NewJob(2), NewJob(3).after(1, 2, onDeath: .hold)], now: noon)
    #expect(try await store.change(.release(.dependencyDied), 3) == .refused(.blocked))
    try await store.run(1, by: worker, .dead(Failure(type: "t", message: "m")))
    #expect(try await store.change(.release(.dependencyDied), 3) == .changed(.blocked))
    try await store.run(2, by: worker)
    #expect(try await store.state(of: 3) == .ready)
    _ = try await store.insert([NewJob(4).after(1, onDeath: .hold)], now: noon)
    #expect(try await store.change(.release(.dependencyDied), 4) == .changed(.ready))
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `starts a job that waits for a death at the first one`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    let jobs = [NewJob(1), NewJob(2), NewJob(3).after(1, 2, onDeath: .start), NewJob(4).after(1, onDeath: .start)]
    _ = try await store.insert(jobs, now: noon)
    try await store.run(1, by: worker)
    #expect(try await store.state(of: 3) == .blocked)
    #expect(try await store.state(of: 4) == .cancelled, "nothing can die any more")
    try await store.run(2, by: worker, .dead(Failure(type: "t", message: "m")))
    #expect(try await store.state(of: 3) == .ready)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `waits for the holder of a key in place of the job that was not added`(
    _ database: StoreUnderTest
  ) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    let key = KeyClaim(scope: "s", key: "k")
    try await store.insert(NewJob(1).with { $0.key = key })
    let outcomes = try await store.insert([NewJob(2).with { $0.key = key }, NewJob(3).after(2)], now: noon)
    #expect(outcomes == [.duplicate(of: 1), .inserted(.blocked)])
    try await store.run(1, by: worker)
    #expect(try await store.state(of: 3) == .ready)
    // Where that would close a cycle, nothing is added.
    let cycle = [
      NewJob(11).with { $0.key = key }.after(12), NewJob(12).after(13), NewJob(13).with { $0.key = key },
    ]
    let error = await #expect(throws: StoreError.self) { try await store.insert(cycle, now: noon) }
    let names = ([11, 12, 11] as [Int64]).map { "\(JobID(rawValue: $0))" }.joined(separator: " → ")
    #expect(error?.message.contains(names) == true, "\(error.debugDescription)")
    #expect(try await store.look(12) == nil)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `refuses to wait for a job that is not there`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let error = await #expect(throws: StoreError.self) {
      try await store.insert([NewJob(1), NewJob(2).after(99)], now: noon)
    }
    #expect(error?.message.contains("\(JobID(rawValue: 99))") == true)
    #expect(try await store.look(1) == nil)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `waits for nothing any more once a person has cancelled it`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    _ = try await store.insert([NewJob(1), NewJob(2).after(1)], now: noon)
    #expect(try await store.change(.cancel(reason: "r"), 2) == .changed(.cancelled))
    #expect(try await store.openDependencies() == 0)
    #expect(try await store.change(.retry(payload: nil), 2) == .changed(.ready))
    try await store.run(1, by: worker)
    #expect(try await store.state(of: 2) == .ready)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `releases ten thousand at once`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    let jobs = [NewJob(1)] + (2...10_001).map { NewJob($0).after(1) }
    _ = try await store.insert(jobs, now: noon)
    try await store.run(1, by: worker)
    #expect(try await store.column("SELECT count(*) FROM nightshift_jobs WHERE state = 0") == ["10000"])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `works on before the schema has its tables`(_ database: StoreUnderTest) async throws {
    let older = Migration.core.filter { $0.number != 3 }
    let test = try database.make(older)
    let newer = try test.another()
    let worker = try await newer.addWorker()
    try await newer.insert(NewJob(1))
    try await newer.run(1, by: worker)
    _ = try await newer.migrate()
    _ = try await newer.insert([NewJob(2), NewJob(3).after(2)], now: noon)
    try await newer.run(2, by: worker)
    #expect(try await newer.state(of: 3) == .ready)
    await newer.close()
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `deletes what an old job waited for, and a workflow with its last job`(
    _ database: StoreUnderTest
  ) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    let jobs = [NewJob(1), NewJob(2).after(1), NewJob(3).after(1)]
    _ = try await store.insert(jobs, now: noon)
    try await store.write { transaction in
      try transaction.execute("INSERT INTO nightshift_workflows VALUES(7, 'w', 1, 'somebody')")
      for (job, ref) in [(1, "a"), (2, "b")] as [(Int, String)] {
        try transaction.execute(
          """
          INSERT INTO nightshift_workflow_jobs(workflow, ref, position, job, kind) VALUES(7, ?, ?, ?, 'work')
          """, [.text(ref), SQLValue(job), SQLValue(job)])
      }
    }
    for id in [1, 2, 3] { try await store.run(JobID(rawValue: Int64(id)), by: worker) }
    #expect(try await store.prune([3, 1]) == 2)
    #expect(try await store.column("SELECT job FROM nightshift_dependencies") == ["2"])
    #expect(try await store.column("SELECT outcome FROM nightshift_workflow_jobs ORDER BY ref") == ["5", "NULL"])
    #expect(try await store.prune([2]) == 1)
    for table in ["dependencies", "workflow_jobs", "workflows"] {
      #expect(try await store.count(table) == 0, "\(table)")
    }
  }
}

extension NewJob {
  func after(_ ids: JobID..., onDeath: NewDependency.Policy = .cancel) -> NewJob {
    with { $0.dependencies = ids.map { NewDependency($0, onDeath: onDeath) } }
  }
}

extension Store {
  /// Claims one job by its id and ends its attempt.
  func run(
    _ id: JobID, by worker: WorkerID, _ outcome: Settlement.Outcome = .completed(result: nil), at now: Timestamp = noon
  ) async throws {
    let request = ClaimRequest(worker: worker, now: now, lanes: [], limit: 1, only: id)
    let job = try #require(try await claim(request).first, "job \(id) is not ready")
    try await settle(job, by: worker, outcome, at: now)
  }

  func openDependencies() async throws -> Int {
    Int(try await column("SELECT count(*) FROM nightshift_dependencies WHERE state = 0")[0]) ?? -1
  }
}
