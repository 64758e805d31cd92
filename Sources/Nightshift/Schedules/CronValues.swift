/// The values that one field of a cron expression allows, as a set of bits.
struct CronValues: Sendable, Hashable {
  private(set) var bits: UInt64 = 0

  static func one(_ value: Int) -> CronValues {
    var values = CronValues()
    values.insert(value)
    return values
  }

  var isEmpty: Bool { bits == 0 }
  var first: Int { bits.trailingZeroBitCount }

  mutating func insert(_ value: Int) { bits |= 1 << UInt64(value) }

  mutating func formUnion(_ other: CronValues) { bits |= other.bits }

  func contains(_ value: Int) -> Bool { bits >> UInt64(value) & 1 == 1 }

  /// The smallest value that is not below `value`; `nil` if there is none.
  func next(from value: Int) -> Int? {
    guard value < 64 else { return nil }
    let rest = bits >> UInt64(value)
    return rest == 0 ? nil : value + rest.trailingZeroBitCount
  }
}
