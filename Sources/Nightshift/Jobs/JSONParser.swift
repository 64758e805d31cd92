/// Reads one JSON text by recursive descent.
///
/// It counts in bytes only; line and column are worked out when something is wrong, since most texts are
/// right.
struct JSONParser {
  /// What is wrong with the text, and the byte at which it shows.
  struct Fault: Error {
    let message: String
    let offset: Int
  }

  static let depthLimit = 128

  let bytes: UnsafeBufferPointer<UInt8>
  var offset = 0
  private var depth = 0

  private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Result<JSONValue, JSONSyntaxError> {
    var parser = JSONParser(bytes)
    do throws(Fault) {
      return .success(try parser.text())
    } catch {
      return .failure(JSONSyntaxError(error, in: bytes))
    }
  }

  private mutating func text() throws(Fault) -> JSONValue {
    let value = try value()
    skipSpace()
    guard offset == bytes.count else {
      throw Fault(message: "expected nothing after the value", offset: offset)
    }
    return value
  }

  private mutating func value() throws(Fault) -> JSONValue {
    skipSpace()
    switch current {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: throw expected("a value")
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(Fault) -> JSONValue {
    let letters = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
    guard bytes[offset...].starts(with: letters) else { throw expected("a value") }
    offset += letters.count
    return value
  }

  private mutating func array() throws(Fault) -> JSONValue {
    try enter()
    var items: [JSONValue] = []
    if !take(UInt8(ascii: "]")) {
      repeat {
        items.append(try value())
        skipSpace()
      } while take(UInt8(ascii: ","))
      guard take(UInt8(ascii: "]")) else { throw expected("',' or ']'") }
    }
    depth -= 1
    return .array(items)
  }

  private mutating func object() throws(Fault) -> JSONValue {
    try enter()
    var fields: [String: JSONValue] = [:]
    if !take(UInt8(ascii: "}")) {
      repeat {
        try field(into: &fields)
        skipSpace()
      } while take(UInt8(ascii: ","))
      guard take(UInt8(ascii: "}")) else { throw expected("',' or '}'") }
    }
    depth -= 1
    return .object(fields)
  }

  private mutating func field(into fields: inout [String: JSONValue]) throws(Fault) {
    skipSpace()
    let start = offset
    guard current == UInt8(ascii: "\"") else { throw expected("a field name in double quotes") }
    let name = try string()
    skipSpace()
    guard take(UInt8(ascii: ":")) else { throw expected("':'") }
    let value = try value()
    guard fields.updateValue(value, forKey: name) == nil else {
      throw Fault(message: "the field \"\(name.prefix(40))\" is there twice", offset: start)
    }
  }

  /// Steps over the bracket and the space that follows it.
  private mutating func enter() throws(Fault) {
    guard depth < Self.depthLimit else {
      throw Fault(message: "nested more than \(Self.depthLimit) deep", offset: offset)
    }
    depth += 1
    offset += 1
    skipSpace()
  }
}

extension JSONParser {
  /// The byte at hand, or 0 at the end: a NUL is never valid outside a string, and strings look for
  /// themselves.
  @inline(__always)
  var current: UInt8 { offset < bytes.count ? bytes[offset] : 0 }

  @inline(__always)
  mutating func take(_ byte: UInt8) -> Bool {
    guard current == byte else { return false }
    offset += 1
    return true
  }

  @inline(__always)
  private mutating func skipSpace() {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x0A, 0x0D, 0x09: offset += 1
      default: return
      }
    }
  }

  func expected(_ what: String) -> Fault {
    let isAtEnd = offset >= bytes.count
    return Fault(message: "expected \(what)\(isAtEnd ? ", but the text ends" : "")", offset: offset)
  }
}

extension JSONSyntaxError {
  fileprivate init(_ fault: JSONParser.Fault, in bytes: UnsafeBufferPointer<UInt8>) {
    let before = bytes[..<min(fault.offset, bytes.count)]
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    // Bytes 0x80 to 0xBF continue a scalar that another byte began.
    let column = before[start...].count { $0 & 0xC0 != 0x80 } + 1
    self.init(message: fault.message, line: line, column: column)
  }
}
