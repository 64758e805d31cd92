/// How people write amounts of bytes: `512MiB`, `2GiB`, `65536`.
enum ByteSize {
  static let rule = "a number of bytes such as 65536, 64KiB, 512MiB or 2GiB"

  private static let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)]

  /// The bytes; `nil` unless the text is ``rule``.
  static func parse(_ text: String) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isWholeNumber }
    guard let amount = Int(digits) else { return nil }
    let unit = text.dropFirst(digits.count).drop { $0 == " " }
    guard !unit.isEmpty else { return amount }
    guard let factor = units.first(where: { $0.0 == unit })?.1 else { return nil }
    let (bytes, overflows) = amount.multipliedReportingOverflow(by: factor)
    return overflows ? nil : bytes
  }

  /// The amount as ``parse(_:)`` reads it, in the largest unit that divides it.
  static func text(_ bytes: Int) -> String {
    guard bytes > 0, let unit = units.last(where: { bytes % $0.1 == 0 }) else { return "\(bytes) bytes" }
    return "\(bytes / unit.1)\(unit.0)"
  }
}
