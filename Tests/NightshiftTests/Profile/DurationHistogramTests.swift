@testable import Nightshift
import Testing

@Suite struct `A histogram of durations` {
  @Test func `counts exactly up to each of its bounds`() {
    var histogram = DurationHistogram()
    for bound in DurationHistogram.bounds {
      histogram.add(bound)
      histogram.add(bound + 1)
    }
    for (index, bound) in DurationHistogram.bounds.enumerated() {
      #expect(histogram.count(upTo: bound) == Int64(2 * index + 1))
    }
    #expect(histogram.count == Int64(2 * DurationHistogram.bounds.count))
    #expect(histogram.longest == DurationHistogram.bounds.last! + 1)
  }

  @Test func `has bounds that grow by about a quarter`() {
    let bounds = DurationHistogram.bounds
    #expect(bounds.first == 100 && bounds.count == 100)
    for (low, high) in zip(bounds, bounds.dropFirst()) { #expect((1.2...1.35).contains(Double(high) / Double(low))) }
  }

  @Test(arguments: [0.5, 0.95, 0.99])
  func `is off by an eighth at most`(_ part: Double) throws {
    var histogram = DurationHistogram()
    var values: [Int64] = []
    var generator = SplitMix(state: 7)
    for _ in 0..<20_000 { values.append(Int64.random(in: 1_000...30_000_000, using: &generator)) }
    for value in values { histogram.add(value) }
    let exact = Double(values.sorted()[Int(part * 20_000)])
    let found = Double(try #require(histogram.quantile(part)))
    #expect(abs(found - exact) / exact < 0.125, "\(found) instead of \(exact)")
  }

  @Test func `knows what one value is, and of none nothing`() {
    var histogram = DurationHistogram()
    #expect(histogram.quantile(0.95) == nil && histogram.mean == 0)
    histogram.add(1_234_567)
    #expect(histogram.quantile(0.5) == 1_234_567 && histogram.quantile(0.99) == 1_234_567)
    histogram.add(-5)
    #expect(histogram.sum == 1_234_567 && histogram.count == 2)
    histogram.add(.max / 2)
    #expect(histogram.quantile(0.999) == .max / 2)
  }

  @Test func `is the same after it was stored, and adds up`() {
    var (left, right) = (DurationHistogram(), DurationHistogram())
    for value in [5, 99, 100, 101, 2_000_000, .max / 4] as [Int64] { left.add(value) }
    right.add(2_000_000)
    let text = left.bucketText
    #expect(
      DurationHistogram(count: left.count, sum: left.sum, longest: left.longest, bucketText: text) == left)
    left.add(right)
    #expect(left.count == 7 && left.count(upTo: 2_000_000) == 6)
    let damaged = DurationHistogram(count: 1, sum: 1, longest: 1, bucketText: "3:1,x,400:2,:,-1:4")
    #expect(damaged.count(upTo: 200) == 1 && damaged.bucketText == "3:1")
  }
}

private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
