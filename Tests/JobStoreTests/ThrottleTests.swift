import Nightshift
import Testing

@Suite(.timeLimit(.minutes(5))) struct `Every job store, when jobs are throttled` {
  private static let hour = Duration.seconds(3_600)

  private static func job(
    _ number: Int64, _ limit: Int = 1, per: Duration = hour, _ excess: Throttle.Excess = .drop, key: String = "k",
    runAt: Timestamp = noon
  ) -> NewJob {
    NewJob(number, runAt: runAt, payload: "\(number)").with {
      $0.key = KeyClaim(scope: "throttle/work/0:/\(key)", key: "")
      $0.key?.rule = .throttle(limit: limit, per: per, excess: excess)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `lets one in, and names it to those that come within the window`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    #expect(try await store.insert(Self.job(1)) == .inserted(.ready))
    #expect(try await store.insert(Self.job(2)) == .duplicate(of: 1))
    #expect(try await store.insert(Self.job(3, key: "other")) == .inserted(.ready))
    let early = noon + Self.hour - .microseconds(1)
    #expect(try await store.insert(Self.job(4), now: early) == .duplicate(of: 1))
    #expect(try await store.insert(Self.job(5, runAt: noon + Self.hour), now: noon + Self.hour) == .inserted(.ready))
    #expect(try await store.count("jobs") == 3)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `slides the window`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    // Three in an hour; they come at 0, 30 and 50 minutes.
    for (number, minute) in [(1, 0), (2, 30), (3, 50)] as [(Int64, Int)] {
      #expect(try await store.insert(Self.job(number, 3), now: noon + .seconds(minute * 60)) == .inserted(.ready))
    }
    let next = noon + .seconds(59 * 60)
    #expect(
      try await store.insert(Self.job(4, 3), now: next) == .duplicate(of: 1), "whose place is the next to be free")
    #expect(try await store.insert(Self.job(5, 3), now: noon + Self.hour) == .inserted(.ready))
    #expect(try await store.insert(Self.job(6, 3), now: noon + Self.hour) == .duplicate(of: 2))
    #expect(try await store.insert(Self.job(7, 3), now: noon + .seconds(90 * 60)) == .inserted(.ready))
    #expect(try await store.count("keys") == 3, "no more rows than places")
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `puts off to the next free place where that is wanted`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    var runs: [Int] = []
    for number in 1...7 as ClosedRange<Int64> {
      let outcome = try await store.insert(Self.job(number, 2, .later))
      #expect(outcome == .inserted(number <= 2 ? .ready : .scheduled))
      runs.append(
        Int(try #require(try await store.look(JobID(rawValue: number))).runAt.microseconds - noon.microseconds))
    }
    let hour = Int(Self.hour.microseconds)
    #expect(runs == [0, 0, hour, hour, 2 * hour, 2 * hour, 3 * hour])
    #expect(try await store.promote(now: noon + Self.hour, limit: 10).promoted == 2)
    #expect(try await store.insert(Self.job(8, 2), now: noon + Self.hour) == .duplicate(of: 6))
    #expect(try await store.count("keys") == 2)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `judges by what has come when limit or window change`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    try await store.insert(Self.job(1, per: .seconds(60)))
    let later = noon + .seconds(61)
    #expect(try await store.insert(Self.job(2, per: .seconds(120)), now: later) == .duplicate(of: 1))
    #expect(try await store.insert(Self.job(3, 2, per: .seconds(120)), now: later) == .inserted(.ready))
    #expect(try await store.insert(Self.job(4, per: .seconds(60)), now: later) == .duplicate(of: 3))
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `drops what it would have to put off by more than a year`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let year = Throttle.longest
    #expect(try await store.insert(Self.job(1, per: year, .later)) == .inserted(.ready))
    #expect(try await store.insert(Self.job(2, per: year, .later)) == .inserted(.scheduled))
    #expect(try await store.insert(Self.job(3, per: year, .later)) == .duplicate(of: 2))
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `knows the same job again, and counts it once`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    #expect(try await store.insert(Self.job(1, 2)) == .inserted(.ready))
    #expect(try await store.insert(Self.job(1, 2)) == .duplicate(of: 1))
    #expect(try await store.insert(Self.job(2, 2)) == .inserted(.ready))
    #expect(try await store.insert(Self.job(3, 2)) == .duplicate(of: 1))
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `keeps the place of a job that is over, and forgets it with the window`(
    _ database: StoreUnderTest
  ) async throws {
    let store = try database.make()
    try await store.insert(Self.job(1))
    _ = try await store.change(.cancel(reason: "r"), 1)
    #expect(try await store.prune([1]) == 1)
    #expect(try await store.insert(Self.job(2)) == .duplicate(of: 1))
    let expiry = (noon + Self.hour).microseconds
    #expect(try await store.column("SELECT expires_at FROM nightshift_keys") == ["\(expiry)"])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `gives no place twice to two processes, and leaves none empty`(_ database: StoreUnderTest) async throws {
    let test = try database.make()
    let other = try test.another()
    for round in 0..<10 {
      let outcomes = try await withThrowingTaskGroup(of: InsertOutcome.self) { group in
        for number in 0..<20 {
          let store: any Store = number.isMultiple(of: 2) ? test : other
          let job = Self.job(Int64(round * 100 + number + 1), 7, key: "\(round)")
          group.addTask { try await store.insert(job, now: noon) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outcomes.count { $0 == .inserted(.ready) } == 7, "round \(round)")
    }
    #expect(try await test.count("jobs") == 70)
    await other.close()
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `has room for a thousand in one window, and not for one more`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let jobs = (1...1_001).map { Self.job(Int64($0), Throttle.mostPlaces) }
    let outcomes = try await store.insert(jobs, now: noon)
    #expect(outcomes.prefix(1_000).allSatisfy { $0 == .inserted(.ready) })
    #expect(outcomes.last == .duplicate(of: 1))
  }
}
