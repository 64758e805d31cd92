import Nightshift
import Testing

@Suite struct `Every job store, when time passes` {
  @Test(arguments: StoreUnderTest.allCases)
  func `makes ready what is due, the earliest first, and tells what is next`(_ database: StoreUnderTest)
    async throws
  {
    let store = try database.make()
    _ = try await store.insert((1...6).map { NewJob($0, runAt: noon + .seconds(Int($0))) }, now: noon)
    var promotion = try await store.promote(now: noon, limit: 10)
    #expect(promotion.promoted == 0 && promotion.nextDue == noon + .seconds(1))
    promotion = try await store.promote(now: noon + .seconds(5), limit: 3)
    #expect(promotion.promoted == 3 && promotion.nextDue == noon + .seconds(4))
    #expect(try await store.look(3) == StoredJob(state: .ready, runAt: noon + .seconds(3)))
    #expect(try await store.state(of: 4) == .scheduled)
    promotion = try await store.promote(now: noon + .seconds(6), limit: 10)
    #expect(promotion.promoted == 3 && promotion.nextDue == nil)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `ends holds whose time has come, and tells when the next one does`(_ database: StoreUnderTest)
    async throws
  {
    let store = try database.make()
    let worker = try await store.addWorker()
    let until = noon + .seconds(5)
    _ = try await store.insert(
      [
        NewJob(1).with { $0.hold = Hold(.noWorker, until: until) },
        NewJob(2).with { $0.hold = Hold(.noWorker) },
      ], now: noon)
    #expect(try await store.promote(now: until - .microseconds(1), limit: 10).nextDue == until)
    #expect(try await store.claim(by: worker).isEmpty)
    #expect(try await store.promote(now: until, limit: 10).nextDue == nil)
    #expect(try await store.claim(9, by: worker).map(\.id) == [1])
  }

  /// Who promotes beside another must not hold the locks of what that one has promoted: a claim passes them over, and
  /// nobody is told of them again.
  @Test(arguments: StoreUnderTest.allCases)
  func `lets claim all that was promoted, however many promote at once`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let others = [try store.another(), try store.another(), try store.another()]
    let worker = try await store.addWorker()
    for round in Int64(0)..<20 {
      let due = noon + .seconds(Int(round) + 1)
      _ = try await store.insert((1...200).map { NewJob(round * 200 + $0, runAt: due) }, now: noon)
      let claimed = try await withThrowingTaskGroup(of: Int.self) { group in
        for other in others {
          group.addTask {
            guard try await other.promote(now: due, limit: 1_000).promoted > 0 else { return 0 }
            return try await store.claim(1_000, by: worker).count
          }
        }
        return try await group.reduce(0, +)
      }
      #expect(claimed == 200)
    }
    for other in others { await other.close() }
  }
}
