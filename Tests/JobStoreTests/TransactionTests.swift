import Nightshift
import Testing

private struct Refused: Error, Equatable {}

@Suite struct `Every database under a job store` {
  @Test(arguments: StoreUnderTest.allCases)
  func `undoes a write that throws, and hands on its error`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    await #expect(throws: Refused.self) {
      try await store.write { transaction in
        _ = try transaction.insert([NewJob(1)], now: noon)
        throw Refused()
      }
    }
    #expect(try await store.count("jobs") == 0)
    #expect(try await store.count("queues") == 0)
    #expect(try await store.counters().kept.isEmpty)
  }

  private static let errors: [any Error & Sendable] = [
    Refused(), StoreError(.conflict, "c"), StoreError(.invalid, "i"), StoreError(.overloaded, "o"),
    StoreError(.leaseLost, "l"), StoreError(.wrongVersion, "w"), StoreError(.corrupt, "c"),
  ]

  @Test(arguments: StoreUnderTest.allCases, errors.indices)
  func `lets a write's failure undo that write alone, whatever it throws`(
    _ database: StoreUnderTest, _ index: Int
  ) async throws {
    let store = try database.make()
    let failed = await withTaskGroup(of: Bool.self) { group in
      for id in Int64(1)...100 {
        group.addTask {
          do {
            try await store.write { transaction in
              _ = try transaction.insert([NewJob(id, queue: QueueName(stored: "q\(id)"))], now: noon)
              if id % 10 == 0 { throw Self.errors[index] }
            }
            return false
          } catch {
            return true
          }
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(failed == 10)
    #expect(try await store.count("jobs") == 90)
    #expect(try await store.count("queues") == 90)
    let counters = try await store.counters()
    #expect(counters.kept == counters.counted)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `makes several verbs and statements one transaction`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    try await store.insert(NewJob(1))
    let job = try await store.claim(by: worker)[0]
    let settlement = Settlement(
      job, worker: worker, startedAt: noon, endedAt: noon, outcome: .completed(result: nil))
    let outcome = try await store.write { transaction in
      try transaction.lock("nightshift_jobs", where: "id = ?", [1])
      let settled = try transaction.settle([settlement])
      _ = try transaction.insert([NewJob(2)], now: noon)
      _ = try transaction.change(.cancel(reason: "r"), of: [2], now: noon)
      try transaction.audit("test", "jobs", by: .system, at: noon, detail: ["a": 1])
      return settled
    }
    #expect(outcome == [.settled])
    #expect(try await store.state(of: 2) == .cancelled)
    #expect(try await store.column("SELECT detail FROM nightshift_audit") == [#"{"a":1}"#])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `reads one snapshot, and only reads`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    await #expect(throws: StoreError.self) {
      try await store.read { try $0.query("DELETE FROM nightshift_jobs") }
    }
    let error = await #expect(throws: StoreError.self) {
      try await store.read { try $0.query("SELECT FROM WHERE") }
    }
    #expect(error?.code == .invalid)
    #expect(
      try await store.read { try $0.query("SELECT ?, ?, ?", [nil, 1, "a"]) }.map(\.values) == [[nil, 1, "a"]])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `says what is wrong with a statement's values`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let error = await #expect(throws: StoreError.self) {
      try await store.write { try $0.execute("DELETE FROM nightshift_jobs WHERE id = ?", []) }
    }
    #expect(error?.code == .invalid)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `answers what was handed in before it was closed, and refuses the rest`(
    _ database: StoreUnderTest
  ) async throws {
    let test = try database.make()
    let store = try test.another()
    async let landed = store.insert(NewJob(1))
    _ = try await landed
    await store.close()
    await store.close()
    let write = await #expect(throws: StoreError.self) { try await store.insert(NewJob(2)) }
    let read = await #expect(throws: StoreError.self) { try await store.count("jobs") }
    #expect(write?.code == .unavailable && read?.code == .unavailable)
    #expect(try await test.count("jobs") == 1)
  }
}
