import Foundation
import Nightshift

/// Takes the fields of a JSON object apart and collects all that is wrong with them.
///
/// A field that is `null` counts as missing.
struct FieldReader {
  private let fields: [String: JSONValue]
  /// The object's own place, as a JSON pointer.
  let place: String
  private(set) var faults: [Problem.Fault] = []

  /// - Parameters:
  ///   - place: The object's own place, as a JSON pointer.
  ///   - known: The names of its fields. Others are faults: a slip must not be taken for a wish for the
  ///     default.
  init(_ value: JSONValue?, at place: String = "#", known: [String]) {
    fields = value?.objectValue ?? [:]
    self.place = place
    if let value, value.objectValue == nil, value != .null {
      faults.append(.init(place, "must be an object; got \(value.excerpt)"))
    }
    for name in fields.keys.sorted() where !known.contains(name) {
      let nearest = Spelling.nearest(to: name, among: known).map { ": did you mean `\($0)`?" }
      let all = known.isEmpty ? ": none are expected" : "; known are \(known.joined(separator: ", "))"
      faults.append(.init(pointer(name), "is not a known field" + (nearest ?? all)))
    }
  }

  /// The field as it was sent, `null` included.
  func raw(_ name: String) -> JSONValue? { fields[name] }

  func has(_ name: String) -> Bool { self[name] != nil }

  subscript(name: String) -> JSONValue? {
    guard let value = fields[name], value != .null else { return nil }
    return value
  }

  func pointer(_ name: String) -> String {
    let escaped = name.replacingOccurrences(of: "~", with: "~0").replacingOccurrences(of: "/", with: "~1")
    return "\(place)/"
      + (escaped.addingPercentEncoding(withAllowedCharacters: .urlFragmentAllowed) ?? escaped)
  }

  mutating func refuse(_ name: String, _ detail: String) { faults.append(.init(pointer(name), detail)) }

  mutating func add(_ more: [Problem.Fault]) { faults += more }

  /// A field that `read` understands; else it is refused with `rule`, which says what it must be.
  mutating func value<Value>(_ name: String, _ rule: String, _ read: (JSONValue) -> Value?) -> Value? {
    guard let value = self[name] else { return nil }
    guard let result = read(value) else {
      refuse(name, "must be \(rule); got \(value.excerpt)")
      return nil
    }
    return result
  }

  mutating func text(_ name: String, upTo limit: Int = 200) -> String? {
    if let text = self[name]?.stringValue, text.utf8.contains(0) {
      refuse(name, Query.nulRule)
      return nil
    }
    return value(name, "a text of 1 to \(limit) bytes") { value in
      value.stringValue.flatMap { (1...limit).contains($0.utf8.count) ? $0 : nil }
    }
  }

  mutating func flag(_ name: String) -> Bool? { value(name, "true or false") { $0.boolValue } }

  mutating func number(_ name: String, in range: ClosedRange<Int>) -> Int? {
    value(name, "a whole number from \(range.lowerBound) to \(range.upperBound)") { value in
      value.intValue.flatMap { range.contains($0) ? $0 : nil }
    }
  }

  mutating func moment(_ name: String) -> Date? {
    value(name, "a moment such as 2026-12-01T08:00:00Z") { $0.stringValue.flatMap(RFC3339.parse) }
  }

  mutating func duration(_ name: String, allowsZero: Bool = false) -> Duration? {
    let rule = DurationText.rule + (allowsZero ? "" : ", more than 0")
    return value(name, rule) { value in
      value.stringValue.flatMap { Duration(text: $0) }.flatMap { allowsZero || $0 > .zero ? $0 : nil }
    }
  }

  mutating func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, _ type: Choice.Type)
    -> Choice?
  where Choice.RawValue == String {
    let names = Choice.allCases.map(\.rawValue)
    guard let value = self[name] else { return nil }
    guard let text = value.stringValue, let choice = Choice(rawValue: text) else {
      let nearest = value.stringValue.flatMap { Spelling.nearest(to: $0, among: names) }
      let hint = nearest.map { ": did you mean `\($0)`?" } ?? ""
      refuse(name, "must be one of \(names.joined(separator: ", ")); got \(value.excerpt)\(hint)")
      return nil
    }
    return choice
  }

  /// A text or an array of texts, each of 1 to `length` bytes, at most `count`.
  mutating func texts(_ name: String, upTo count: Int, length: Int) -> [String]? {
    guard let value = self[name] else { return nil }
    let items = value.stringValue.map { [.string($0)] } ?? value.arrayValue
    guard let items, items.count <= count else {
      refuse(name, "must be an array of at most \(count) texts; got \(value.excerpt)")
      return nil
    }
    var texts: [String] = []
    for (place, item) in items.enumerated() {
      if let text = item.stringValue, text.utf8.contains(0) {
        faults.append(.init("\(pointer(name))/\(place)", Query.nulRule))
      } else if let text = item.stringValue, (1...length).contains(text.utf8.count) {
        texts.append(text)
      } else {
        let rule = "must be a text of 1 to \(length) bytes; got \(item.excerpt)"
        faults.append(.init("\(pointer(name))/\(place)", rule))
      }
    }
    return texts
  }

  /// Throws everything that was found to be wrong.
  func check() throws(Problem) {
    guard faults.isEmpty else { throw .invalid(faults) }
  }
}

extension JSONValue {
  /// The value as messages quote it.
  var excerpt: String {
    switch self {
    case .array(let items): items.isEmpty ? "an empty array" : "an array of \(items.count)"
    case .object: "an object"
    default: description.truncatedUTF8(to: 40)
    }
  }
}
