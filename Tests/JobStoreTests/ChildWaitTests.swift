import Nightshift
import Testing

@Suite(.timeLimit(.minutes(5))) struct `Every job store, when a parked job waits for another's end` {
  private func wait(_ id: Int64, for child: JobID) -> WaitDraft {
    var wait = WaitDraft(id: id, key: "child", kind: .child)
    wait.target = child
    return wait
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `resumes it when the other ends, however that is`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    let ends: [Settlement.Outcome] = [
      .completed(result: nil), .dead(Failure(type: "t", message: "m")), .cancelled(reason: "r"),
    ]
    for (round, end) in ends.enumerated() {
      let (parent, child) = (Int64(round * 10 + 1), Int64(round * 10 + 2))
      _ = try await store.insert([NewJob(parent), NewJob(child)], now: noon)
      try await store.run(JobID(rawValue: parent), by: worker, .parked([wait(parent, for: JobID(rawValue: child))]))
      #expect(try await store.state(of: JobID(rawValue: parent)) == .waiting)
      try await store.run(JobID(rawValue: child), by: worker, end)
      #expect(try await store.state(of: JobID(rawValue: parent)) == .ready)
    }
    // One that has ended is not waited for.
    try await store.insert(NewJob(99))
    try await store.run(99, by: worker, .parked([wait(99, for: 2)]))
    #expect(try await store.state(of: 99) == .ready)
    let counters = try await store.counters()
    #expect(counters.kept == counters.counted)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `misses no end while it is being parked`(_ database: StoreUnderTest) async throws {
    let test = try database.make()
    let other = try test.another()
    let (first, second) = (try await test.addWorker(1), try await test.addWorker(2))
    for round in 1...40 as ClosedRange<Int64> {
      let (parent, child) = (JobID(rawValue: round * 2), JobID(rawValue: round * 2 + 1))
      _ = try await test.insert([NewJob(parent.rawValue), NewJob(child.rawValue)], now: noon)
      async let parked: Void = test.run(parent, by: first, .parked([wait(round, for: child)]))
      async let ended: Void = other.run(child, by: second)
      _ = try await (parked, ended)
      #expect(try await test.state(of: parent) == .ready, "round \(round)")
      try await test.run(parent, by: first)
    }
    await other.close()
  }
}
