@testable import Nightshift
import Testing

@Suite struct `The room of a rate` {
  private let noon = Timestamp(microseconds: 1_767_268_800_000_000)

  private func at(_ seconds: Double) -> Timestamp { noon + .microseconds(Int64(seconds * 1_000_000)) }

  private func pool(_ rate: Rate, _ dispatches: [(Double, Int)], now: Double) -> RatePool {
    RatePool(rate, dispatches.map { .init(at: at($0.0), count: $0.1) }, now: at(now))
  }

  @Test func `of a window is what its last period has left`() {
    let rate = Rate.window(5, per: .seconds(60))
    #expect(pool(rate, [], now: 0).room == 5)
    #expect(pool(rate, [(0, 2), (30, 2)], now: 59.9).room == 1)
    // What began exactly a period ago has left the window.
    #expect(pool(rate, [(0, 2), (30, 2)], now: 60).room == 3)
    #expect(pool(rate, [(0, 2), (30, 3)], now: 31).room == 0)
    #expect(pool(rate, [(0, 2), (30, 3)], now: 31).nextMoment == at(60))
  }

  @Test func `of a window is used up by what begins now`() {
    var pool = pool(.window(2, per: .seconds(1)), [], now: 5)
    for _ in 0..<2 { pool.take() }
    #expect(pool.room == 0)
    #expect(pool.nextMoment == at(6))
    #expect(pool.record == .init(at: at(5), count: 2))
  }

  @Test func `that is smooth lets one begin after each equal part of its period`() {
    let rate = Rate.smooth(6, per: .seconds(60))
    var first = pool(rate, [], now: 0)
    #expect(first.room == 1)
    first.take()
    #expect(first.room == 0)
    #expect(first.record == .init(at: at(10), count: 0))
    let later = pool(rate, [(10, 0)], now: 4)
    #expect(later.room == 0)
    #expect(later.nextMoment == at(10))
    // Nothing is saved up in quiet times.
    #expect(pool(rate, [(10, 0)], now: 500).room == 1)
  }

  @Test func `that is smooth and fast lets together begin what falls into ten milliseconds`() {
    var pool = pool(.smooth(1_000, per: .seconds(1)), [], now: 0)
    #expect(pool.room == 11)
    for _ in 0..<11 { pool.take() }
    #expect(pool.record == .init(at: at(0.011), count: 0))
    #expect(pool.nextMoment == at(0.001))
  }

  @Test(arguments: [Rate.window(7, per: .seconds(3)), .smooth(7, per: .seconds(3)), .smooth(2_000, per: .seconds(1))])
  func `is never exceeded in any period, however often somebody looks`(_ rate: Rate) {
    var random = SystemRandomNumberGenerator()
    var now = noon
    var dispatches: [RatePool.Dispatch] = []
    var begun: [Timestamp] = []
    for _ in 0..<2_000 {
      now = now + .microseconds(.random(in: 100...400_000, using: &random))
      var pool = RatePool(rate, dispatches, now: now)
      let count = Int.random(in: 0...pool.room, using: &random)
      for _ in 0..<count { pool.take() }
      if pool.room == 0 { #expect(pool.nextMoment > now) }
      begun += Array(repeating: now, count: count)
      guard count > 0 else { continue }
      if rate.spread == .smooth { dispatches = [] }
      dispatches.append(pool.record)
    }
    // A smooth one may begin a slice of its time ahead, and one at once.
    let most = rate.spread == .window ? rate.count : rate.count + 1 + (rate.count >= 1_000 ? rate.count / 100 : 0)
    for (index, moment) in begun.enumerated() where index >= most {
      #expect(moment - begun[index - most] >= rate.period)
    }
  }

  @Test func `is written as people write it`() {
    #expect(Rate(text: "100/1m") == .window(100, per: .seconds(60)))
    #expect(Rate(text: "10/s smooth") == .smooth(10, per: .seconds(1)))
    #expect(Rate(text: "10/s smooth")?.text == "10/1s smooth")
    for wrong in ["", "10", "10/", "/1s", "10/1s often", "x/1s", "10/1s smooth now", "10/0x"] {
      #expect(Rate(text: wrong) == nil, "\(wrong)")
    }
  }
}
