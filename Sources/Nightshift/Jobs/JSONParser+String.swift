extension JSONParser {
  /// Reads a string from its opening quote to just after its closing one.
  mutating func string() throws(Fault) -> String {
    offset += 1
    let start = offset
    var seen: UInt8 = 0
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\"") {
        let text = try text(start..<offset, isASCII: seen < 0x80)
        offset += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
      guard byte >= 0x20 else { throw controlCharacter(byte) }
      seen |= byte
      offset += 1
    }
    throw expected("'\"'")
  }

  private func text(_ range: Range<Int>, isASCII: Bool) throws(Fault) -> String {
    if !isASCII { try checkUTF8(range) }
    return String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
  }

  private func checkUTF8(_ range: Range<Int>) throws(Fault) {
    do throws(UTF8.ValidationError) {
      _ = try UTF8Span(validating: UnsafeBufferPointer(rebasing: bytes[range]).span)
    } catch {
      throw Fault(message: "invalid UTF-8", offset: range.lowerBound + error.byteOffsets.lowerBound)
    }
  }

  /// Goes on with a string at its first escape. Text without escapes, the usual kind, is never copied here.
  private mutating func escapedString(from start: Int) throws(Fault) -> String {
    var text = Array(bytes[start..<offset])
    while offset < bytes.count {
      let byte = bytes[offset]
      switch byte {
      case UInt8(ascii: "\""):
        // Escapes are ASCII and stand for whole scalars, so what was read is valid if the source is.
        try checkUTF8(start..<offset)
        offset += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): try escape(into: &text)
      case ..<0x20: throw controlCharacter(byte)
      default:
        text.append(byte)
        offset += 1
      }
    }
    throw expected("'\"'")
  }

  private mutating func escape(into text: inout [UInt8]) throws(Fault) {
    offset += 1
    let byte = current
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      let scalar = try escapedScalar()
      text.append(contentsOf: String(scalar).utf8)
      return
    default: throw expected("one of \" \\ / b f n r t u after '\\'")
    }
    offset += 1
  }

  /// Reads what follows a backslash: `u` and four digits, twice for a scalar beyond 16 bits.
  private mutating func escapedScalar() throws(Fault) -> Unicode.Scalar {
    let start = offset - 1
    let first = try fourHexDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    let loneSurrogate = Fault(message: "half of a surrogate pair", offset: start)
    guard first < 0xDC00, take(UInt8(ascii: "\\")), current == UInt8(ascii: "u") else { throw loneSurrogate }
    let second = try fourHexDigits()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw loneSurrogate }
    return scalar
  }

  private mutating func fourHexDigits() throws(Fault) -> UInt32 {
    offset += 1
    var value: UInt32 = 0
    for _ in 0..<4 {
      let digit: UInt8
      switch current {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = current - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = current - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = current - UInt8(ascii: "A") + 10
      default: throw expected("four hexadecimal digits after '\\u'")
      }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }

  private func controlCharacter(_ byte: UInt8) -> Fault {
    let code = String(byte, radix: 16)
    let escape = "\\u" + String(repeating: "0", count: 4 - code.count) + code
    return Fault(message: "a control character in a string must be escaped, as \(escape)", offset: offset)
  }
}
