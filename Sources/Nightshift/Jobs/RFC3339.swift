package import Foundation

/// Reads moments and days as RFC 3339 writes them: `2026-03-01T09:30:00.25+01:00`.
///
/// By hand, since Foundation's formatter lets through what the standard does not, such as 30 February.
package enum RFC3339 {
  /// The moment, or `nil` if the text is no RFC 3339 date-time. Digits beyond nanoseconds are cut off.
  ///
  /// A leap second (`23:59:60` in UTC) is the second after it, as on every clock that has none.
  package static func parse(_ text: String) -> Date? {
    var reader = Reader(text)
    guard let days = reader.day(), reader.take("T") || reader.take("t"),
      let time = reader.timeOfDay(), let fraction = reader.fraction(), let offset = reader.offset(),
      reader.isAtEnd
    else { return nil }
    let seconds = days * 86_400 + time - offset
    if reader.isLeapSecond, seconds % 86_400 != 0 { return nil }
    return Date(timeIntervalSince1970: Double(seconds) + Double(fraction) / 1_000_000_000)
  }

  /// Whether this is an RFC 3339 full-date, such as `2026-03-01`, and the day exists.
  package static func isDay(_ text: String) -> Bool {
    var reader = Reader(text)
    return reader.day() != nil && reader.isAtEnd
  }
}

/// Takes one part after the other off the front. A part that is not there, or out of range, is `nil`.
private struct Reader {
  private var rest: Substring.UTF8View
  private(set) var isLeapSecond = false

  init(_ text: String) { rest = Substring(text).utf8 }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest.removeFirst()
    return true
  }

  /// Days since 1970-01-01.
  mutating func day() -> Int? {
    guard let year = number(4, in: 0...9999), take("-"), let month = number(2, in: 1...12), take("-") else {
      return nil
    }
    let isLeapYear = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard let day = number(2, in: 1...lengths[month - 1]) else { return nil }
    // Years that begin in March have their leap day at the end, so a day's number needs no table. 719,468
    // days lie between 0000-03-01 and 1970-01-01.
    let shifted = month > 2 ? year : year - 1
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    let leapDays = (shifted >> 2) - floorDivide(shifted, by: 100) + floorDivide(shifted, by: 400)
    return shifted * 365 + leapDays + dayOfYear - 719_468
  }

  /// Seconds since midnight.
  mutating func timeOfDay() -> Int? {
    guard let hour = number(2, in: 0...23), take(":"), let minute = number(2, in: 0...59), take(":"),
      let second = number(2, in: 0...60)
    else { return nil }
    isLeapSecond = second == 60
    return hour * 3600 + minute * 60 + second
  }

  /// Nanoseconds; 0 when there is no fraction.
  mutating func fraction() -> Int? {
    guard take(".") else { return 0 }
    var nanoseconds = 0
    var scale = 100_000_000
    guard let first = digit() else { return nil }
    var next: Int? = first
    while let digit = next {
      nanoseconds += digit * scale
      scale /= 10
      next = self.digit()
    }
    return nanoseconds
  }

  /// Seconds to the east of UTC.
  mutating func offset() -> Int? {
    if take("Z") || take("z") { return 0 }
    let isWest = take("-")
    guard isWest || take("+"), let hour = number(2, in: 0...23), take(":"), let minute = number(2, in: 0...59)
    else { return nil }
    let seconds = hour * 3600 + minute * 60
    return isWest ? -seconds : seconds
  }

  private mutating func number(_ digits: Int, in range: ClosedRange<Int>) -> Int? {
    var value = 0
    for _ in 0..<digits {
      guard let digit = digit() else { return nil }
      value = value * 10 + digit
    }
    return range.contains(value) ? value : nil
  }

  private mutating func digit() -> Int? {
    guard let byte = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
    rest.removeFirst()
    return Int(byte - UInt8(ascii: "0"))
  }

  private func floorDivide(_ value: Int, by divisor: Int) -> Int {
    value >= 0 ? value / divisor : (value - divisor + 1) / divisor
  }
}
