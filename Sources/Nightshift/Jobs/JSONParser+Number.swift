extension JSONParser {
  /// The digits of a number as one whole number, as long as that fits.
  private struct Digits {
    var value: UInt64 = 0
    var overflows = false

    @inline(__always)
    mutating func append(_ digit: UInt8) {
      let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, isStillTooLarge) = product.addingReportingOverflow(UInt64(digit))
      value = sum
      overflows = overflows || isTooLarge || isStillTooLarge
    }
  }

  mutating func number() throws(Fault) -> JSONValue {
    let start = offset
    let isNegative = take(UInt8(ascii: "-"))
    var digits = Digits()
    let first = offset
    try read(&digits)
    guard bytes[first] != UInt8(ascii: "0") || offset == first + 1 else {
      throw Fault(message: "a number does not begin with 0 and another digit", offset: first)
    }
    var isWhole = true
    var exponent = 0
    if take(UInt8(ascii: ".")) {
      isWhole = false
      let point = offset
      try read(&digits)
      exponent = point - offset
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isWhole = false
      exponent += try readExponent()
    }
    if isWhole { return .integer(try integer(digits, isNegative: isNegative, start: start)) }
    let number =
      Self.exact(digits, exponent: exponent, isNegative: isNegative) ?? Double(source(from: start))
      ?? .infinity
    guard number.isFinite else { throw Fault(message: "the number is out of range", offset: start) }
    return Int64(exactly: number).map(JSONValue.integer) ?? .number(number)
  }

  private mutating func read(_ digits: inout Digits) throws(Fault) {
    let start = offset
    while offset < bytes.count, case let digit = bytes[offset] &- UInt8(ascii: "0"), digit < 10 {
      digits.append(digit)
      offset += 1
    }
    guard offset > start else { throw expected("a digit") }
  }

  private mutating func readExponent() throws(Fault) -> Int {
    let isNegative = take(UInt8(ascii: "-"))
    if !isNegative { _ = take(UInt8(ascii: "+")) }
    var digits = Digits()
    try read(&digits)
    // Any exponent this large leaves the fast path below, and there the source is read again.
    let exponent = digits.overflows ? 1_000_000 : Int(min(digits.value, 1_000_000))
    return isNegative ? -exponent : exponent
  }

  private func integer(_ digits: Digits, isNegative: Bool, start: Int) throws(Fault) -> Int64 {
    let limit = UInt64(Int64.max) + (isNegative ? 1 : 0)
    guard !digits.overflows, digits.value <= limit else {
      let remedy = "send it as a string, or with an exponent if it may be rounded"
      throw Fault(message: "the whole number is beyond 64 bits: \(remedy)", offset: start)
    }
    return Int64(truncatingIfNeeded: isNegative ? 0 &- digits.value : digits.value)
  }

  private func source(from start: Int) -> String {
    String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<offset]), as: UTF8.self)
  }

  /// The number where one rounding gives it: both factors are exact (Clinger's fast path); else `nil`.
  private static func exact(_ digits: Digits, exponent: Int, isNegative: Bool) -> Double? {
    guard !digits.overflows, digits.value <= 1 << 53, abs(exponent) < powersOfTen.count else { return nil }
    let power = powersOfTen[abs(exponent)]
    let magnitude = exponent < 0 ? Double(digits.value) / power : Double(digits.value) * power
    return isNegative ? -magnitude : magnitude
  }

  /// Those that a `Double` holds exactly.
  private static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]
}
