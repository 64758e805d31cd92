extension JSONValue: Codable {
  /// Works with any decoder, by asking for one type after the other.
  ///
  /// Bytes of JSON are read faster, and duplicate fields are found, by ``init(parsing:)``.
  package init(from decoder: any Decoder) throws {
    // A decoder cannot say what it holds, so each refusal (`try?`) only means: ask for the next type.
    // Containers come first, since a refused container is cheap and objects are what is most often decoded.
    if let fields = try? decoder.container(keyedBy: FieldName.self) {
      self = .object(try Self.object(in: fields))
    } else if var items = try? decoder.unkeyedContainer() {
      var values: [JSONValue] = []
      while !items.isAtEnd { values.append(try items.decode(JSONValue.self)) }
      self = .array(values)
    } else {
      self = try Self.scalar(in: decoder.singleValueContainer())
    }
  }

  private static func object(in container: KeyedDecodingContainer<FieldName>) throws -> [String: JSONValue] {
    var fields: [String: JSONValue] = [:]
    for name in container.allKeys {
      fields[name.stringValue] = try container.decode(JSONValue.self, forKey: name)
    }
    return fields
  }

  private static func scalar(in container: any SingleValueDecodingContainer) throws -> JSONValue {
    if container.decodeNil() { return .null }
    if let value = try? container.decode(Bool.self) { return .bool(value) }
    if let value = try? container.decode(Int64.self) { return .integer(value) }
    // As a `Double` it would be rounded, and an id that is rounded is another id.
    if let value = try? container.decode(UInt64.self) {
      throw corrupted("the whole number \(value) is beyond 64 bits with a sign", container)
    }
    if let value = try? container.decode(Double.self) {
      guard value.isFinite else { throw corrupted("JSON has no \(value)", container) }
      return Int64(exactly: value).map(JSONValue.integer) ?? .number(value)
    }
    return .string(try container.decode(String.self))
  }

  private static func corrupted(
    _ message: String, _ container: any SingleValueDecodingContainer
  ) -> DecodingError {
    .dataCorrupted(DecodingError.Context(codingPath: container.codingPath, debugDescription: message))
  }

  package func encode(to encoder: any Encoder) throws {
    switch self {
    case .array(let items):
      var container = encoder.unkeyedContainer()
      for item in items { try container.encode(item) }
    case .object(let fields):
      var container = encoder.container(keyedBy: FieldName.self)
      for (name, value) in fields { try container.encode(value, forKey: FieldName(stringValue: name)) }
    default:
      var container = encoder.singleValueContainer()
      try encodeScalar(into: &container)
    }
  }

  private func encodeScalar(into container: inout any SingleValueEncodingContainer) throws {
    switch self {
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .null, .array, .object: try container.encodeNil()
    }
  }
}

/// Any text as a key: the fields of a JSON object are known only when they are met.
private struct FieldName: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}
