import Nightshift

/// The parameters of one statement in PostgreSQL's binary format, in one piece of memory.
///
/// Format: <https://www.postgresql.org/docs/15/protocol-overview.html#PROTOCOL-FORMAT-CODES>; arrays as `array_send` in
/// the server's `arrayfuncs.c` writes them: number of dimensions, flags, element type, length, lower bound, elements.
package struct PostgresParameters {
  /// The object ids of the types that cross the wire, from `pg_type`.
  enum TypeID {
    static let bytes: UInt32 = 17
    static let int8: UInt32 = 20
    static let text: UInt32 = 25
    static let bytesArray: UInt32 = 1001
    static let textArray: UInt32 = 1009
    static let int8Array: UInt32 = 1016
    static let unknown: UInt32 = 0
  }

  private(set) var types: [UInt32] = []
  private var bytes: [UInt8] = []
  /// Where each value begins, and how long it is; -1 for `NULL`.
  private var places: [(start: Int, length: Int32)] = []

  package init() {}

  init(_ values: [SQLValue]) {
    for value in values {
      switch value {
      case .null: addNull()
      case .integer(let integer): add(integer)
      case .text(let text): add(text)
      case .bytes(let bytes): add(bytes)
      }
    }
  }

  package mutating func addNull() {
    types.append(TypeID.unknown)
    places.append((bytes.count, -1))
  }

  package mutating func add(_ value: Int64) { add(TypeID.int8) { Self.append(value, to: &$0) } }
  package mutating func add(_ value: String) { add(TypeID.text) { Self.append(value, to: &$0) } }
  package mutating func add(_ value: [UInt8]) { add(TypeID.bytes) { $0.append(contentsOf: value) } }

  package mutating func add(_ values: some Collection<Int64?>) {
    addArray(TypeID.int8Array, of: TypeID.int8, values) { Self.append($0, to: &$1) }
  }

  package mutating func add(_ values: some Collection<String?>) {
    addArray(TypeID.textArray, of: TypeID.text, values) { Self.append($0, to: &$1) }
  }

  package mutating func add(_ values: some Collection<[UInt8]?>) {
    addArray(TypeID.bytesArray, of: TypeID.bytes, values) { $1.append(contentsOf: $0) }
  }

  private mutating func add(_ type: UInt32, _ write: (inout [UInt8]) -> Void) {
    let start = bytes.count
    write(&bytes)
    types.append(type)
    places.append((start, Int32(bytes.count - start)))
  }

  private mutating func addArray<Value>(
    _ type: UInt32, of elementType: UInt32, _ values: some Collection<Value?>, _ write: (Value, inout [UInt8]) -> Void
  ) {
    add(type) { bytes in
      for head in [1, 1, Int32(elementType), Int32(values.count), 1] { Self.append(head, to: &bytes) }
      for value in values {
        guard let value else {
          Self.append(Int32(-1), to: &bytes)
          continue
        }
        let place = bytes.count
        Self.append(Int32(0), to: &bytes)
        write(value, &bytes)
        let length = Int32(bytes.count - place - 4).bigEndian
        withUnsafeBytes(of: length) { bytes.replaceSubrange(place..<place + 4, with: $0) }
      }
    }
  }

  /// PostgreSQL's text cannot hold a zero byte, which a program's output may: it becomes a replacement character.
  private static func append(_ text: String, to bytes: inout [UInt8]) {
    if text.utf8.contains(0) {
      bytes.append(contentsOf: text.replacing("\0", with: "\u{FFFD}").utf8)
    } else {
      bytes.append(contentsOf: text.utf8)
    }
  }

  private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  /// Gives the parameters as libpq wants them: how many, their types, pointers, lengths and formats.
  func withPointers<Result>(
    _ body: (
      Int32, UnsafePointer<UInt32>?, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?,
      UnsafePointer<Int32>?
    ) -> Result
  ) -> Result {
    // An empty value needs a pointer too: none at all would mean `NULL`.
    let memory = bytes.isEmpty ? [0] : bytes
    return memory.withUnsafeBytes { raw in
      let base = raw.baseAddress!.assumingMemoryBound(to: CChar.self)
      let pointers = places.map { $0.length < 0 ? nil : base + $0.start }
      let lengths = places.map { max(0, $0.length) }
      let formats = [Int32](repeating: 1, count: places.count)
      return body(Int32(places.count), types, pointers, lengths, formats)
    }
  }
}
