import Nightshift
import Testing

@Suite struct `Every job store, when jobs are claimed` {
  @Test(arguments: StoreUnderTest.allCases)
  func `gives the most urgent first, then the longest due, then the oldest`(_ database: StoreUnderTest)
    async throws
  {
    let store = try database.make()
    let worker = try await store.addWorker()
    func job(_ id: Int64, _ priority: Priority, _ age: Int) -> NewJob {
      NewJob(id, runAt: noon - .seconds(age)).with { $0.priority = priority }
    }
    let jobs = [
      job(1, .low, 9), job(2, .normal, 1), job(3, .normal, 2), job(4, .high, 0), job(6, .normal, 1),
      job(5, .critical, 0),
    ]
    _ = try await store.insert(jobs, now: noon)
    let claimed = try await store.claim(9, by: worker)
    #expect(claimed.map(\.id.rawValue) == [5, 4, 3, 2, 6, 1])
    #expect(try await store.claim(9, by: worker).isEmpty)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `takes no more than asked for, in all and from each lane`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    let ids = (Int64(1)...30)
    _ = try await store.insert(
      ids.map { NewJob($0, queue: $0 <= 10 ? "a" : $0 <= 20 ? "b" : "c") }, now: noon)
    let lanes: [ClaimRequest.Lane] = [.init("b", limit: 3), .init("a", limit: 9)]
    let claimed = try await store.claim(ClaimRequest(worker: worker, now: noon, lanes: lanes, limit: 8))
    #expect(claimed.map(\.id.rawValue) == [11, 12, 13, 1, 2, 3, 4, 5])
    #expect(try await store.claim(99, from: ["c", "none"], by: worker).count == 10)
    #expect(try await store.claim(99, from: [], by: worker).isEmpty)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `never gives a job to two`(_ database: StoreUnderTest) async throws {
    let test = try database.make()
    let stores = [test, try test.another()]
    let total: Int64 = 3_000
    _ = try await test.insert((1...total).map { NewJob($0) }, now: noon)
    let claims = try await withThrowingTaskGroup(of: [JobID].self) { group in
      for number in Int64(1)...4 {
        let store = stores[Int(number) % 2]
        let worker = try await store.addWorker(number)
        group.addTask {
          var mine: [JobID] = []
          while case let jobs = try await store.claim(Int.random(in: 1...60), by: worker), !jobs.isEmpty {
            mine += jobs.map(\.id)
          }
          return mine
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(claims.count == Int(total))
    #expect(Set(claims).count == Int(total))
    await stores[1].close()
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `gives one job by its id, held or not, and only once`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    _ = try await store.insert(
      [NewJob(1), NewJob(2).with { $0.hold = Hold(.foreground) }, NewJob(3, runAt: noon + .seconds(1))],
      now: noon)
    func only(_ id: JobID) async throws -> [JobID] {
      try await store.claim(ClaimRequest(worker: worker, now: noon, lanes: [], limit: 1, only: id)).map(\.id)
    }
    #expect(try await only(2) == [2])
    #expect(try await store.look(2) == StoredJob(state: .running, attempt: 1))
    #expect(try await only(2) == [])
    #expect(try await only(3) == [])
    #expect(try await only(99) == [])
    #expect(try await store.state(of: 1) == .ready)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `counts a claim as a beat, and refuses a worker that is not listed`(_ database: StoreUnderTest)
    async throws
  {
    let store = try database.make()
    let worker = try await store.addWorker()
    try await store.insert(NewJob(1))
    let error = await #expect(throws: StoreError.self) { try await store.claim(by: WorkerID(rawValue: 9)) }
    #expect(error?.code == .leaseLost)
    #expect(try await store.look(1) == StoredJob(state: .ready))
    _ = try await store.claim(by: worker)
    #expect(try await store.column("SELECT beat FROM nightshift_workers") == ["1"])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `lands what is written beside a claim that is refused`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    _ = try await store.insert((1...20).map { NewJob($0) }, now: noon)
    let refused = await withTaskGroup(of: StoreError.Code?.self) { group in
      for id in Int64(21)...60 {
        group.addTask {
          do throws(StoreError) {
            try await store.insert(NewJob(id))
            return nil
          } catch {
            return error.code
          }
        }
        group.addTask {
          do throws(StoreError) {
            _ = try await store.claim(by: WorkerID(rawValue: 9))
            return nil
          } catch {
            return error.code
          }
        }
      }
      return await group.compactMap(\.self).reduce(into: []) { $0.append($1) }
    }
    #expect(refused == Array(repeating: .leaseLost, count: 40))
    #expect(try await store.counters().kept == ["default/0": 60])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `gives nothing from a paused queue, and nothing to a worker that was told to stop`(
    _ database: StoreUnderTest
  ) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    try await store.insert(NewJob(1))
    func write(_ sql: String) async throws { _ = try await store.write { try $0.execute(sql) } }
    try await write("UPDATE nightshift_queues SET paused_at = 1")
    #expect(try await store.claim(by: worker).isEmpty)
    try await write("UPDATE nightshift_queues SET paused_at = NULL")
    try await write("UPDATE nightshift_workers SET mode = 'stopped'")
    #expect(try await store.claim(by: worker).isEmpty)
    try await write("UPDATE nightshift_workers SET mode = 'running'")
    #expect(try await store.claim(by: worker).map(\.id) == [1])
  }
}
