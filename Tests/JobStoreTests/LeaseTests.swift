import Nightshift
import Testing

@Suite struct `Every job store, when a worker is lost` {
  @Test(arguments: StoreUnderTest.allCases)
  func `brings a beat's orders and refuses the beat of a closed row`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    try await store.insert(NewJob(1))
    _ = try await store.claim(by: worker)
    #expect(try await store.beat(worker) == WorkerOrders())
    _ = try await store.change(.cancel(reason: "enough"), 1)
    _ = try await store.write { try $0.execute("UPDATE nightshift_workers SET mode = 'draining'") }
    #expect(try await store.beat(worker) == WorkerOrders(cancel: [1], mode: .draining))
    #expect(try await store.column("SELECT beat FROM nightshift_workers") == ["3"])

    #expect(try await store.reclaim(Reclaim(worker: worker, now: noon, reason: "gone")) == 1)
    let error = await #expect(throws: StoreError.self) { try await store.beat(worker) }
    #expect(error?.code == .leaseLost)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `gives its jobs to the next and refuses its late result`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let (lost, next) = (try await store.addWorker(1), try await store.addWorker(2))
    _ = try await store.insert((1...3).map { NewJob($0) }, now: noon)
    let job = try await store.claim(2, by: lost)[0]
    let other = try await store.claim(1, by: next)[0]
    #expect(try await store.reclaim(Reclaim(worker: lost, now: noon, reason: "gone")) == 2)
    #expect(try await store.look(1) == StoredJob(state: .scheduled, attempt: 1))
    #expect(
      try await store.column("SELECT outcome FROM nightshift_attempts ORDER BY job") == ["lost", "lost"])
    #expect(try await store.settle(job, by: lost, .completed(result: nil)) == .stale)
    #expect(try await store.settle(other, by: next, .completed(result: nil)) == .settled)
    #expect(try await store.promote(now: noon, limit: 9).promoted == 2)
    #expect(try await store.claim(9, by: next).map(\.attempt) == [2, 2])
    #expect(try await store.settle(job, by: lost, .completed(result: nil)) == .stale)
    #expect(try await store.reclaim(Reclaim(worker: lost, now: noon, reason: "again")) == 0)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `spares a worker that has beaten since`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    try await store.insert(NewJob(1))
    _ = try await store.claim(by: worker)  // the first beat
    _ = try await store.beat(worker)
    #expect(try await store.reclaim(Reclaim(worker: worker, now: noon, reason: "silent", beat: 1)) == 0)
    #expect(try await store.state(of: 1) == .running)
    #expect(try await store.reclaim(Reclaim(worker: worker, now: noon, reason: "silent", beat: 2)) == 1)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `buries a job at its third crash, and counts no loss as one`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    _ = try await store.insert([NewJob(1), NewJob(2)], now: noon)
    for number in Int64(1)...3 {
      let worker = try await store.addWorker(number)
      #expect(try await store.claim(2, by: worker).map(\.crashes) == [Int(number) - 1, 0])
      let reclaim = Reclaim(worker: worker, now: noon, reason: "signal 11", crashed: [1])
      #expect(try await store.reclaim(reclaim) == 2)
      _ = try await store.promote(now: noon, limit: 9)
    }
    #expect(try await store.look(1) == StoredJob(state: .dead, attempt: 3, crashes: 3))
    #expect(try await store.look(2) == StoredJob(state: .ready, attempt: 3))
    #expect(try await store.column("SELECT topic FROM nightshift_outbox") == ["dead"])
    let outcomes = try await store.column("SELECT outcome FROM nightshift_attempts WHERE job = 1")
    #expect(outcomes == ["crashed", "crashed", "crashed"])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `ends a job that somebody wanted cancelled`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    try await store.insert(NewJob(1))
    _ = try await store.claim(by: worker)
    _ = try await store.change(.cancel(reason: "enough"), 1)
    _ = try await store.reclaim(Reclaim(worker: worker, now: noon, reason: "gone", crashed: [1]))
    #expect(try await store.state(of: 1) == .cancelled)
    #expect(try await store.column("SELECT cancel_reason FROM nightshift_jobs") == ["enough"])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `makes a job wait longer each time from its eleventh loss on`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    try await store.insert(NewJob(1))
    var waits: [Int64] = []
    var now = noon
    for number in Int64(1)...18 {
      let worker = try await store.addWorker(number)
      #expect(try await store.claim(by: worker, now: now).count == 1)
      _ = try await store.reclaim(Reclaim(worker: worker, now: now, reason: "gone"))
      let runAt = try #require(try await store.look(1)).runAt
      waits.append((runAt - now).microseconds / 1_000_000)
      now = runAt
      _ = try await store.promote(now: now, limit: 1)
    }
    #expect(waits == Array(repeating: 0, count: 10) + [2, 4, 8, 16, 32, 60, 60, 60])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `forgets which kinds it had`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    _ = try await store.write { try $0.execute("INSERT INTO nightshift_kind_workers VALUES('work', 1)") }
    _ = try await store.reclaim(Reclaim(worker: worker, now: noon, reason: "gone"))
    #expect(try await store.count("kind_workers") == 0)
    #expect(try await store.column("SELECT ended_reason FROM nightshift_workers") == ["gone"])
  }
}
