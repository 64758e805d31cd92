import Nightshift
import Testing

@Suite struct `Every job store, when a person changes a job` {
  /// One job in each state that can be reached, by its state.
  private func jobsInEachState(_ store: any Store) async throws -> [JobState: JobID] {
    let worker = try await store.addWorker()
    _ = try await store.insert((1...4).map { NewJob($0, queue: "q") }, now: noon)
    let running = try await store.claim(4, from: ["q"], by: worker)
    try await store.settle(running[1], by: worker, .completed(result: nil))
    try await store.settle(running[2], by: worker, .dead(Failure(type: "t", message: "m")))
    try await store.settle(running[3], by: worker, .cancelled(reason: "first"))
    _ = try await store.insert([NewJob(5), NewJob(6, runAt: noon + .seconds(60))], now: noon)
    return [.running: 1, .completed: 2, .dead: 3, .cancelled: 4, .ready: 5, .scheduled: 6]
  }

  private static func expectation(_ change: JobChange, _ state: JobState) -> ChangeOutcome {
    switch (change, state) {
    case (.cancel, .ready), (.cancel, .scheduled): .changed(.cancelled)
    case (.cancel, .running), (.markStuck, .running): .changed(.running)
    case (.retry, .dead), (.retry, .cancelled), (.retry, .scheduled): .changed(.ready)
    case (.discard, .completed), (.discard, .dead), (.discard, .cancelled): .changed(state)
    default: .refused(state)
    }
  }

  private static let changes: [JobChange] = [
    .cancel(reason: "enough"), .retry(payload: nil), .retry(payload: [0x31]), .discard, .release(.noWorker),
    .markStuck(attempt: 1),
  ]

  @Test(arguments: StoreUnderTest.allCases, changes.indices)
  func `allows what the state allows, and changes nothing else`(
    _ database: StoreUnderTest, _ index: Int
  ) async throws {
    let change = Self.changes[index]
    let test = try database.make()
    let jobs = try await jobsInEachState(test)
    for (state, id) in jobs {
      let before = try await test.look(id)
      let outcome = try await test.change(change, id)
      #expect(outcome == Self.expectation(change, state), "\(change) of a \(state) job")
      if case .refused = outcome { #expect(try await test.look(id) == before) }
      if case .changed(let state) = outcome, case .cancel = change {
        #expect(try await test.state(of: id) == state)
      }
    }
    #expect(try await test.change(change, 99) == .missing)
    let counters = try await test.counters()
    #expect(counters.kept == counters.counted)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `starts a dead job over with its failures forgotten and its attempts counted on`(
    _ database: StoreUnderTest
  ) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    try await store.insert(NewJob(1, payload: "[1]"))
    let job = try await store.claim(by: worker)[0]
    try await store.settle(job, by: worker, .dead(Failure(type: "t", message: "m")))
    let later = noon + .seconds(9)
    #expect(try await store.change(.retry(payload: Array("[2]".utf8)), 1, now: later) == .changed(.ready))
    #expect(try await store.look(1) == StoredJob(state: .ready, attempt: 1, runAt: later))
    #expect(
      try await store.column(
        "SELECT count(*) FROM nightshift_old_payloads WHERE payload = ?", [.bytes(Array("[1]".utf8))]) == [
          "1"
        ])
    let again = try await store.claim(by: worker, now: later)[0]
    #expect(again.attempt == 2 && again.failures == 0 && Array(again.payload) == Array("[2]".utf8))
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `runs a cancelled job again as if nobody had cancelled it`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    try await store.insert(NewJob(1))
    let job = try await store.claim(by: worker)[0]
    _ = try await store.change(.cancel(reason: "enough"), 1)
    try await store.settle(job, by: worker, .cancelled(reason: "cancelled"))
    _ = try await store.change(.retry(payload: nil), 1)
    #expect(try await store.look(1) == StoredJob(state: .ready, attempt: 1))
    let again = try await store.claim(by: worker)[0]
    try await store.settle(again, by: worker, .runAgain(at: noon, .shutdown))
    #expect(try await store.state(of: 1) == .scheduled)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `runs a scheduled job sooner and keeps its failures`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    try await store.insert(NewJob(1))
    let job = try await store.claim(by: worker)[0]
    let retry = Settlement.RunAgain.retry(Failure(type: "t", message: "m"))
    try await store.settle(job, by: worker, .runAgain(at: noon + .seconds(60), retry))
    #expect(try await store.change(.retry(payload: nil), 1) == .changed(.ready))
    #expect(try await store.look(1) == StoredJob(state: .ready, attempt: 1, failures: 1))
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `ends only the hold that is meant`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    try await store.insert(NewJob(1).with { $0.hold = Hold(.foreground) })
    #expect(try await store.change(.release(.noWorker), 1) == .refused(.ready))
    #expect(try await store.change(.release(.foreground), 1) == .changed(.ready))
    #expect(try await store.claim(by: worker).map(\.id) == [1])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `marks only the attempt that is stuck, and forgets it with the next`(_ database: StoreUnderTest)
    async throws
  {
    let store = try database.make()
    let worker = try await store.addWorker()
    try await store.insert(NewJob(1))
    let job = try await store.claim(by: worker)[0]
    #expect(try await store.change(.markStuck(attempt: 2), 1) == .refused(.running))
    #expect(try await store.change(.markStuck(attempt: 1), 1) == .changed(.running))
    let stuck = "SELECT count(*) FROM nightshift_jobs WHERE stuck_at IS NOT NULL"
    #expect(try await store.column(stuck) == ["1"])
    try await store.settle(job, by: worker, .runAgain(at: noon, .shutdown))
    _ = try await store.promote(now: noon, limit: 1)
    _ = try await store.claim(by: worker)
    #expect(try await store.column(stuck) == ["0"])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `tells the outbox of a job that is cancelled before it ran`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    try await store.insert(NewJob(1))
    _ = try await store.change(.cancel(reason: "enough"), 1)
    #expect(
      try await store.column("SELECT topic || ' ' || body FROM nightshift_outbox") == ["cancelled enough"])
  }
}
