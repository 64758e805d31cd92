extension JSONValue {
  /// The value as UTF-8 JSON. Fields are sorted by name, so that equal values give equal bytes: they can be
  /// compared, signed and hashed.
  ///
  /// A number that is not finite, which no parser makes, is written as `null`, as JavaScript does.
  ///
  /// - Parameter pretty: Whether to break lines and indent by two spaces, for people.
  package func serialized(pretty: Bool = false) -> [UInt8] {
    var writer = JSONWriter(isPretty: pretty)
    writer.write(self)
    return writer.bytes
  }
}

extension JSONValue: CustomStringConvertible {
  /// Compact JSON. It holds the whole value: payloads do not belong in logs.
  package var description: String { String(decoding: serialized(), as: UTF8.self) }
}

private struct JSONWriter {
  let isPretty: Bool
  var bytes: [UInt8] = []
  private var depth = 0

  init(isPretty: Bool) { self.isPretty = isPretty }

  mutating func write(_ value: JSONValue) {
    switch value {
    case .null: append("null")
    case .bool(let value): append(value ? "true" : "false")
    case .integer(let value): append(String(value))
    case .number(let value): write(value)
    case .string(let value): write(value)
    case .array(let items): write(items)
    case .object(let fields): write(fields)
    }
  }

  private mutating func write(_ number: Double) {
    if let whole = Int64(exactly: number) {
      append(String(whole))
    } else if number.isFinite {
      // Swift prints the shortest text that reads back as the same number, and that is JSON too ("1e+20").
      append(number.description)
    } else {
      append("null")
    }
  }

  private mutating func write(_ items: [JSONValue]) {
    guard !items.isEmpty else { return append("[]") }
    open(UInt8(ascii: "["))
    for (place, item) in items.enumerated() {
      if place > 0 { bytes.append(UInt8(ascii: ",")) }
      breakLine()
      write(item)
    }
    close(UInt8(ascii: "]"))
  }

  private mutating func write(_ fields: [String: JSONValue]) {
    guard !fields.isEmpty else { return append("{}") }
    open(UInt8(ascii: "{"))
    for (place, (name, value)) in fields.sorted(by: { $0.key < $1.key }).enumerated() {
      if place > 0 { bytes.append(UInt8(ascii: ",")) }
      breakLine()
      write(name)
      bytes.append(UInt8(ascii: ":"))
      if isPretty { bytes.append(UInt8(ascii: " ")) }
      write(value)
    }
    close(UInt8(ascii: "}"))
  }

  private mutating func write(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    if text.utf8.contains(where: Self.needsEscape) {
      for byte in text.utf8 { writeEscaped(byte) }
    } else {
      append(text)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func writeEscaped(_ byte: UInt8) {
    guard Self.needsEscape(byte) else { return bytes.append(byte) }
    switch byte {
    case UInt8(ascii: "\""): append("\\\"")
    case UInt8(ascii: "\\"): append("\\\\")
    case 0x08: append("\\b")
    case 0x0C: append("\\f")
    case 0x0A: append("\\n")
    case 0x0D: append("\\r")
    case 0x09: append("\\t")
    default:
      append(byte < 0x10 ? "\\u000" : "\\u00")
      append(String(byte, radix: 16))
    }
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private mutating func open(_ bracket: UInt8) {
    bytes.append(bracket)
    depth += 1
  }

  private mutating func close(_ bracket: UInt8) {
    depth -= 1
    breakLine()
    bytes.append(bracket)
  }

  private mutating func breakLine() {
    guard isPretty else { return }
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth * 2))
  }
}
