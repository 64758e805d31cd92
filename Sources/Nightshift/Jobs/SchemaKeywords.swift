/// The keywords of one schema, read by the type each must have.
struct SchemaKeywords {
  let fields: [String: JSONValue]
  let pointer: JSONPointer

  func error(_ keyword: String, _ message: String) -> PayloadSchemaError {
    PayloadSchemaError(pointer: pointer.appending(keyword).fragment, message: message)
  }

  func text(_ keyword: String) throws(PayloadSchemaError) -> String? {
    try read(keyword, "a string", \.stringValue)
  }

  func flag(_ keyword: String) throws(PayloadSchemaError) -> Bool? {
    try read(keyword, "true or false", \.boolValue)
  }

  func count(_ keyword: String) throws(PayloadSchemaError) -> Int? {
    try read(keyword, "a whole number, at least 0") { value in value.intValue.flatMap { $0 < 0 ? nil : $0 } }
  }

  func number(_ keyword: String) throws(PayloadSchemaError) -> SchemaNumber? {
    try read(keyword, "a number", SchemaNumber.init)
  }

  func list(_ keyword: String) throws(PayloadSchemaError) -> [JSONValue]? {
    try read(keyword, "an array", \.arrayValue)
  }

  func names(_ keyword: String) throws(PayloadSchemaError) -> [String]? {
    try read(keyword, "an array of strings", Self.names)
  }

  func map(_ keyword: String) throws(PayloadSchemaError) -> [String: JSONValue]? {
    try read(keyword, "an object", \.objectValue)
  }

  static func names(_ value: JSONValue) -> [String]? {
    guard let items = value.arrayValue else { return nil }
    let names = items.compactMap(\.stringValue)
    return names.count == items.count ? names : nil
  }

  private func read<Value>(
    _ keyword: String, _ wanted: String, _ convert: (JSONValue) -> Value?
  ) throws(PayloadSchemaError) -> Value? {
    guard let value = fields[keyword] else { return nil }
    guard let converted = convert(value) else {
      throw error(keyword, "must be \(wanted); got \(SchemaPhrase.value(value))")
    }
    return converted
  }
}

extension SchemaKeywords {
  private static let checked: Set<String> = [
    "type", "enum", "const", "properties", "required", "additionalProperties", "patternProperties",
    "propertyNames", "minProperties", "maxProperties", "dependentRequired", "dependentSchemas", "items",
    "prefixItems", "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems",
    "minLength",
    "maxLength", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "$ref", "$defs",
  ]

  /// They say something to the reader only. `definitions` and `id` are what `$defs` and `$id` once were;
  /// `example` and `nullable` come with schemas out of OpenAPI.
  private static let notes: Set<String> = [
    "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$schema", "$id",
    "$anchor", "$dynamicAnchor", "$vocabulary", "$comment", "contentEncoding", "contentMediaType",
    "contentSchema", "definitions", "id", "example", "nullable",
  ]

  /// To ignore these would let pass what the author meant to refuse.
  private static let refused: [String: String] = [
    "unevaluatedProperties": "use `additionalProperties` instead",
    "unevaluatedItems": "use `items` instead",
    "additionalItems": "it is of an older draft: use `prefixItems` and `items`",
    "dependencies": "it is of an older draft: use `dependentRequired` or `dependentSchemas`",
    "$dynamicRef": "use `$ref` instead",
    "$recursiveRef": "use `$ref` instead",
  ]

  /// Finds keywords that would be ignored though their author relies on them, and notes of the wrong type.
  func checkNames() throws(PayloadSchemaError) {
    for keyword in fields.keys.sorted() where !Self.checked.contains(keyword) && !Self.notes.contains(keyword) {
      if let remedy = Self.refused[keyword] { throw error(keyword, "is not supported; \(remedy)") }
      // A word of a language one letter from `if` or `not` is more often a word than a slip.
      let words = Self.checked.union(Self.notes).filter { $0.count > 3 }
      if keyword.count > 2, let meant = Spelling.nearest(to: keyword, among: words) {
        throw error(keyword, "is no keyword of JSON Schema; did you mean \(SchemaPhrase.quoted(meant))?")
      }
    }
    for keyword in ["title", "description", "$comment", "$schema", "$id"] { _ = try text(keyword) }
    for keyword in ["deprecated", "readOnly", "writeOnly"] { _ = try flag(keyword) }
    _ = try list("examples")
  }
}
