import Nightshift

/// The form that adds a schedule or changes one: empty, with one that there is, or as it was sent. The template
/// `schedule-edit` shows it.
struct ScheduleForm: Sendable {
  struct Choice: Sendable {
    let value: String
    let text: String
    let isSelected: Bool
  }

  /// Fields whose text is the value itself.
  static let texts = [
    "expression", "zone", "kind", "queue", "timeout", "jitter", "start", "end", "limitKey", "description", "priority",
    "catchUp", "overlap",
  ]

  let name: String
  let expression: String
  let zone: String
  let kind: String
  let queue: String
  let timeout: String
  let jitter: String
  let start: String
  let end: String
  let limitKey: String
  let description: String
  let maxAttempts: String
  let tags: String
  let priorities: [Choice]
  let catchUps: [Choice]
  let overlaps: [Choice]

  /// With what counts now.
  init(_ record: ScheduleRecord?, kind: String? = nil, zone: String = "UTC") {
    let json = record?.shown ?? ["zone": .string(zone), "kind": .string(kind ?? "")]
    func text(_ field: String) -> String { json[field].map { $0.stringValue ?? $0.description } ?? "" }
    let tags = json["tags"]?.arrayValue?.compactMap(\.stringValue).joined(separator: ", ")
    self.init(
      name: record?.name ?? "", text, tags: tags ?? "", maxAttempts: text("maxAttempts"))
  }

  /// As it was sent.
  init(_ form: FormFields, name: String?) {
    self.init(
      name: name ?? form["name"] ?? "", { form[$0] ?? "" }, tags: form["tags"] ?? "",
      maxAttempts: form["maxAttempts"] ?? "")
  }

  private init(name: String, _ text: (String) -> String, tags: String, maxAttempts: String) {
    self.name = name
    (expression, zone, kind) = (text("expression"), text("zone"), text("kind"))
    (queue, timeout, jitter) = (text("queue"), text("timeout"), text("jitter"))
    (start, end, limitKey, description) = (text("start"), text("end"), text("limitKey"), text("description"))
    (self.tags, self.maxAttempts) = (tags, maxAttempts)
    func choices(_ values: [(String, String)], _ chosen: String, _ standard: String) -> [Choice] {
      let current = chosen.isEmpty ? standard : chosen
      // One that is not in the list, such as `last 5`, is in the form all the same.
      let all = values.contains { $0.0 == current } ? values : values + [(current, current)]
      return all.map { Choice(value: $0.0, text: $0.1, isSelected: $0.0 == current) }
    }
    priorities = choices(
      [("", "as the kind says")] + Priority.allCases.map { ($0.rawValue, $0.rawValue) }, text("priority"), "")
    let catchUps: [CatchUp] = [.none, .latest, .last(5), .all]
    self.catchUps = choices(
      catchUps.map { ($0.description, SchedulePage.words(of: $0)) }, text("catchUp"), CatchUp.latest.description)
    overlaps = choices(
      ScheduleOverlap.allCases.map { ($0.rawValue, SchedulePage.words(of: $0)) }, text("overlap"),
      ScheduleOverlap.allow.rawValue)
  }

  // MARK: What was sent

  /// The fields as they were sent; those that are empty are left out.
  ///
  /// - Throws: ``Problem`` if the payload could not be read.
  static func read(_ form: FormFields, _ payload: SchedulePayload) throws(Problem) -> [String: JSONValue] {
    if let fault = payload.fault { throw .invalid([.init("#/payload", fault)]) }
    var fields: [String: JSONValue] = [:]
    for name in texts { fields[name] = form[name].map(JSONValue.string) }
    fields["maxAttempts"] = form.number("maxAttempts")
    if let tags = form["tags"] {
      fields["tags"] = .array(tags.split(separator: ",").map { .string($0.trimmingSpaces) })
    }
    fields["payload"] = payload.value
    return fields
  }

  /// What is to be changed of a schedule so that it is as the form says: what is the same is left out, and what is
  /// empty is `null`, which leaves a field out, also where the file declares it.
  static func changes(_ sent: [String: JSONValue], to record: ScheduleRecord) -> [String: JSONValue] {
    let standards: [String: JSONValue] = [
      "zone": "UTC", "catchUp": .string(CatchUp.latest.description), "overlap": .string(ScheduleOverlap.allow.rawValue),
      "payload": [:],
    ]
    var changes: [String: JSONValue] = [:]
    for name in texts + ["maxAttempts", "tags", "payload"] {
      let now = record.json[name]
      let wanted = sent[name]
      if wanted == now || (now == nil && wanted == standards[name]) { continue }
      if let wanted {
        changes[name] = wanted
      } else if now != nil {
        changes[name] = .null
      }
    }
    return changes
  }
}

/// The page with the form.
struct ScheduleEditPage: PageModel {
  static let template = "schedule-edit"
  private static let previewed = 5

  struct Fault: Sendable {
    let text: String
  }

  let title: String
  let isNew: Bool
  let isDeclared: Bool
  let action: String
  let back: String
  let form: ScheduleForm
  let payload: SchedulePayload
  let faults: [Fault]
  let words: String?
  let times: NextTimes?
  let kinds: [String]
  let queues: [String]
  let zones = ScheduleZones.common
  let viewerZone: String

  init(
    _ form: ScheduleForm, _ payload: SchedulePayload, of record: ScheduleRecord?, for request: APIRequest,
    kinds: [KindSummary], faults: [String] = []
  ) async throws {
    let viewer = try ViewerZone(request)
    isNew = record == nil
    title = record.map { "Edit \($0.name)" } ?? "New schedule"
    isDeclared = record?.declared != nil
    back = record.map { Agenda.path($0.name) } ?? "/schedules"
    action = record.map { "\(Agenda.path($0.name))/edit" } ?? "/new-schedule"
    (self.form, self.payload) = (form, payload)
    self.kinds = kinds.map(\.kind)
    queues = try await request.engine.queues().map(\.name)
    viewerZone = viewer.name
    var all = faults
    let preview = form.expression.isEmpty ? nil : Self.preview(form, viewer, request, &all)
    (words, times) = (preview?.words, preview?.times)
    self.faults = all.map { Fault(text: $0) }
  }

  private static func preview(
    _ form: ScheduleForm, _ viewer: ViewerZone, _ request: APIRequest, _ faults: inout [String]
  ) -> (words: String, times: NextTimes)? {
    let zone = form.zone.isEmpty ? "UTC" : form.zone
    var fields: [String: JSONValue] = [
      "expression": .string(form.expression), "zone": .string(zone), "kind": "preview",
    ]
    if !form.start.isEmpty { fields["start"] = .string(form.start) }
    if !form.end.isEmpty { fields["end"] = .string(form.end) }
    do throws(ScheduleError) {
      let definition = try ScheduleDefinition(json: .object(fields), request.engine.timelines)
      guard let timeline = request.engine.timelines.timeline(zone) else { return nil }
      let times = NextTimes(definition, viewer, in: timeline, from: request.engine.clock.now, count: previewed)
      return (definition.words, times)
    } catch {
      // What was refused already is not said twice.
      faults += error.faults.map(text).filter { !faults.contains($0) }
      return nil
    }
  }

  static func text(_ fault: Problem.Fault) -> String {
    guard case .pointer(let pointer) = fault.place else { return fault.detail }
    return text(ScheduleError.Fault(pointer, fault.detail))
  }

  /// A fault in words that name the field.
  static func text(_ fault: ScheduleError.Fault) -> String {
    let field = fault.pointer.split(separator: "/").dropFirst().first.map { "\($0): " } ?? ""
    return field + fault.message
  }
}
