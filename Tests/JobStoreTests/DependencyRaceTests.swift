import Nightshift
import Testing

/// Several stores over one database, as several processes have it.
@Suite(.timeLimit(.minutes(5))) struct `Every job store, when jobs that others wait for end at the same moment` {
  private func open(_ test: TestStore, _ count: Int) throws -> [any Store] {
    try [test] + (1..<count).map { _ in try test.another() }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `starts a fan-in of two hundred once, whoever settles the last of them`(
    _ database: StoreUnderTest
  ) async throws {
    let test = try database.make()
    let stores = try open(test, 4)
    var workers: [WorkerID] = []
    for number in 1...4 { workers.append(try await test.addWorker(Int64(number))) }
    for round in 0..<3 {
      let base = Int64(round * 1_000 + 1)
      let parts = (0..<200).map { NewJob(base + $0) }
      let last = NewJob(base + 500).with { $0.dependencies = parts.map { NewDependency($0.id) } }
      _ = try await test.insert(parts + [last], now: noon)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (store, worker) in zip(stores, workers) {
          group.addTask {
            let jobs = try await store.claim(50, by: worker)
            try await withThrowingTaskGroup(of: Void.self) { settlements in
              for job in jobs {
                settlements.addTask { _ = try await store.settle(job, by: worker, .completed(result: nil)) }
              }
              try await settlements.waitForAll()
            }
          }
        }
        try await group.waitForAll()
      }
      // What a claim has passed over, since another was at it.
      while let job = try await test.claim(by: workers[0]).first, job.id != last.id {
        try await test.settle(job, by: workers[0], .completed(result: nil))
      }
      let versions = try await test.column(
        "SELECT state || ' ' || attempt || ' ' || version FROM nightshift_jobs WHERE id = ?", [SQLValue(last.id)])
      #expect(versions == ["1 1 3"], "blocked, ready once, claimed once")
      #expect(try await test.openDependencies() == 0)
    }
    for store in stores.dropFirst() { await store.close() }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `misses no end of a job that is being settled while another begins to wait for it`(
    _ database: StoreUnderTest
  ) async throws {
    let test = try database.make()
    let other = try test.another()
    let worker = try await test.addWorker()
    for round in 1...80 as ClosedRange<Int64> {
      let (id, waiting) = (JobID(rawValue: round * 2), JobID(rawValue: round * 2 + 1))
      try await test.insert(NewJob(id.rawValue))
      let job = try #require(try await test.claim(by: worker).first)
      async let settled = test.settle(job, by: worker, .completed(result: nil))
      async let added = other.insert([NewJob(waiting.rawValue).after(id)], now: noon)
      _ = try await (settled, added)
      #expect(try await test.state(of: waiting) == .ready, "round \(round)")
      try await test.run(waiting, by: worker)
    }
    #expect(try await test.openDependencies() == 0)
    await other.close()
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `adds nothing that would wait for a job which was pruned meanwhile, and names it`(
    _ database: StoreUnderTest
  ) async throws {
    let test = try database.make()
    let error = await #expect(throws: StoreError.self) { try await test.insert(NewJob(2).after(JobID(rawValue: 1))) }
    #expect(error?.code == .overtaken && error?.message.contains("\(JobID(rawValue: 1))") == true)
    #expect(try await test.count("jobs") == 0)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `comes to one end where dependencies complete, die and are cancelled at once`(
    _ database: StoreUnderTest
  ) async throws {
    let test = try database.make()
    let other = try test.another()
    let (first, second) = (try await test.addWorker(1), try await test.addWorker(2))
    for round in 0..<20 {
      let base = Int64(round * 10 + 1)
      let ids = (0..<3).map { JobID(rawValue: base + $0) }
      let waiting = JobID(rawValue: base + 5)
      _ = try await test.insert(
        ids.map { NewJob($0.rawValue) }
          + [NewJob(waiting.rawValue).with { $0.dependencies = ids.map { NewDependency($0, onDeath: .goOn) } }],
        now: noon)
      let one = try #require(try await test.claim(by: first).first)
      let two = try #require(try await other.claim(by: second).first)
      async let completed = test.settle(one, by: first, .completed(result: nil))
      async let died = other.settle(two, by: second, .dead(Failure(type: "t", message: "m")))
      async let cancelled = test.change(.cancel(reason: "r"), ids[2])
      _ = try await (completed, died, cancelled)
      #expect(try await test.state(of: waiting) == .ready, "round \(round)")
      try await test.run(waiting, by: first)
    }
    let counters = try await test.counters()
    #expect(counters.kept == counters.counted)
    await other.close()
  }
}
