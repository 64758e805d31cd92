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
}
