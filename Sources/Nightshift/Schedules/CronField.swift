/// One of the fields of a cron expression: what it is called, and which values it may have.
enum CronField: String, CaseIterable, Sendable {
  case second
  case minute
  case hour
  case dayOfMonth = "day of month"
  case month
  case dayOfWeek = "day of week"

  /// The smallest and the largest value. Sunday is 0, and 7 too.
  var range: ClosedRange<Int> {
    switch self {
    case .second, .minute: 0...59
    case .hour: 0...23
    case .dayOfMonth: 1...31
    case .month: 1...12
    case .dayOfWeek: 0...7
    }
  }

  /// The value that `*` and an open step end with.
  var last: Int { self == .dayOfWeek ? 6 : range.upperBound }

  /// Words that stand for values, the first for the smallest.
  var names: [String] {
    switch self {
    case .month: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    case .dayOfWeek: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    default: []
    }
  }

  var isDay: Bool { self == .dayOfMonth || self == .dayOfWeek }

  /// For messages: what the field may hold.
  var rule: String {
    let bounds = "\(range.lowerBound) to \(range.upperBound)"
    return switch self {
    case .dayOfWeek: "\(bounds) (0 and 7 are Sunday) or sun to sat"
    case .month: "\(bounds) or jan to dec"
    default: bounds
    }
  }
}

/// Why an expression is refused: the field, its text, and what would be right.
package struct CronError: Error, Sendable, Hashable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }

  init(_ field: CronField, _ text: some StringProtocol, _ message: String) {
    description = "the field \"\(field.rawValue)\" is \"\(text)\": \(message)"
  }
}
