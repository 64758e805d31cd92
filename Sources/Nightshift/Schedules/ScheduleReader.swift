import Foundation

/// Reads a schedule from the JSON that it is written in, and collects all that is wrong with it.
struct ScheduleReader {
  private let fields: [String: JSONValue]
  private let timelines: ZoneTimelines
  private(set) var faults: [ScheduleError.Fault] = []

  init(_ json: JSONValue, _ timelines: ZoneTimelines) {
    self.timelines = timelines
    fields = json.objectValue ?? [:]
    if json.objectValue == nil { faults.append(.init("#", "must be an object with \(Self.known)")) }
    for name in fields.keys.sorted() where !ScheduleDefinition.fields.contains(name) {
      let nearest = Spelling.nearest(to: name, among: ScheduleDefinition.fields).map { ": did you mean `\($0)`?" }
      refuse(name, "is not a known field" + (nearest ?? "; known are \(Self.known)"))
    }
  }

  /// - Throws: ``ScheduleError`` with the names that no field has, also of fields that are to be none.
  static func checkNames(in json: JSONValue) throws(ScheduleError) {
    let faults = ScheduleReader(json, ZoneTimelines()).faults
    guard faults.isEmpty else { throw ScheduleError(.invalid, faults) }
  }

  private static var known: String { ScheduleDefinition.fields.joined(separator: ", ") }

  private mutating func refuse(_ name: String, _ message: String) {
    let escaped = name.replacing("~", with: "~0").replacing("/", with: "~1")
    faults.append(.init("#/\(escaped)", message))
  }

  private subscript(name: String) -> JSONValue? {
    guard let value = fields[name], value != .null else { return nil }
    return value
  }

  private mutating func value<Value>(_ name: String, _ rule: String, _ read: (JSONValue) -> Value?) -> Value? {
    guard let value = self[name] else { return nil }
    if let result = read(value) { return result }
    let found = value.arrayValue != nil ? "a list" : value.objectValue != nil ? "an object" : value.description
    refuse(name, "must be \(rule); got \(found.count > 60 ? found.prefix(60) + "…" : found)")
    return nil
  }

  private mutating func text(_ name: String, upTo limit: Int = 200) -> String? {
    value(name, "a text of 1 to \(limit) bytes") { value in
      value.stringValue.flatMap { (1...limit).contains($0.utf8.count) ? $0 : nil }
    }
  }

  private mutating func moment(_ name: String) -> Timestamp? {
    value(name, "a moment such as 2026-12-01T08:00:00Z") { $0.stringValue.flatMap(RFC3339.parse).map { Timestamp($0) } }
  }

  private mutating func duration(_ name: String, upTo limit: Duration? = nil) -> Duration? {
    let rule = DurationText.rule + ", more than 0" + (limit.map { " and at most \($0.text)" } ?? "")
    return value(name, rule) { value in
      value.stringValue.flatMap { Duration(text: $0) }.flatMap { $0 > .zero && $0 <= limit ?? $0 ? $0 : nil }
    }
  }

  mutating func definition() -> ScheduleDefinition {
    var definition = ScheduleDefinition()
    readTimes(&definition)
    readJob(&definition)
    definition.isEnabled = value("enabled", "true or false") { $0.boolValue } ?? true
    definition.catchUp =
      value("catchUp", CatchUp.rule) { $0.stringValue.flatMap { CatchUp($0) } } ?? definition.catchUp
    let overlaps = ScheduleOverlap.allCases.map(\.rawValue).joined(separator: ", ")
    definition.overlap =
      value("overlap", "one of \(overlaps)") { $0.stringValue.flatMap(ScheduleOverlap.init(rawValue:)) }
      ?? definition.overlap
    definition.description = text("description", upTo: 1_000) ?? ""
    return definition
  }

  private mutating func readTimes(_ definition: inout ScheduleDefinition) {
    if let name = text("zone", upTo: 64) {
      definition.zone = name
      if let timeline = timelines.timeline(name) {
        definition.timeline = timeline
      } else {
        refuse("zone", "must be \(ZoneTimelines.rule(for: name)); got \"\(name)\"")
      }
    }
    definition.jitter = duration("jitter", upTo: ScheduleDefinition.longestJitter)
    definition.start = moment("start")
    definition.end = moment("end")
    if let start = definition.start, let end = definition.end, end <= start {
      refuse("end", "must be after `start`; got \(end.rfc3339)")
    }
    guard let expression = self["expression"] else {
      return refuse("expression", "is missing: say when it fires, such as \"0 2 * * *\", \"@daily\" or \"every 90s\"")
    }
    guard let text = expression.stringValue else {
      return refuse("expression", "must be a text such as \"0 2 * * *\"; got \(expression)")
    }
    do throws(CronError) {
      definition.cadence = try Cadence(parsing: text)
      definition.expression = text
    } catch {
      refuse("expression", error.description)
    }
  }

