/// The shape that kinds and queues share: `[a-z0-9][a-z0-9._-]{0,99}`.
///
/// Narrow on purpose: a name appears in URLs, metric labels, file names and terminals, and needs no escaping there.
enum ValidatedName {
  static let rule = "1 to 100 of a–z, 0–9, '.', '_' and '-', beginning with a letter or digit"

  static func isValid(_ text: String) -> Bool {
    let bytes = text.utf8
    guard (1...100).contains(bytes.count), let first = bytes.first, isAlphanumeric(first) else { return false }
    return bytes.allSatisfy {
      isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
    }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
