import Nightshift
import Testing

/// Whatever a store keeps in memory of gates, what the rows say decides.
@Suite struct `Every job store, when limits are counted` {
  /// One job of each key at a time.
  private static let one = Gate(id: 1, name: "one", reason: .limit, key: .key, concurrency: 1)

  private func job(_ number: Int64, _ key: String, _ gate: Gate = Self.one) -> NewJob {
    NewJob(number).with { job in
      job.limitKey = key
      let facts = GateFacts(limitKey: key, organization: nil, owner: nil, payload: [])
      job.lane = GateSet([gate]).lane(queue: "default", kind: "work", facts)
    }
  }

  private func limited(_ store: some Store) -> some Store {
    store.apply(GateSet([Self.one]))
    return store
  }

  /// Adds a job and tells which ones a claim finds.
  private func next(_ store: some Store, _ number: Int64, _ key: String, by worker: WorkerID) async throws -> [JobID] {
    try await store.insert(job(number, key))
    return try await store.claim(9, by: worker).map(\.id)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `counts what another process begins and ends`(_ database: StoreUnderTest) async throws {
    let test = try database.make()
    let (here, there) = (limited(test), limited(try test.another()))
    let (mine, theirs) = (try await here.addWorker(1), try await here.addWorker(2))
    try await here.insert(job(1, "a"))
    let first = try await here.claim(9, by: mine)
    #expect(first.map(\.id) == [1])
    #expect(try await next(here, 2, "a", by: mine).isEmpty)
    try await there.settle(first[0], by: mine, .completed(result: nil))
    #expect(try await next(here, 3, "a", by: mine) == [3])
    try await there.insert(job(4, "b"))
    let foreign = try await there.claim(9, by: theirs)
    #expect(foreign.map(\.id) == [4])
    #expect(try await next(here, 5, "b", by: mine).isEmpty)
    try await there.settle(foreign[0], by: theirs, .runAgain(at: noon + .seconds(60), .snooze(reason: nil)))
    #expect(try await next(here, 6, "b", by: mine) == [6])
    await there.close()
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `counts no end that was rolled back, and no beginning`(_ database: StoreUnderTest) async throws {
    struct Undone: Error {}
    let store = limited(try database.make())
    let worker = try await store.addWorker()
    _ = try await store.insert([job(1, "a"), job(2, "b")], now: noon)
    let claimed = try await store.claim(9, by: worker)
    #expect(claimed.map(\.id) == [1, 2])
    let ends = claimed.map {
      Settlement($0, worker: worker, startedAt: noon, endedAt: noon, outcome: .completed(result: nil))
    }
    await #expect(throws: Undone.self) {
      _ = try await store.write { transaction in
        _ = try transaction.settle([ends[0]])
        throw Undone()
      }
    }
    #expect(try await next(store, 3, "a", by: worker).isEmpty)
    #expect(try await store.settle([ends[1]]) == [.settled])
    #expect(try await next(store, 4, "b", by: worker) == [4])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `counts a lost worker's jobs no more`(_ database: StoreUnderTest) async throws {
    let store = limited(try database.make())
    let (lost, worker) = (try await store.addWorker(1), try await store.addWorker(2))
    #expect(try await next(store, 1, "a", by: lost) == [1])
    #expect(try await next(store, 2, "a", by: worker).isEmpty)
    #expect(try await store.reclaim(Reclaim(worker: lost, now: noon, reason: "gone")) == 1)
    #expect(try await next(store, 3, "a", by: worker) == [3])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `counts no job that has ended in another way than well`(_ database: StoreUnderTest) async throws {
    let store = limited(try database.make())
    let worker = try await store.addWorker()
    let ends: [Settlement.Outcome] = [
      .dead(Failure(type: "t", message: "m")), .cancelled(reason: "r"), .held(Hold(.noWorker)),
      .runAgain(at: noon + .seconds(9), .retry(Failure(type: "t", message: "m"))),
      .parked([WaitDraft(id: 1, key: "s", kind: .time, dueAt: noon + .seconds(9))]),
    ]
    for (index, end) in ends.enumerated() {
      let number = Int64(index) * 2 + 1
      try await store.insert(job(number, "a"))
      let claimed = try await store.claim(9, by: worker)
      #expect(claimed.map(\.id.rawValue) == [number])
      #expect(try await next(store, number + 1, "a", by: worker).isEmpty)
      try await store.settle(claimed[0], by: worker, end)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `counts a job that was claimed by its id`(_ database: StoreUnderTest) async throws {
    let store = limited(try database.make())
    let worker = try await store.addWorker()
    #expect(try await next(store, 1, "b", by: worker) == [1])
    try await store.insert(job(2, "a"))
    let only = ClaimRequest(worker: worker, now: noon, lanes: [], limit: 1, only: 2)
    let claimed = try await store.claim(only)
    #expect(claimed.map(\.id) == [2])
    #expect(try await next(store, 3, "a", by: worker).isEmpty)
    try await store.settle(claimed[0], by: worker, .completed(result: nil))
    #expect(try await next(store, 4, "a", by: worker) == [4])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `counts by the limits that there are now`(_ database: StoreUnderTest) async throws {
    let store = limited(try database.make())
    let worker = try await store.addWorker()
    try await store.insert(job(1, "a"))
    let first = try await store.claim(9, by: worker)
    // A limit in place of the first one: what runs is written anew, as whoever sets one does it.
    let two = Gate(id: 2, name: "two", reason: .limit, key: .key, concurrency: 1)
    _ = try await store.write { transaction in
      try transaction.session.writeLanes([(1, GateSet([two]).lane(queue: "default", kind: "work", facts("a"))!)])
    }
    store.apply(GateSet([two]))
    try await store.insert(job(2, "a", two))
    #expect(try await store.claim(9, by: worker).isEmpty)
    // It still says the lane that it had when it was claimed.
    try await store.settle(first[0], by: worker, .completed(result: nil))
    _ = try await store.insert([job(3, "a", two), job(4, "a", two)], now: noon)
    #expect(try await store.claim(9, by: worker).map(\.id) == [3])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `counts a job once that also says a limit which is gone`(_ database: StoreUnderTest) async throws {
    let store = limited(try database.make())
    let worker = try await store.addWorker()
    #expect(try await next(store, 1, "a", by: worker) == [1])
    try await store.insert(job(2, "a").with { $0.lane = "9:x\n" + $0.lane! })
    #expect(try await store.claim(9, by: worker).isEmpty)
  }

  private func facts(_ key: String) -> GateFacts {
    GateFacts(limitKey: key, organization: nil, owner: nil, payload: [])
  }

  // MARK: Turns

  /// The keys of all jobs that are ready, in the order in which they are claimed.
  private func order(_ store: some Store, _ keys: [JobID: String], by worker: WorkerID) async throws -> [String] {
    try await store.claim(1_000, by: worker).map { keys[$0.id]! }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `goes on with turns where another process has left off, or nearly`(_ database: StoreUnderTest) async throws {
    let test = try database.make()
    let fair = Gate(id: 3, name: "fair", reason: .limit, key: .key, concurrency: 1_000)
    let (here, there) = (test, try test.another())
    for store in [here as any Store, there] { store.apply(GateSet([fair])) }
    let worker = try await here.addWorker()
    var keys: [JobID: String] = [:]
    func add(_ store: any Store, _ numbers: ClosedRange<Int64>, _ key: String, _ name: String) async throws {
      _ = try await store.insert(numbers.map { job($0, key, fair) }, now: noon)
      for number in numbers { keys[JobID(rawValue: number)] = name }
    }
    try await add(here, 1...40, "many", "here")
    try await add(there, 41...60, "many", "there")
    try await add(here, 61...80, "many", "again")
    try await add(there, 81...82, "few", "few")
    let order = try await order(here, keys, by: worker)
    #expect(order.count == 82)
    #expect(order.lastIndex(of: "few")! <= 6)
    // A process may begin a few turns too early, and not at the front.
    #expect(order.firstIndex(of: "there")! >= 30)
    #expect(order.firstIndex(of: "again")! >= 48)
    await there.close()
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `gives turns anew that were rolled back, and none before those that were not`(
    _ database: StoreUnderTest
  ) async throws {
    struct Undone: Error {}
    let store = try database.make()
    let fair = Gate(id: 3, name: "fair", reason: .limit, key: .key, concurrency: 1_000)
    store.apply(GateSet([fair]))
    let worker = try await store.addWorker()
    _ = try await store.insert((1...20).map { job($0, "many", fair) }, now: noon)
    let undone = (21...40).map { job($0, "many", fair) }
    await #expect(throws: Undone.self) {
      _ = try await store.write { transaction in
        _ = try transaction.insert(undone, now: noon)
        throw Undone()
      }
    }
    _ = try await store.insert([job(41, "many", fair), job(42, "few", fair)], now: noon)
    let claimed = try await store.claim(99, by: worker).map(\.id.rawValue)
    #expect(claimed.count == 22)
    #expect(claimed.last == 41)
    #expect(claimed.firstIndex(of: 42)! <= 1)
  }
}
