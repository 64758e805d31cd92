import Mustache

/// Text as HTML shows it, and as an attribute's quotes hold it.
///
/// The package's own type looks at characters, for which `"` and a combining accent are one that needs no escape; a
/// browser sees the quote.
struct SafeText: MustacheContentType {
  static let name = "NIGHTSHIFT"

  // What was hidden of a job's documents may stand in its errors and logs as well.
  func escapeText(_ text: String) -> String { Self.escape(Redactor.current?.text(text) ?? text) }

  static func escape(_ text: String) -> String {
    let special = text.utf8.contains { byte in
      switch byte {
      case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), UInt8(ascii: "\""), UInt8(ascii: "'"), 0: true
      default: false
      }
    }
    guard special else { return text }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count + 64)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "<"): bytes += "&lt;".utf8
      case UInt8(ascii: ">"): bytes += "&gt;".utf8
      case UInt8(ascii: "&"): bytes += "&amp;".utf8
      case UInt8(ascii: "\""): bytes += "&quot;".utf8
      case UInt8(ascii: "'"): bytes += "&#39;".utf8
      // HTML has no way to write it.
      case 0: bytes += "\u{FFFD}".utf8
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
