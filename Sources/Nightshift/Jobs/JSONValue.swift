/// Any JSON value: how payloads, results and schemas are held once they are read.
///
/// Numbers compare by value, as JSON Schema has it: `.integer(1)` equals `.number(1.0)`, hashes like it and
/// is written like it. So equal values have equal ``serialized(pretty:)`` bytes, and those serve as a
/// fingerprint.
package enum JSONValue: Sendable {
  case null
  case bool(Bool)
  /// A whole number. The parser makes one of every whole number that fits, `5.0` and `5e0` included.
  case integer(Int64)
  /// A number with a fraction, or beyond 64 bits. It must be finite: JSON cannot write the others.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])
}

extension JSONValue: Hashable {
  package static func == (left: JSONValue, right: JSONValue) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let left), .bool(let right)): left == right
    case (.integer(let left), .integer(let right)): left == right
    case (.number(let left), .number(let right)): left == right
    case (.integer(let whole), .number(let number)), (.number(let number), .integer(let whole)):
      Int64(exactly: number) == whole
    case (.string(let left), .string(let right)): left == right
    case (.array(let left), .array(let right)): left == right
    case (.object(let left), .object(let right)): left == right
    default: false
    }
  }

  package func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0 as UInt8)
    case .bool(let value): hasher.combine(value)
    case .integer(let value): hasher.combine(value)
    case .number(let value):
      if let whole = Int64(exactly: value) { hasher.combine(whole) } else { hasher.combine(value) }
    case .string(let value): hasher.combine(value)
    case .array(let items): hasher.combine(items)
    case .object(let fields): hasher.combine(fields)
    }
  }
}

extension JSONValue {
  /// An object without the fields that are `nil`.
  package static func fields(_ fields: [String: JSONValue?]) -> JSONValue { .object(fields.compactMapValues { $0 }) }

  /// The field of this name; `nil` when there is none, or when this is no object.
  package subscript(key: String) -> JSONValue? { objectValue?[key] }

  /// The item at this place, counted from 0; `nil` outside the array, or when this is no array.
  package subscript(index: Int) -> JSONValue? {
    guard let items = arrayValue, items.indices.contains(index) else { return nil }
    return items[index]
  }

  package var stringValue: String? { if case .string(let value) = self { value } else { nil } }

  /// The whole number this is; `nil` for one with a fraction.
  package var intValue: Int? {
    switch self {
    case .integer(let value): Int(exactly: value)
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// Any number, the nearest that a `Double` can hold.
  package var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  package var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

  package var arrayValue: [JSONValue]? { if case .array(let items) = self { items } else { nil } }

  package var objectValue: [String: JSONValue]? { if case .object(let fields) = self { fields } else { nil } }
}

extension JSONValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByNilLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(arrayLiteral items: JSONValue...) { self = .array(items) }
  package init(nilLiteral: ()) { self = .null }

  /// A name written twice is a bug in the source, and stops the program.
  package init(dictionaryLiteral fields: (String, JSONValue)...) {
    self = .object(Dictionary(uniqueKeysWithValues: fields))
  }
}
