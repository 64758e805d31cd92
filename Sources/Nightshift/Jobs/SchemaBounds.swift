/// What a schema asks of numbers.
struct SchemaBounds: Sendable {
  var minimum: SchemaNumber?
  var maximum: SchemaNumber?
  var exclusiveMinimum: SchemaNumber?
  var exclusiveMaximum: SchemaNumber?
  var multipleOf: SchemaNumber?

  func admit(_ number: SchemaNumber) -> Bool {
    if let minimum, number < minimum { return false }
    if let maximum, maximum < number { return false }
    if let exclusiveMinimum, !(exclusiveMinimum < number) { return false }
    if let exclusiveMaximum, !(number < exclusiveMaximum) { return false }
    if let multipleOf, !number.isMultiple(of: multipleOf) { return false }
    return true
  }

  /// For the middle of a sentence: "at least 1 and a multiple of 5".
  var phrase: String {
    var parts: [String] = []
    if let minimum { parts.append("at least \(minimum)") }
    if let exclusiveMinimum { parts.append("more than \(exclusiveMinimum)") }
    if let maximum { parts.append("at most \(maximum)") }
    if let exclusiveMaximum { parts.append("less than \(exclusiveMaximum)") }
    if let multipleOf { parts.append("a multiple of \(multipleOf)") }
    return parts.joined(separator: " and ")
  }
}

/// A number that compares exactly, as a comparison of `Double`s beyond 53 bits would not.
enum SchemaNumber: Sendable, CustomStringConvertible {
  case integer(Int64)
  /// With a fraction, or beyond 64 bits.
  case number(Double)

  init?(_ value: JSONValue) {
    switch value {
    case .integer(let value): self = .integer(value)
    case .number(let value): self = Int64(exactly: value).map(SchemaNumber.integer) ?? .number(value)
    default: return nil
    }
  }

  private var double: Double {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    }
  }

  var isPositive: Bool { double > 0 }

  static func < (left: SchemaNumber, right: SchemaNumber) -> Bool {
    switch (left, right) {
    case (.integer(let left), .integer(let right)): left < right
    case (.number(let left), .number(let right)): left < right
    case (.integer(let whole), .number(let number)):
      // It has a fraction, or is beyond every `Int64`.
      Int64(exactly: number.rounded(.down)).map { whole <= $0 } ?? (number > 0)
    case (.number(let number), .integer(let whole)):
      Int64(exactly: number.rounded(.down)).map { $0 < whole } ?? (number < 0)
    }
  }

  func isMultiple(of divisor: SchemaNumber) -> Bool {
    if case (.integer(let value), .integer(let divisor)) = (self, divisor) {
      return value.isMultiple(of: divisor)
    }
    let quotient = double / divisor.double
    guard quotient.isFinite else { return double.truncatingRemainder(dividingBy: divisor.double) == 0 }
    // People think in decimals: 0.3 is a multiple of 0.1, though in binary it misses by the last few bits.
    return abs(quotient - quotient.rounded()) <= 4 * quotient.ulp
  }

  var description: String {
    switch self {
    case .integer(let value): String(value)
    case .number(let value): value.description
    }
  }
}
