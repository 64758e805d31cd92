/// The formats that are checked. Others only tell the reader what is meant.
enum SchemaFormat: String, Sendable {
  case dateTime = "date-time"
  case date
  case email
  case uri
  case uuid

  func admits(_ text: String) -> Bool {
    switch self {
    case .dateTime: RFC3339.parse(text) != nil
    case .date: RFC3339.isDay(text)
    case .email: Self.isEmail(text)
    case .uri: Self.isURI(text)
    case .uuid: Self.isUUID(text)
    }
  }

  /// For the middle of a sentence: "a date such as 2026-03-01".
  var phrase: String {
    switch self {
    case .dateTime: "a moment such as 2026-03-01T09:30:00Z"
    case .date: "a date such as 2026-03-01"
    case .email: "an email address"
    case .uri: "a URI such as https://example.com/a"
    case .uuid: "a UUID such as 123e4567-e89b-12d3-a456-426614174000"
    }
  }

  private static func isUUID(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return bytes.count == 36
      && bytes.enumerated().allSatisfy { place, byte in
        [8, 13, 18, 23].contains(place) ? byte == UInt8(ascii: "-") : byte.isHexDigit
      }
  }

  /// Local part, `@`, domain, as RFC 5321 has it but for comments. Whether mail arrives, only mail can tell.
  private static func isEmail(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard bytes.count <= 254, let at = bytes.lastIndex(of: UInt8(ascii: "@")) else { return false }
    return isLocalPart(bytes[..<at]) && isDomain(bytes[(at + 1)...])
  }

  private static func isLocalPart(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard (1...64).contains(bytes.count) else { return false }
    let quote = UInt8(ascii: "\"")
    if bytes.count > 2, bytes.first == quote, bytes.last == quote {
      return bytes.dropFirst().dropLast().allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != quote }
    }
    return bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { atom in
      !atom.isEmpty && atom.allSatisfy { $0.isAlphanumeric || "!#$%&'*+-/=?^_`{|}~".utf8.contains($0) }
    }
  }

  private static func isDomain(_ bytes: ArraySlice<UInt8>) -> Bool {
    if bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]") {
      let address = bytes.dropFirst().dropLast()
      return !address.isEmpty && address.allSatisfy { $0.isAlphanumeric || ".:".utf8.contains($0) }
    }
    let hyphen = UInt8(ascii: "-")
    return bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
        && label.allSatisfy { $0.isAlphanumeric || $0 == hyphen }
    }
  }

  /// A scheme, then the characters of RFC 3986 with whole percent escapes. A relative reference is no URI.
  private static func isURI(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), let first = bytes.first, first.isLetter,
      bytes[..<colon].allSatisfy({ $0.isAlphanumeric || "+-.".utf8.contains($0) })
    else { return false }
    let rest = bytes[(colon + 1)...]
    let hash = rest.firstIndex(of: UInt8(ascii: "#")) ?? rest.endIndex
    return areURICharacters(rest[..<hash], besides: "[]")
      && areURICharacters(rest[hash...].dropFirst(), besides: "")
  }

  private static func areURICharacters(_ bytes: ArraySlice<UInt8>, besides others: String) -> Bool {
    let allowed = Set("-._~:/?@!$&'()*+,;=\(others)".utf8)
    return bytes.indices.allSatisfy { place in
      guard bytes[place] == UInt8(ascii: "%") else {
        return bytes[place].isAlphanumeric || allowed.contains(bytes[place])
      }
      let escape = bytes[(place + 1)...].prefix(2)
      return escape.count == 2 && escape.allSatisfy(\.isHexDigit)
    }
  }
}

extension UInt8 {
  fileprivate var isLetter: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    default: false
    }
  }

  fileprivate var isAlphanumeric: Bool { isLetter || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

  fileprivate var isHexDigit: Bool { Unicode.Scalar(self).properties.isASCIIHexDigit }
}
