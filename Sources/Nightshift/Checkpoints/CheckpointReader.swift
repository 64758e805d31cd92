/// Reads a question from JSON, as scripts and clients write it.
package enum CheckpointReader {
  package typealias Mistake = FieldReading.Mistake

  private static let known = [
    "key", "type", "title", "body", "data", "schema", "risk", "expires", "onExpiry", "reminders", "reviewers",
    "escalateTo", "editable", "choices",
  ]

  package static func read(_ value: JSONValue) throws(Mistake) -> CheckpointDraft {
    guard let fields = value.objectValue else {
      throw Mistake(faults: [.init(pointer: "", message: "must be an object with at least `title`")])
    }
    var reading = FieldReading(fields, known: known)
    var options = CheckpointOptions()
    let title = reading.text("title") ?? ""
    if title.isEmpty { reading.refuse("title", "is missing: the question, in one line") }
    let key = reading.text("key") ?? "checkpoint"
    if !StepName.isValid(key) {
      reading.refuse("key", "must be \(StepName.rule); got \"\(key.truncatedUTF8(to: 40))\"")
    }
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
    if reading.faults.isEmpty, let fault = CheckpointDraft.fault(inTimesOf: options) {
      reading.refuse(fault.field, fault.reason)
    }
    guard reading.faults.isEmpty else { throw Mistake(faults: reading.faults) }
    return CheckpointDraft(
      key: key, type: type, title: title, data: fields["data"], options: options,
      choices: choices)
  }
}

extension FieldReading {
  fileprivate mutating func reviewers(_ name: String) -> Reviewers {
    var reviewers = Reviewers()
    guard let value = field(name) else { return reviewers }
    guard let given = value.objectValue else {
      refuse(name, "must be an object with users, roles, required or excludesRequester")
      return reviewers
    }
    var reading = FieldReading(given, known: ["users", "roles", "required", "excludesRequester"])
    reviewers.users = reading.texts("users")
    reviewers.roles = reading.texts("roles")
    // Whoever may only look cannot decide either.
    let known = Role.allCases.filter { $0 > .viewer }.map(\.rawValue)
    if !reviewers.roles.allSatisfy(known.contains) {
      reading.refuse("roles", "must be some of \(known.joined(separator: ", "))")
    }
    reviewers.required = reading.number("required", in: 1...50) ?? 1
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
