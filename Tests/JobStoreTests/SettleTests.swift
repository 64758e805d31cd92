import Nightshift
import Testing

@Suite struct `Every job store, when an attempt has ended` {
  private static let failure = Failure(type: "Oops", message: "it broke", detail: "stack")

  /// A store with one running job.
  private func running(
    _ database: StoreUnderTest
  ) async throws -> (test: TestStore, job: ClaimedJob, worker: WorkerID) {
    let test = try database.make()
    let worker = try await test.addWorker()
    try await test.insert(NewJob(1))
    return (test, try await test.claim(by: worker)[0], worker)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `completes it with its result`(_ database: StoreUnderTest) async throws {
    let (store, job, worker) = try await running(database)
    #expect(try await store.settle(job, by: worker, .completed(result: Array("42".utf8))) == .settled)
    #expect(try await store.look(1) == StoredJob(state: .completed, attempt: 1))
    #expect(
      try await store.column(
        "SELECT count(*) FROM nightshift_results WHERE id = 1 AND result = ?", [.bytes(Array("42".utf8))]) == [
          "1"
        ])
    #expect(try await store.count("attempts") == 0)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `schedules a retry, and counts the failure`(_ database: StoreUnderTest) async throws {
    let (store, job, worker) = try await running(database)
    let next = noon + .seconds(2)
    #expect(try await store.settle(job, by: worker, .runAgain(at: next, .retry(Self.failure))) == .settled)
    #expect(try await store.look(1) == StoredJob(state: .scheduled, attempt: 1, failures: 1, runAt: next))
    let kept = try await store.column(
      "SELECT outcome || ' ' || error_type || ' ' || error_message || ' ' || error_detail FROM nightshift_attempts"
    )
    #expect(kept == ["failed Oops it broke stack"])
  }

  @Test(
    arguments: StoreUnderTest.allCases,
    [("snoozed", Settlement.RunAgain.snooze(reason: "busy")), ("interrupted", .shutdown)])
  func `counts no failure for a snooze or a shutdown`(
    _ database: StoreUnderTest, _ why: (outcome: String, Settlement.RunAgain)
  ) async throws {
    let (store, job, worker) = try await running(database)
    #expect(try await store.settle(job, by: worker, .runAgain(at: noon, why.1)) == .settled)
    #expect(try await store.look(1) == StoredJob(state: .scheduled, attempt: 1))
    #expect(try await store.column("SELECT outcome FROM nightshift_attempts") == [why.outcome])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `leaves no trace of an attempt that could not run alone`(_ database: StoreUnderTest) async throws {
    let (test, job, worker) = try await running(database)
    #expect(try await test.settle(job, by: worker, .runAgain(at: noon, .notAlone)) == .settled)
    #expect(try await test.look(1) == StoredJob(state: .scheduled, attempt: 1))
    #expect(try await test.count("attempts") == 0)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `buries a job and tells the outbox`(_ database: StoreUnderTest) async throws {
    let (store, job, worker) = try await running(database)
    #expect(try await store.settle(job, by: worker, .dead(Self.failure)) == .settled)
    #expect(try await store.look(1) == StoredJob(state: .dead, attempt: 1, failures: 1))
    #expect(try await store.column("SELECT topic || ' ' || body FROM nightshift_outbox") == ["dead it broke"])
    #expect(try await store.column("SELECT outcome FROM nightshift_attempts") == ["failed"])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `cancels a job and tells the outbox`(_ database: StoreUnderTest) async throws {
    let (store, job, worker) = try await running(database)
    #expect(try await store.settle(job, by: worker, .cancelled(reason: "enough")) == .settled)
    #expect(try await store.look(1) == StoredJob(state: .cancelled, attempt: 1))
    #expect(try await store.column("SELECT cancel_reason FROM nightshift_jobs") == ["enough"])
    #expect(
      try await store.column("SELECT topic || ' ' || body FROM nightshift_outbox") == ["cancelled enough"])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `puts a job on hold as if it had not begun`(_ database: StoreUnderTest) async throws {
    let (test, job, worker) = try await running(database)
    #expect(try await test.settle(job, by: worker, .held(Hold(.noWorker))) == .settled)
    #expect(try await test.look(1) == StoredJob(state: .ready, attempt: 1, hold: 1))
    #expect(try await test.claim(by: worker).isEmpty)
  }

