/// Reads `unique`, `debounce` and `throttle` as jobs and schedules are written with them. What they mean beside each other
/// is checked when the job is enqueued.
package struct KeyOptionsReader {
  /// A fault with its place below the job, as `unique/key`.
  package typealias Fault = (place: String, message: String)

  package private(set) var faults: [Fault] = []

  package init() {}

  package mutating func unique(_ value: JSONValue?) -> Unique? {
    guard var parts = Parts(value, "unique", known: ["key", "for", "onConflict"]) else { return nil }
    defer { faults += parts.faults }
    let key = parts.key()
    let window = parts.duration("for")
    return Unique(key: key, window: window, onConflict: parts.choice("onConflict") ?? .drop)
  }

  package mutating func debounce(_ value: JSONValue?) -> Debounce? {
    guard var parts = Parts(value, "debounce", known: ["key", "quiet", "atMost", "keep"]) else { return nil }
    defer { faults += parts.faults }
    let key = parts.key()
    let quiet = parts.duration("quiet", orMissing: "say how long nothing more may have come before it runs")
    let atMost = parts.duration("atMost")
    let keeps: Debounce.Payload = parts.choice("keep") ?? .last
    return quiet.map { Debounce(key: key, quiet: $0, atMost: atMost, keeps: keeps) }
  }

  package mutating func throttle(_ value: JSONValue?) -> Throttle? {
    guard var parts = Parts(value, "throttle", known: ["key", "limit", "per", "excess"]) else { return nil }
    defer { faults += parts.faults }
    let key = parts.key()
    let limit = parts.number("limit", in: 1...Throttle.mostPlaces) ?? 1
    let per = parts.duration("per", orMissing: "say within what time so many jobs may come")
    let excess: Throttle.Excess = parts.choice("excess") ?? .drop
    return per.map { Throttle(key: key, limit: limit, per: $0, excess: excess) }
  }
}

/// The fields of one of them.
private struct Parts {
  private let fields: [String: JSONValue]
  private let name: String
  private(set) var faults: [KeyOptionsReader.Fault] = []

  /// `nil` for an option that is not there.
  init?(_ value: JSONValue?, _ name: String, known: [String]) {
    guard let value, value != .null else { return nil }
    self.name = name
    fields = (value.objectValue ?? [:]).filter { $0.value != .null }
    if value.objectValue == nil { faults.append((name, "must be an object; got \(Self.excerpt(value))")) }
    for field in fields.keys.sorted() where !known.contains(field) {
      let nearest = Spelling.nearest(to: field, among: known).map { ": did you mean `\($0)`?" }
      refuse(field, "is not a known field" + (nearest ?? "; known are \(known.joined(separator: ", "))"))
    }
  }

  private mutating func refuse(_ field: String, _ message: String) {
    let escaped = field.replacing("~", with: "~0").replacing("/", with: "~1")
    faults.append(("\(name)/\(escaped)", message))
  }

  private mutating func value<Value>(_ field: String, _ rule: String, _ read: (JSONValue) -> Value?) -> Value? {
    guard let value = fields[field] else { return nil }
    if let result = read(value) { return result }
    refuse(field, "must be \(rule); got \(Self.excerpt(value))")
    return nil
  }

  private static func excerpt(_ value: JSONValue) -> String {
    switch value {
    case .array: "an array"
    case .object: "an object"
    default: value.description.truncatedUTF8(to: 40)
    }
  }

  /// Without one, the payload is the key.
  mutating func key() -> Unique.Key {
    let text = value("key", "a text of 1 to 200 bytes") { value in
      value.stringValue.flatMap { (1...200).contains($0.utf8.count) ? $0 : nil }
    }
    return text.map { .named($0) } ?? .payload
  }

  mutating func duration(_ field: String, orMissing remedy: String? = nil) -> Duration? {
    if let remedy, fields[field] == nil { refuse(field, "is missing: \(remedy)") }
    return value(field, "\(DurationText.rule), more than 0") { value in
      value.stringValue.flatMap { Duration(text: $0) }.flatMap { $0 > .zero ? $0 : nil }
    }
  }

  mutating func number(_ field: String, in range: ClosedRange<Int>) -> Int? {
    value(field, "a whole number from \(range.lowerBound) to \(range.upperBound)") { value in
      value.intValue.flatMap { range.contains($0) ? $0 : nil }
    }
  }

  mutating func choice<Choice: RawRepresentable & CaseIterable>(_ field: String) -> Choice?
  where Choice.RawValue == String {
    let names = Choice.allCases.map(\.rawValue)
    guard let value = fields[field] else { return nil }
    if let choice = value.stringValue.flatMap(Choice.init(rawValue:)) { return choice }
    let nearest = value.stringValue.flatMap { Spelling.nearest(to: $0, among: names) }
    let hint = nearest.map { ": did you mean `\($0)`?" } ?? ""
    refuse(field, "must be one of \(names.joined(separator: ", ")); got \(Self.excerpt(value))\(hint)")
    return nil
  }
}
