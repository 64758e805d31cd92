import Nightshift
import Testing

@Suite struct `Every job store, when jobs are added` {
  @Test(arguments: StoreUnderTest.allCases)
  func `makes what is due ready and the rest scheduled`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let later = NewJob(2, runAt: noon + .microseconds(1))
    #expect(
      try await store.insert([NewJob(1), later], now: noon) == [.inserted(.ready), .inserted(.scheduled)])
    #expect(try await store.look(1) == StoredJob(state: .ready))
    #expect(try await store.look(2) == StoredJob(state: .scheduled, runAt: later.runAt))
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `keeps everything that a job came with`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    let payload: [UInt8] = [0, 0xff, 0x7b]
    var job = NewJob(id: 7, kind: "mail", queue: "post", runAt: noon - .seconds(5), payload: payload)
    job.priority = .critical
    job.maxAttempts = 9
    job.timeout = .milliseconds(1_500)
    job.tags = ["a", "b", "a"]
    (job.organization, job.owner, job.traceparent) = ("acme", "ada", "00-1-2-01")
    try await store.insert(job)

    let claimed = try #require(try await store.claim(from: ["post"], by: worker).first)
    #expect(
      claimed.id == 7 && claimed.kind == "mail" && claimed.queue == "post" && claimed.priority == .critical)
    #expect(claimed.attempt == 1 && claimed.failures == 0 && claimed.crashes == 0 && claimed.maxAttempts == 9)
    #expect(
      claimed.runAt == job.runAt && Array(claimed.payload) == payload && claimed.timeout == .milliseconds(1_500))
    #expect(claimed.tags == ["a", "b", "a"] && claimed.organization == "acme" && claimed.owner == "ada")
    #expect(claimed.traceparent == "00-1-2-01")
    #expect(
      try await store.column("SELECT tag FROM nightshift_tags WHERE job = 7 ORDER BY tag") == ["a", "b"])
    #expect(try await store.column("SELECT name FROM nightshift_queues") == ["post"])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `adds a batch whole or not at all`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    try await store.insert(NewJob(3))
    var batch = (1...5).map { NewJob($0) }
    batch[2].payload = Array("[]".utf8)
    batch[1].tags = ["lost"]
    let error = await #expect(throws: StoreError.self) { try await store.insert(batch, now: noon) }
    #expect(error?.code == .conflict)
    #expect(try await store.count("jobs") == 1)
    #expect(try await store.count("payloads") == 1)
    #expect(try await store.count("tags") == 0)
    let counters = try await store.counters()
    #expect(counters.kept == counters.counted)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `adds a job once, however often it is sent`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let job = NewJob(1).with { $0.tags = ["a"] }
    #expect(try await store.insert([job, job], now: noon) == [.inserted(.ready), .duplicate(of: 1)])
    #expect(try await store.insert(job) == .duplicate(of: 1))
    #expect(try await store.count("jobs") == 1)
    #expect(try await store.column("SELECT sum(enqueued) FROM nightshift_rollups") == ["1"])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `refuses an id that is taken, and lands what was sent beside it`(_ database: StoreUnderTest)
    async throws
  {
    let store = try database.make()
    try await store.insert(NewJob(1))
    let outcomes = await withTaskGroup(of: (Int64, Bool).self) { group in
      for id in Int64(1)...40 {
        group.addTask {
          let job = NewJob(id, payload: "\"other\"")
          return (id, (try? await store.insert(job)) == .inserted(.ready))  // the refusal is the outcome
        }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    #expect(outcomes.filter { !$0.value }.map(\.key) == [1])
    #expect(try await store.count("jobs") == 40)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `keeps a held job from being claimed`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    try await store.insert(NewJob(1).with { $0.hold = Hold(.foreground) })
    #expect(try await store.look(1) == StoredJob(state: .ready, hold: 2))
    #expect(try await store.claim(by: worker).isEmpty)
  }
}
