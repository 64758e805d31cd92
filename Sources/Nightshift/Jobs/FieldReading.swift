/// Reads the fields of a JSON object, as scripts and clients write it, and collects all that is wrong with it.
package struct FieldReading {
  /// What is wrong with it, all of it.
  package struct Mistake: Error, Sendable, CustomStringConvertible {
    package var faults: [PayloadFault]

    package var description: String { faults.map(\.description).joined(separator: "; ") }
  }

  let fields: [String: JSONValue]
  var faults: [PayloadFault] = []

  init(_ fields: [String: JSONValue], known: [String]) {
    self.fields = fields
    for name in fields.keys.sorted() where !known.contains(name) {
      let nearest = Spelling.nearest(to: name, among: known).map { ": did you mean `\($0)`?" }
      refuse(name, "is not a known field\(nearest ?? "; known are \(known.joined(separator: ", "))")")
    }
  }

  mutating func refuse(_ name: String, _ message: String) {
    faults.append(PayloadFault(pointer: "/\(name)", message: message))
  }

  func field(_ name: String) -> JSONValue? { fields[name].flatMap { $0 == .null ? nil : $0 } }

  mutating func text(_ name: String) -> String? {
    guard let value = field(name) else { return nil }
    guard let text = value.stringValue else {
      refuse(name, "must be a text; got \(value.description.truncatedUTF8(to: 40))")
      return nil
    }
    return text
  }

  mutating func texts(_ name: String) -> [String] {
    guard let value = field(name) else { return [] }
    guard let items = value.arrayValue, items.count <= 50, items.allSatisfy({ $0.stringValue != nil }) else {
      refuse(name, "must be a list of at most 50 texts; got \(value.description.truncatedUTF8(to: 40))")
      return []
    }
    return items.compactMap(\.stringValue)
  }

  mutating func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, _ type: Choice.Type) -> Choice?
  where Choice.RawValue == String {
    guard let value = field(name) else { return nil }
    if let choice = value.stringValue.flatMap(Choice.init(rawValue:)) { return choice }
    let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    refuse(name, "must be one of \(names); got \(value.description.truncatedUTF8(to: 40))")
    return nil
  }

  mutating func duration(_ name: String) -> Duration? {
    guard let value = field(name) else { return nil }
    if let time = value.stringValue.flatMap({ Duration(text: $0) }), time > .zero { return time }
    refuse(name, "must be \(DurationText.rule), more than 0; got \(value.description.truncatedUTF8(to: 40))")
    return nil
  }

  mutating func durations(_ name: String) -> [Duration] {
    let times = texts(name).map { Duration(text: $0) }
    if times.contains(nil) { refuse(name, "must be a list of times, each \(DurationText.rule)") }
    return times.compactMap(\.self)
  }

  mutating func number(_ name: String, in range: ClosedRange<Int>) -> Int? {
    guard let value = field(name) else { return nil }
    if let number = value.intValue, range.contains(number) { return number }
    let got = value.description.truncatedUTF8(to: 40)
    refuse(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound); got \(got)")
    return nil
  }

  /// A name that follows the rule of kinds and queues.
  mutating func name<Name: RawRepresentable>(_ name: String, _ type: Name.Type) -> Name? where Name.RawValue == String {
    guard let value = field(name) else { return nil }
    if let result = value.stringValue.flatMap(Name.init(rawValue:)) { return result }
    refuse(name, "must be \(ValidatedName.rule); got \(value.description.truncatedUTF8(to: 40))")
    return nil
  }
}
