import Nightshift
import Testing

@Suite(.timeLimit(.minutes(5))) struct `Every job store, when jobs are debounced` {
  private static let quiet = Duration.seconds(10)

  /// A job as it comes at `moment`, with an id of that time.
  private static func event(
    _ number: Int, at moment: Timestamp = noon, atMost: Duration? = nil, keeps: Debounce.Payload = .last,
    key: String = "k"
  ) -> NewJob {
    let id = Identifier.make(milliseconds: moment.microseconds / 1000, node: 1, sequence: Int64(number))
    return NewJob(id, runAt: moment + quiet, payload: "\(number)").with {
      $0.key = KeyClaim(scope: "debounce//work", key: key)
      $0.key?.rule = .debounce(atMost: atMost, keeps: keeps)
    }
  }

  private func payload(of id: JobID, _ store: TestStore) async throws -> String? {
    try await store.read { try $0.query("SELECT payload FROM nightshift_payloads WHERE id = ?", [SQLValue(id)]) }
      .first?.bytes(0).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `puts one job off, which runs with what came last`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let first = Self.event(1)
    #expect(try await store.insert(first) == .inserted(.scheduled))
    let later = noon + .seconds(4)
    let second = Self.event(2, at: later).with {
      $0.priority = .high
      $0.maxAttempts = 9
    }
    #expect(try await store.insert(second, now: later) == .duplicate(of: first.id))
    #expect(try await store.insert(Self.event(3, key: "other")) == .inserted(.scheduled))
    let due = later + Self.quiet
    #expect(try await store.look(first.id) == StoredJob(state: .scheduled, priority: .high, runAt: due))
    #expect(try await payload(of: first.id, store) == "2")
    #expect(try await store.promote(now: due - .microseconds(1), limit: 10).promoted == 1)
    #expect(try await store.promote(now: due, limit: 10).promoted == 1)
    #expect(try await store.counters().kept == ["default/0": 2])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `keeps what came first where that is wanted`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let first = Self.event(1, keeps: .first)
    try await store.insert(first)
    let later = noon + .seconds(4)
    let second = Self.event(2, at: later, keeps: .first)
    #expect(try await store.insert(second, now: later) == .duplicate(of: first.id))
    #expect(try await store.look(first.id)?.runAt == later + Self.quiet)
    #expect(try await payload(of: first.id, store) == "1")
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `lets a stream that never pauses put it off no longer than said`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let limit = Duration.seconds(25)
    let first = Self.event(1, atMost: limit)
    try await store.insert(first)
    for number in 2...6 {
      let moment = noon + .seconds((number - 1) * 5)
      #expect(
        try await store.insert(Self.event(number, at: moment, atMost: limit), now: moment) == .duplicate(of: first.id))
    }
    // Its last moment has come with the last of them: it is due, with that one's payload.
    #expect(try await store.look(first.id) == StoredJob(state: .ready, runAt: noon + limit))
    #expect(try await payload(of: first.id, store) == "6")
    let again = noon + .seconds(28)
    try await store.insert(Self.event(7, at: again, atMost: limit), now: again)
    #expect(try await store.look(first.id) == StoredJob(state: .ready, runAt: noon + limit), "it keeps its place")
    #expect(try await payload(of: first.id, store) == "7")
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `puts off one that is due and waits for a worker`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let first = Self.event(1)
    try await store.insert(first)
    let due = noon + Self.quiet
    _ = try await store.promote(now: due, limit: 10)
    #expect(try await store.insert(Self.event(2, at: due), now: due) == .duplicate(of: first.id))
    #expect(try await store.look(first.id) == StoredJob(state: .scheduled, runAt: due + Self.quiet))
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `begins a new job beside one that runs, and gathers in that one from then on`(
    _ database: StoreUnderTest
  ) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    let due = noon + Self.quiet
    let events = (1...4).map { Self.event($0, at: $0 == 1 ? noon : due) }
    try await store.insert(events[0])
    _ = try await store.promote(now: due, limit: 10)
    let claimed = try #require(try await store.claim(by: worker, now: due).first)
    #expect(try await store.insert(events[1], now: due) == .inserted(.scheduled))
    #expect(try await store.insert(events[2], now: due) == .duplicate(of: events[1].id))
    #expect(try await payload(of: events[0].id, store) == "1", "what runs is left alone")
    // It fails, and waits for its next attempt, while the other one waits for quiet.
    let failure = Failure(type: "t", message: "m")
    try await store.settle(claimed, by: worker, .runAgain(at: due + .seconds(60), .retry(failure)), at: due)
    #expect(try await store.insert(events[3], now: due) == .duplicate(of: events[1].id))
    #expect(try await payload(of: events[1].id, store) == "4")
  }

  enum Begun: CaseIterable { case failed, parked, interrupted, dead, cancelled, completed }

  @Test(arguments: StoreUnderTest.allCases, Begun.allCases)
  func `begins a new job once the handler of the first has begun`(
    _ database: StoreUnderTest, _ what: Begun
  ) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    let first = Self.event(1)
    try await store.insert(first)
    let due = noon + Self.quiet
    _ = try await store.promote(now: due, limit: 10)
    let claimed = try #require(try await store.claim(by: worker, now: due).first)
    let failure = Failure(type: "t", message: "m")
    let outcome: Settlement.Outcome =
      switch what {
      case .failed: .runAgain(at: due + .seconds(9), .retry(failure))
      case .parked: .parked([WaitDraft(id: 1, key: "w", kind: .time)])
      case .interrupted: .runAgain(at: due, .shutdown)
      case .dead: .dead(failure)
      case .cancelled: .cancelled(reason: "r")
      case .completed: .completed(result: nil)
      }
    try await store.settle(claimed, by: worker, outcome, at: due)
    #expect(try await store.insert(Self.event(2, at: due), now: due) == .inserted(.scheduled))
    #expect(try await store.insert(Self.event(3, at: due), now: due) != .inserted(.scheduled))
    #expect(try await payload(of: first.id, store) == "1")
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `still gathers in one that no worker has, or that was given back before it began`(
    _ database: StoreUnderTest
  ) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    let first = Self.event(1)
    try await store.insert(first)
    let due = noon + Self.quiet
    _ = try await store.promote(now: due, limit: 10)
    for (number, outcome) in [(2, Settlement.Outcome.runAgain(at: due, .shutdown)), (3, .held(Hold(.noWorker)))] {
      let claimed = try #require(try await store.claim(by: worker, now: due).first)
      _ = try await store.settle([
        Settlement(claimed, worker: worker, startedAt: nil, endedAt: due, outcome: outcome)
      ])
      #expect(try await store.insert(Self.event(number, at: due), now: due) == .duplicate(of: first.id))
      _ = try await store.promote(now: due + Self.quiet, limit: 10)
    }
    #expect(try await store.look(first.id)?.hold == Hold.Reason.noWorker.rawValue, "who has its kind releases it")
    #expect(try await payload(of: first.id, store) == "3")
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `knows the same job again, whatever has become of it`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let first = Self.event(1)
    try await store.insert(first)
    try await store.insert(Self.event(2))
    #expect(try await store.insert(first) == .duplicate(of: first.id), "its payload is another one's by now")
    #expect(try await store.count("jobs") == 1)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `loses and doubles nothing when two processes enqueue while the job is being claimed`(
    _ database: StoreUnderTest
  ) async throws {
    let test = try database.make()
    let other = try test.another()
    let worker = try await test.addWorker()
    // Quiet for no time: the holder is due at once, and each claim may come between any two of them.
    func event(_ number: Int, _ node: Int64) -> NewJob {
      let id = Identifier.make(milliseconds: noon.microseconds / 1000, node: node, sequence: Int64(number))
      return NewJob(id, payload: "\(number)").with {
        $0.key = KeyClaim(scope: "debounce//work", key: "k")
        $0.key?.rule = .debounce(atMost: nil, keeps: .last)
      }
    }
    for round in 0..<20 {
      async let ran: [String] = {
        var payloads: [String] = []
        for _ in 0..<10 {
          for job in try await test.claim(by: worker) {
            payloads.append(String(decoding: job.payload, as: UTF8.self))
            try await test.settle(job, by: worker, .completed(result: nil))
          }
        }
        return payloads
      }()
      let outcomes = try await withThrowingTaskGroup(of: InsertOutcome.self) { group in
        for number in 0..<10 {
          let job = event(round * 10 + number, number.isMultiple(of: 2) ? 1 : 2)
          let store: any Store = number.isMultiple(of: 2) ? test : other
          group.addTask { try await store.insert(job, now: noon) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      var payloads = try await ran
      while let job = try await test.claim(by: worker).first {
        payloads.append(String(decoding: job.payload, as: UTF8.self))
        try await test.settle(job, by: worker, .completed(result: nil))
      }
      let added = outcomes.count { $0 == .inserted(.ready) }
      #expect(added == payloads.count, "each job that was added ran once, with one payload")
      #expect(Set(payloads).count == payloads.count, "no event ran twice")
    }
    let counters = try await test.counters()
    #expect(counters.kept == counters.counted)
    await other.close()
  }
}
