import Nightshift
import Testing

@Suite struct `Every job store, when something is paused` {
  private func pause(
    _ name: String, until: Timestamp? = nil, _ store: TestStore, _ job: Int64 = 1
  ) async throws {
    _ = try await store.write { transaction in
      try transaction.execute(
        """
        INSERT INTO nightshift_queues(name, created_at, paused_at, paused_until) VALUES(?, 0, 1, ?)
        ON CONFLICT(name) DO UPDATE SET paused_at = 1, paused_until = excluded.paused_until
        """, [.text(name), SQLValue(until)])
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `gives no job while everything is paused`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    _ = try await store.insert([NewJob(1), NewJob(2, queue: "other")], now: noon)
    try await pause("*", store)
    #expect(try await store.claim(5, from: [.default, "other"], by: worker).isEmpty)
    _ = try await store.write { try $0.execute("UPDATE nightshift_queues SET paused_at = NULL") }
    #expect(try await store.claim(5, from: [.default, "other"], by: worker).count == 2)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `ends what is over, once, and says when the next one is`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let other = try store.another()
    let (first, second) = (noon + .seconds(60), noon + .seconds(90))
    try await pause("default", until: first, store)
    try await pause("*", until: second, store)
    try await pause("endless", store)
    #expect(try await store.promote(now: first - .microseconds(1), limit: 10).nextDue == first)
    async let one = store.promote(now: first, limit: 10)
    async let two = other.promote(now: first, limit: 10)
    #expect(try await [one.nextDue, two.nextDue] == [second, second])
    #expect(
      try await store.column("SELECT name FROM nightshift_queues WHERE paused_at IS NOT NULL ORDER BY name")
        == ["*", "endless"])
    #expect(try await store.promote(now: second, limit: 10).nextDue == nil)
    #expect(
      try await store.column("SELECT actor || ' ' || verb || ' ' || subject FROM nightshift_audit ORDER BY id")
        == ["system resume queue default", "system resume everything"])
    await other.close()
  }
}
