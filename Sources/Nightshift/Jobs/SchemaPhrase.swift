/// How faults and errors speak of values.
enum SchemaPhrase {
  private static let lengthLimit = 40
  private static let listLimit = 8

  /// A value, cut where it is long: the message is for a line on a terminal, and payloads may be large or
  /// private.
  static func value(_ value: JSONValue) -> String {
    switch value {
    case .string(let text): quoted(text)
    case .array(let items): items.isEmpty ? "an empty array" : "an array"
    case .object(let fields): fields.isEmpty ? "an empty object" : "an object"
    case .null, .bool, .integer, .number: value.description
    }
  }

  static func quoted(_ text: String) -> String {
    let start = text.prefix(lengthLimit)
    return JSONValue.string(start.endIndex == text.endIndex ? text : "\(start)…").description
  }

  /// "“a”, “b” or “c”"; of long lists the beginning.
  static func values(_ values: [JSONValue]) -> String {
    let words = values.prefix(listLimit).map(value)
    guard values.count <= listLimit else {
      return "\(words.joined(separator: ", ")) or one of \(values.count - listLimit) others"
    }
    guard words.count > 1 else { return words.joined() }
    return "\(words.dropLast().joined(separator: ", ")) or \(words[words.count - 1])"
  }

  static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  /// "; did you mean "x"?" if there is a word like it, else nothing.
  static func suggestion(for word: String, among words: some Sequence<String>) -> String {
    Spelling.nearest(to: word, among: words).map { "; did you mean \(quoted($0))?" } ?? ""
  }
}
