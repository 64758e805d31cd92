/// Reads a question from JSON, as scripts and clients write it.
package enum CheckpointReader {
  /// What is wrong with it, all of it.
  package struct Mistake: Error, Sendable, CustomStringConvertible {
    package var faults: [PayloadFault]

    package var description: String { faults.map(\.description).joined(separator: "; ") }
  }

  private static let known = [
    "key", "type", "title", "body", "data", "schema", "risk", "expires", "onExpiry", "reminders", "reviewers",
    "escalateTo", "editable", "choices",
  ]

  package static func read(_ value: JSONValue) throws(Mistake) -> CheckpointDraft {
    guard let fields = value.objectValue else {
      throw Mistake(faults: [.init(pointer: "", message: "must be an object with at least `title`")])
    }
    var reading = Reading(fields: fields)
    for name in fields.keys.sorted() where !known.contains(name) {
      let nearest = Spelling.nearest(to: name, among: known).map { ": did you mean `\($0)`?" }
      reading.refuse(name, "is not a known field\(nearest ?? "; known are \(known.joined(separator: ", "))")")
    }
    var options = CheckpointOptions()
    let title = reading.text("title") ?? ""
    if title.isEmpty { reading.refuse("title", "is missing: the question, in one line") }
    let type = reading.choice("type", CheckpointType.self) ?? .approval
    options.body = reading.text("body") ?? ""
    options.risk = reading.choice("risk", Risk.self) ?? options.risk
    options.onExpiry = reading.choice("onExpiry", Expiry.self) ?? options.onExpiry
    options.expires = reading.duration("expires") ?? options.expires
    options.schema = fields["schema"].flatMap { $0 == .null ? nil : $0.description }
    options.reminders = reading.durations("reminders")
    options.reviewers = reading.reviewers("reviewers")
    options.escalateTo = reading.reviewers("escalateTo")
    if let editable = fields["editable"], editable != .null {
      if let flag = editable.boolValue {
        options.isEditable = flag
      } else {
        reading.refuse("editable", "must be true or false")
      }
    }
    let choices = reading.texts("choices")
    if type == .error, choices.isEmpty { reading.refuse("choices", "is missing: what can be chosen from") }
    if type != .error, !choices.isEmpty { reading.refuse("choices", "belongs to questions of the type error") }
    if let fault = CheckpointDraft.fault(in: choices) { reading.refuse("choices", fault) }
    guard reading.faults.isEmpty else { throw Mistake(faults: reading.faults) }
    return CheckpointDraft(
      key: reading.text("key") ?? "checkpoint", type: type, title: title, data: fields["data"], options: options,
      choices: choices)
  }
}

private struct Reading {
  let fields: [String: JSONValue]
  var faults: [PayloadFault] = []

  init(fields: [String: JSONValue]) { self.fields = fields }

  mutating func refuse(_ name: String, _ message: String) {
    faults.append(PayloadFault(pointer: "/\(name)", message: message))
  }

  private func field(_ name: String) -> JSONValue? { fields[name].flatMap { $0 == .null ? nil : $0 } }

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

  mutating func reviewers(_ name: String) -> Reviewers {
    var reviewers = Reviewers()
    guard let value = field(name) else { return reviewers }
    guard let given = value.objectValue else {
      refuse(name, "must be an object with users, roles, required or excludesRequester")
      return reviewers
    }
    var reading = Reading(fields: given)
    for key in given.keys.sorted() where !["users", "roles", "required", "excludesRequester"].contains(key) {
      reading.refuse(key, "is not a known field; known are users, roles, required, excludesRequester")
    }
    reviewers.users = reading.texts("users")
    reviewers.roles = reading.texts("roles")
    // Whoever may only look cannot decide either.
    let known = Role.allCases.filter { $0 > .viewer }.map(\.rawValue)
    if !reviewers.roles.allSatisfy(known.contains) {
      reading.refuse("roles", "must be some of \(known.joined(separator: ", "))")
    }
    if let required = given["required"], required != .null {
      if let number = required.intValue, (1...50).contains(number) {
        reviewers.required = number
      } else {
        reading.refuse("required", "must be a whole number from 1 to 50")
      }
    }
    if let excludes = given["excludesRequester"], excludes != .null {
      if let flag = excludes.boolValue {
        reviewers.excludesRequester = flag
      } else {
        reading.refuse("excludesRequester", "must be true or false")
      }
    }
    if !reviewers.users.isEmpty, reviewers.roles.isEmpty, reviewers.required > reviewers.users.count {
      reading.refuse("required", "asks for more people than there are users")
    }
    faults += reading.faults.map { PayloadFault(pointer: "/\(name)\($0.pointer)", message: $0.message) }
    return reviewers
  }
}
