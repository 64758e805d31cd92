/// How often something took how long: counts in buckets, each about a quarter wider than the one before.
///
/// A quantile that is read from it is off by an eighth at most; the sum and the longest are exact.
package struct DurationHistogram: Sendable, Hashable {
  /// The upper bounds in microseconds, inclusive: from 0.1 ms to eleven days, ten for each power of ten. These are the
  /// preferred numbers of the R10 series, so that the bounds which monitoring is used to (0.25 s, 2.5 s) are among them.
  package static let bounds: [Int64] = {
    let series: [Int64] = [100, 125, 160, 200, 250, 315, 400, 500, 630, 800]
    var bounds: [Int64] = []
    var power: Int64 = 1
    for _ in 0..<10 {
      bounds += series.map { $0 * power }
      power *= 10
    }
    return bounds
  }()

  /// How many there were.
  package private(set) var count: Int64 = 0
  /// Of all together, in microseconds.
  package private(set) var sum: Int64 = 0
  /// The longest, in microseconds.
  package private(set) var longest: Int64 = 0
  /// One for each bound, and a last one for what took longer than all of them.
  private var buckets = [Int64](repeating: 0, count: bounds.count + 1)

  package init() {}

  package mutating func add(_ microseconds: Int64) {
    let value = max(0, microseconds)
    count += 1
    sum &+= value
    longest = max(longest, value)
    buckets[Self.index(of: value)] += 1
  }

  package mutating func add(_ other: DurationHistogram) {
    count += other.count
    sum &+= other.sum
    longest = max(longest, other.longest)
    for index in buckets.indices { buckets[index] += other.buckets[index] }
  }

  /// For each power of two the bucket of its first value: from there it is four steps at most.
  private static let starts: [Int] = (0..<64).map { power in
    bounds.firstIndex { $0 >= Int64(clamping: UInt64(1) << UInt64(power)) } ?? bounds.count
  }

  /// The bucket of a value: the first whose bound it does not exceed.
  private static func index(of value: Int64) -> Int {
    let bounds = Self.bounds
    var index = starts[value > 0 ? 63 - value.leadingZeroBitCount : 0]
    while index < bounds.count, bounds[index] < value { index += 1 }
    return index
  }

  /// How many took at most so long; exact for what is one of ``bounds``.
  package func count(upTo bound: Int64) -> Int64 {
    var total: Int64 = 0
    for (index, upper) in Self.bounds.enumerated() where upper <= bound { total += buckets[index] }
    return total
  }

  /// The value below which that part of all lies, in microseconds; `nil` if there were none.
  package func quantile(_ part: Double) -> Int64? {
    guard count > 0 else { return nil }
    let rank = max(1, (part * Double(count)).rounded(.up))
    var below: Int64 = 0
    for (index, inside) in buckets.enumerated() where inside > 0 {
      guard Double(below + inside) >= rank else {
        below += inside
        continue
      }
      guard index < Self.bounds.count else { return longest }
      let lower = index == 0 ? 0 : Self.bounds[index - 1]
      let share = (rank - Double(below)) / Double(inside)
      // Never beyond what there was: with one value in its bucket, that one is known.
      return min(longest, lower + Int64(share * Double(Self.bounds[index] - lower)))
    }
    return longest
  }

  package var mean: Int64 { count > 0 ? sum / count : 0 }
}

// MARK: As it is stored

extension DurationHistogram {
  /// The buckets that are not empty: `12:5,13:7`.
  var bucketText: String {
    buckets.enumerated().filter { $0.element > 0 }.map { "\($0.offset):\($0.element)" }.joined(separator: ",")
  }

  /// - Parameter bucketText: As ``bucketText``; what cannot be read of it is left out.
  init(count: Int64, sum: Int64, longest: Int64, bucketText: String) {
    self.count = count
    self.sum = sum
    self.longest = longest
    for part in bucketText.split(separator: ",") {
      let sides = part.split(separator: ":")
      guard sides.count == 2, let index = Int(sides[0]), let inside = Int64(sides[1]), buckets.indices.contains(index)
      else { continue }
      buckets[index] += inside
    }
  }
}