  private static let outcomes: [Settlement.Outcome] = [
    .completed(result: Array("1".utf8)), .runAgain(at: noon, .retry(failure)), .dead(failure),
    .cancelled(reason: "no"), .held(Hold(.noWorker)),
  ]

  @Test(arguments: StoreUnderTest.allCases, outcomes.indices)
  func `refuses what comes from a former attempt or another worker`(
    _ database: StoreUnderTest, _ index: Int
  ) async throws {
    let (store, first, worker) = try await running(database)
    let other = try await store.addWorker(2)
    #expect(try await store.settle(first, by: other, Self.outcomes[index]) == .stale)
    try await store.settle(first, by: worker, .runAgain(at: noon, .snooze(reason: nil)))
    #expect(try await store.settle(first, by: worker, Self.outcomes[index]) == .stale)
    _ = try await store.promote(now: noon, limit: 1)
    #expect(try await store.settle(first, by: worker, Self.outcomes[index]) == .stale)
    let second = try await store.claim(by: worker)[0]
    #expect(try await store.settle(first, by: worker, Self.outcomes[index]) == .stale)
    #expect(try await store.look(1) == StoredJob(state: .running, attempt: 2))
    #expect(try await store.count("results") == 0)
    #expect(try await store.count("outbox") == 0)
    #expect(try await store.settle(second, by: worker, Self.outcomes[index]) == .settled)
    #expect(try await store.settle(second, by: worker, Self.outcomes[index]) == .stale)
  }

  @Test(arguments: StoreUnderTest.allCases, outcomes.indices)
  func `lets a person's cancel win over everything but success`(
    _ database: StoreUnderTest, _ index: Int
  ) async throws {
    let (store, job, worker) = try await running(database)
    #expect(try await store.change(.cancel(reason: "enough"), 1) == .changed(.running))
    #expect(try await store.settle(job, by: worker, Self.outcomes[index]) == .settled)
    #expect(try await store.state(of: 1) == (index == 0 ? .completed : .cancelled))
    #expect(try await store.column("SELECT cancel_reason FROM nightshift_jobs") == ["enough"])
    #expect(try await store.look(1)?.failures == 0)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `settles each of a batch on its own`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    _ = try await store.insert((1...3).map { NewJob($0) }, now: noon)
    let jobs = try await store.claim(3, by: worker)
    try await store.settle(jobs[1], by: worker, .completed(result: nil))
    let outcomes = try await store.settle(
      jobs.map {
        Settlement($0, worker: worker, startedAt: noon, endedAt: noon, outcome: .completed(result: nil))
      })
    #expect(outcomes == [.settled, .stale, .settled])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `adds up what happened in each hour`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    _ = try await store.insert((1...5).map { NewJob($0, runAt: noon - .seconds(1)) }, now: noon)
    let jobs = try await store.claim(5, by: worker)
    let outcomes: [Settlement.Outcome] = [
      .completed(result: nil), .completed(result: nil), .runAgain(at: noon, .retry(Self.failure)),
      .dead(Self.failure), .cancelled(reason: "no"),
    ]
    _ = try await store.settle(
      zip(jobs, outcomes).enumerated().map { index, pair in
        Settlement(
          pair.0, worker: worker, startedAt: noon + .seconds(1), endedAt: noon + .seconds(2 + index),
          outcome: pair.1)
      })
    let row = try await store.read {
      try $0.query(
        """
        SELECT hour, sum(enqueued), sum(completed), sum(failed), sum(dead), sum(cancelled), max(wait_max_us),
          max(run_max_us)
        FROM nightshift_rollups WHERE queue = 'default' AND kind = 'work' GROUP BY hour
        """)
    }
    #expect(row.map(\.values) == [[SQLValue(noon), 5, 2, 2, 1, 1, 2_000_000, 4_000_000]])
  }
}