  private mutating func readJob(_ definition: inout ScheduleDefinition) {
    let rule = ValidatedName.rule
    if self["kind"] == nil { refuse("kind", "is missing: name the kind of job, as `nightshift kinds list` shows them") }
    definition.kind = value("kind", "a kind: \(rule)") { $0.stringValue.flatMap(JobKind.init(rawValue:)) } ?? "?".kind
    definition.payload = self["payload"] ?? [:]
    var options = JobOptions()
    options.queue = value("queue", "a queue: \(rule)") { $0.stringValue.flatMap(QueueName.init(rawValue:)) }
    let priorities = Priority.allCases.map(\.rawValue).joined(separator: ", ")
    options.priority = value("priority", "one of \(priorities)") { $0.stringValue.flatMap(Priority.init(rawValue:)) }
    options.maxAttempts = value("maxAttempts", "a whole number from 1 to 1000") { value in
      value.intValue.flatMap { (1...1000).contains($0) ? $0 : nil }
    }
    options.timeout = duration("timeout")
    options.organization = text("organization")
    options.owner = text("owner")
    options.limitKey = text("limitKey")
    options.tags =
      value("tags", "a list of at most \(ScheduleDefinition.mostTags) texts of 1 to 100 bytes") { value in
        let texts = value.arrayValue?.compactMap(\.stringValue).filter { (1...100).contains($0.utf8.count) }
        guard let texts, texts.count == value.arrayValue?.count else { return nil }
        return texts.count <= ScheduleDefinition.mostTags ? texts : nil
      } ?? []
    readKeys(&options)
    if options.hasDueTimeOfKey, self["jitter"] != nil {
      let rule = "and `\(options.debounce != nil ? "debounce" : "throttle")` both say when the job is due"
      refuse("jitter", "\(rule): leave it out")
    }
    definition.options = options
  }

  private mutating func readKeys(_ options: inout JobOptions) {
    var keys = KeyOptionsReader()
    options.unique = keys.unique(self["unique"])
    options.debounce = keys.debounce(self["debounce"])
    options.throttle = keys.throttle(self["throttle"])
    let contradictions = keys.faults.isEmpty ? KeyOptionsCheck(options, isForeground: false).faults : []
    faults += keys.faults.map { .init("#/\($0.place)", $0.message) }
    faults += contradictions.map { .init($0.pointer, $0.message) }
  }
}

extension String {
  /// Stands for a kind that was refused, and never leaves the reader.
  fileprivate var kind: JobKind { JobKind(stored: self) }
}

extension ScheduleDefinition {
  /// - Throws: ``ScheduleError`` with everything that is wrong.
  package init(json: JSONValue, _ timelines: ZoneTimelines) throws(ScheduleError) {
    var reader = ScheduleReader(json, timelines)
    self = reader.definition()
    guard reader.faults.isEmpty else { throw ScheduleError(.invalid, reader.faults) }
  }

  /// Where a schedule is to begin: one that never fires in its zone is refused.
  ///
  /// - Parameter endCounts: Whether one whose end comes before is refused too. A program that says the same at each of its
  ///   starts is not to fail because the end has come.
  func check(at now: Timestamp, endCounts: Bool = false) throws(ScheduleError) {
    var endless = self
    endless.end = nil
    if let next = endless.next(after: now) {
      guard endCounts, let end, next.timestamp > end else { return }
      let message = "is \(end.rfc3339), and the next time would be \(next.utc): it would never fire"
      throw ScheduleError(.invalid, [.init("#/end", message)])
    }
    let message =
      "never fires in \(zone) within fifty years; where the hour or minute begins with *, times that clocks "
      + "skip are not made up for"
    throw ScheduleError(.invalid, [.init("#/expression", message)])
  }
}

/// What a schedule may be called.
package enum ScheduleName {
  /// A job carries it in a tag, behind a word.
  static let longest = 90
  package static let rule =
    "1 to \(longest) of a–z, 0–9, '.', '_' and '-', beginning with a letter or digit, and not `preview` or `export`"

  package static func isValid(_ name: String) -> Bool {
    ValidatedName.isValid(name) && name.utf8.count <= longest && !["preview", "export"].contains(name)
  }
}
