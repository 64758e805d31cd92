import Nightshift

/// A schema of the API's description, as a table of its fields. The partial `reference-fields` shows it.
struct SchemaView: Sendable {
  struct Field: Sendable {
    let name: String
    let type: String
    let link: String?
    let isRequired: Bool
    let text: String?
  }

  private static let deepest = 4
  private static let mostFields = 200

  let fields: [Field]
  let hasFields: Bool
  /// What it is, where it has no fields.
  let type: String
  let link: String?
  let text: String?

  init(_ schema: JSONValue?, in description: APIDescription) {
    var fields: [Field] = []
    Self.collect(schema, prefix: "", depth: 0, description, into: &fields)
    self.fields = fields
    hasFields = !fields.isEmpty
    type = Self.type(of: schema, description)
    link = Self.link(to: schema)
    text = description.resolved(schema)?["description"]?.stringValue
  }

  private static func collect(
    _ schema: JSONValue?, prefix: String, depth: Int, _ description: APIDescription, into fields: inout [Field]
  ) {
    guard let schema = description.resolved(schema), depth < deepest else { return }
    for part in schema["allOf"]?.arrayValue ?? [] {
      collect(part, prefix: prefix, depth: depth + 1, description, into: &fields)
    }
    let required = Set(schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [])
    for (name, value) in (schema["properties"]?.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) {
      guard fields.count < mostFields else { return }
      fields.append(
        Field(
          name: prefix + name, type: type(of: value, description), link: link(to: value),
          isRequired: required.contains(name), text: text(of: value, description)))
      // What has a name has a table of its own.
      guard APIDescription.name(of: value) == nil, APIDescription.name(of: value["items"]) == nil else { continue }
      collect(value, prefix: "\(prefix)\(name).", depth: depth + 1, description, into: &fields)
      collect(value["items"], prefix: "\(prefix)\(name)[].", depth: depth + 1, description, into: &fields)
    }
  }

  private static func text(of schema: JSONValue, _ description: APIDescription) -> String? {
    var parts = [schema["description"]?.stringValue].compactMap(\.self)
    if let standard = schema["default"] { parts.append("Without it: \(standard.stringValue ?? standard.description).") }
    return parts.isEmpty ? nil : parts.joined(separator: " ")
  }

  private static func link(to schema: JSONValue?) -> String? {
    let name = APIDescription.name(of: schema) ?? APIDescription.name(of: schema?["items"])
    return name.map { "#schema-\($0)" }
  }

  /// `string (date-time)`, `array of Job`, `one of a, b`, `integer 1 to 200`.
  static func type(of schema: JSONValue?, _ description: APIDescription) -> String {
    guard let schema else { return "anything" }
    if let name = APIDescription.name(of: schema) { return name }
    if schema.boolValue != nil || schema == [:] { return "anything" }
    if let values = schema["enum"]?.arrayValue {
      return "one of " + values.map { $0.stringValue ?? $0.description }.joined(separator: ", ")
    }
    if let value = schema["const"] { return "always \(value.stringValue ?? value.description)" }
    if let choices = (schema["oneOf"] ?? schema["anyOf"])?.arrayValue {
      return choices.map { type(of: $0, description) }.joined(separator: " or ")
    }
    let types = schema["type"]?.stringValue.map { [$0] } ?? schema["type"]?.arrayValue?.compactMap(\.stringValue) ?? []
    if types.contains("array") { return "array of \(type(of: schema["items"], description))" }
    var text = types.isEmpty ? "anything" : types.joined(separator: " or ")
    if let format = schema["format"]?.stringValue { text += " (\(format))" }
    if let least = schema["minimum"], let most = schema["maximum"] { text += " \(least) to \(most)" }
    if let most = schema["maxLength"] { text += ", at most \(most) characters" }
    return text
  }
}
