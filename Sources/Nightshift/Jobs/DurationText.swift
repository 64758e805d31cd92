/// How people write lengths of time: `30s`, `500ms`, `1h30m`, `2d`, `1.5s`.
package enum DurationText {
  /// For messages that refuse one: "`timeout` must be \(DurationText.rule)".
  package static let rule =
    "a length of time such as 500ms, 30s or 1h30m (units w, d, h, m, s, ms, longest first; at most 36500d)"

  /// A hundred years: more is a slip, and could not be added to the time of day without an overflow in the
  /// end.
  fileprivate static let limit: Int64 = 36_500 * 86_400 * 1_000_000_000

  /// From the longest down, the order in which they are written.
  fileprivate static let units: [(name: String, nanoseconds: Int64)] = [
    ("w", 7 * 86_400 * 1_000_000_000),
    ("d", 86_400 * 1_000_000_000),
    ("h", 3_600 * 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
  ]
}

extension Duration {
  /// Reads a length of time; `nil` unless it is ``DurationText/rule``.
  ///
  /// A bare number is refused, since nobody can tell whether it means seconds or milliseconds.
  package init?(text: String) {
    var rest = Substring(text)
    var units = DurationText.units[...]
    var total: Int64 = 0
    repeat {
      guard let amount = DecimalAmount(takenFrom: &rest) else { return nil }
      let name = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(name.count)
      // Only shorter units may follow, so that "30m1h" and "1h1h" are refused as the slips they are.
      guard let place = units.firstIndex(where: { $0.name == name }) else { return nil }
      guard let part = amount.times(units[place].nanoseconds), part <= DurationText.limit - total else {
        return nil
      }
      total += part
      units = units[(place + 1)...]
    } while !rest.isEmpty
    self = .nanoseconds(total)
  }

  /// As ``init(text:)`` reads it: `1h30m`, `1s500ms`, `0s`. Parts of a millisecond are cut off, days are the
  /// longest unit, and a negative length, which cannot be read back, gets a minus.
  package var text: String {
    let (seconds, attoseconds) = components
    var parts = ""
    var rest = seconds.magnitude
    for (name, length) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] as [(String, UInt64)] {
      let (amount, remainder) = rest.quotientAndRemainder(dividingBy: length)
      if amount > 0 { parts += "\(amount)\(name)" }
      rest = remainder
    }
    let milliseconds = attoseconds.magnitude / 1_000_000_000_000_000
    if milliseconds > 0 { parts += "\(milliseconds)ms" }
    guard !parts.isEmpty else { return "0s" }
    return self < .zero ? "-\(parts)" : parts
  }
}

/// A number as it is written before a unit, kept whole so that "0.1s" is a hundred milliseconds and no
/// rounding.
private struct DecimalAmount {
  let digits: UInt64
  /// By what the digits are to be divided: 10 for "1.5".
  let divisor: UInt64

  /// Takes `12` or `1.5` off the front; `nil` without a digit on both sides of the point, or with too many
  /// digits.
  init?(takenFrom text: inout Substring) {
    guard let whole = Self.takeDigits(from: &text) else { return nil }
    var fraction: Substring = ""
    if text.first == "." {
      text.removeFirst()
      guard let digits = Self.takeDigits(from: &text) else { return nil }
      fraction = digits
    }
    // Nanoseconds are as fine as it goes, and `UInt64` refuses what it cannot hold.
    guard fraction.count <= 9, let digits = UInt64(whole + fraction) else { return nil }
    self.digits = digits
    divisor = (0..<fraction.count).reduce(1) { divisor, _ in divisor * 10 }
  }

  private static func takeDigits(from text: inout Substring) -> Substring? {
    let digits = text.prefix { $0.isASCII && $0.isWholeNumber }
    text = text.dropFirst(digits.count)
    return digits.isEmpty ? nil : digits
  }

  /// The product, its fraction cut off; `nil` if it does not fit.
  func times(_ nanoseconds: Int64) -> Int64? {
    let product = digits.multipliedFullWidth(by: UInt64(nanoseconds))
    // Else the quotient has more than 64 bits, and dividing traps.
    guard product.high < divisor else { return nil }
    return Int64(exactly: divisor.dividingFullWidth(product).quotient)
  }
}
