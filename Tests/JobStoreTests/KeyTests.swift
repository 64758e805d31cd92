import Nightshift
import Testing

@Suite struct `Every job store, when a key is taken` {
  private static func keyed(
    _ number: Int64, _ key: KeyClaim, runAt: Timestamp = noon, payload: String = "{}"
  ) -> NewJob {
    NewJob(number, runAt: runAt, payload: payload).with { $0.key = key }
  }

  private static func key(for window: Duration? = nil, _ onConflict: Unique.Conflict = .drop) -> KeyClaim {
    KeyClaim(scope: "s", key: "k", expiresAt: window.map { noon + $0 }, onConflict: onConflict)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `drops a second job and names the first`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    #expect(try await store.insert(Self.keyed(1, Self.key())) == .inserted(.ready))
    #expect(try await store.insert(Self.keyed(2, Self.key(), payload: "[]")) == .duplicate(of: 1))
    #expect(try await store.insert(Self.keyed(3, KeyClaim(scope: "t", key: "k"))) == .inserted(.ready))
    #expect(try await store.insert(Self.keyed(1, Self.key())) == .duplicate(of: 1))
    #expect(try await store.count("jobs") == 2)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `decides within one batch, too`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let jobs = [Self.keyed(1, Self.key()), Self.keyed(2, Self.key()), NewJob(3)]
    let outcomes = try await store.insert(jobs, now: noon)
    #expect(outcomes == [.inserted(.ready), .duplicate(of: 1), .inserted(.ready)])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `gives the holder the newcomer's work when it is to be replaced`(_ database: StoreUnderTest)
    async throws
  {
    let store = try database.make()
    let worker = try await store.addWorker()
    try await store.insert(Self.keyed(1, Self.key(), runAt: noon + .seconds(60)))
    let newcomer = Self.keyed(2, Self.key(for: nil, .replace), payload: "[2]").with {
      $0.priority = .high
      $0.maxAttempts = 7
    }
    #expect(try await store.insert(newcomer) == .duplicate(of: 1))
    #expect(try await store.look(1) == StoredJob(state: .ready, priority: .high))
    let claimed = try #require(try await store.claim(by: worker).first)
    #expect(claimed.id == 1 && Array(claimed.payload) == Array("[2]".utf8) && claimed.maxAttempts == 7)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `puts the holder off when it is to be extended`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    try await store.insert(Self.keyed(1, Self.key(for: .seconds(10)), payload: "[1]"))
    let later = noon + .seconds(30)
    let newcomer = Self.keyed(2, Self.key(for: .seconds(40), .extend), runAt: later, payload: "[2]")
    #expect(try await store.insert(newcomer) == .duplicate(of: 1))
    #expect(try await store.look(1) == StoredJob(state: .scheduled, runAt: later))
    #expect(
      try await store.column("SELECT count(*) FROM nightshift_payloads WHERE payload = ?", [.bytes(Array("[1]".utf8))])
        == ["1"])
    let expiry = (noon + .seconds(40)).microseconds
    #expect(try await store.column("SELECT expires_at FROM nightshift_keys") == ["\(expiry)"])
    #expect(try await store.promote(now: later, limit: 10).promoted == 1)
  }

  @Test(arguments: StoreUnderTest.allCases, [Unique.Conflict.replace, .extend])
  func `leaves a running holder as it is`(_ database: StoreUnderTest, _ conflict: Unique.Conflict)
    async throws
  {
    let store = try database.make()
    let worker = try await store.addWorker()
    try await store.insert(Self.keyed(1, Self.key()))
    _ = try await store.claim(by: worker)
    let newcomer = Self.keyed(2, Self.key(for: nil, conflict), runAt: noon + .seconds(9), payload: "[2]")
    #expect(try await store.insert(newcomer) == .duplicate(of: 1))
    #expect(try await store.look(1) == StoredJob(state: .running, attempt: 1))
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `frees a key without a window when its job has ended`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    try await store.insert(Self.keyed(1, Self.key()))
    let claimed = try await store.claim(by: worker)[0]
    #expect(try await store.insert(Self.keyed(2, Self.key())) == .duplicate(of: 1))
    try await store.settle(claimed, by: worker, .completed(result: nil))
    #expect(try await store.insert(Self.keyed(3, Self.key())) == .inserted(.ready))
    #expect(try await store.insert(Self.keyed(4, Self.key())) == .duplicate(of: 3))
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `holds a key with a window until it is over, and no longer`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    try await store.insert(Self.keyed(1, Self.key(for: .seconds(60))))
    let claimed = try await store.claim(by: worker)[0]
    try await store.settle(claimed, by: worker, .completed(result: nil))
    let early = noon + .seconds(60) - .microseconds(1)
    #expect(
      try await store.insert(Self.keyed(2, Self.key(for: .seconds(99))), now: early) == .duplicate(of: 1))
    #expect(try await store.prune([1]) == 1)
    #expect(
      try await store.insert(Self.keyed(3, Self.key(for: .seconds(99))), now: early) == .duplicate(of: 1))
    let due = noon + .seconds(60)
    #expect(try await store.insert(Self.keyed(4, Self.key(for: .seconds(99))), now: due) == .inserted(.ready))
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `knows a repeated call by its idempotency key`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    func call(_ id: Int64, _ fingerprint: String) -> NewJob {
      NewJob(id).with {
        $0.idempotency = KeyClaim(
          scope: "i", key: "1", expiresAt: noon + .seconds(9), fingerprint: fingerprint)
      }
    }
    #expect(try await store.insert(call(1, "a")) == .inserted(.ready))
    #expect(try await store.insert(call(2, "a")) == .duplicate(of: 1))
    #expect(try await store.insert(call(3, "b")) == .keyReused(by: 1))
    #expect(try await store.insert(call(4, "b"), now: noon + .seconds(9)) == .inserted(.ready))
    #expect(try await store.count("jobs") == 2)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `answers a repeated call as before when a unique key decided it`(_ database: StoreUnderTest)
    async throws
  {
    let store = try database.make()
    func call(_ id: Int64) -> NewJob {
      Self.keyed(id, Self.key()).with {
        $0.idempotency = KeyClaim(scope: "i", key: "1", expiresAt: noon + .seconds(9), fingerprint: "f")
      }
    }
    try await store.insert(Self.keyed(1, Self.key()))
    #expect(try await store.insert(call(2)) == .duplicate(of: 1))
    #expect(try await store.insert(call(3)) == .duplicate(of: 1))
    #expect(try await store.count("jobs") == 1)
  }
}
