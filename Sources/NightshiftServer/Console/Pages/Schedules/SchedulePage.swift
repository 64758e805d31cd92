import Nightshift

/// One schedule.
struct SchedulePage: PageModel {
  static let template = "schedule"

  struct Fact: Sendable {
    let name: String
    let value: String
  }

  /// A field that was changed here, against what the file says.
  struct Override: Sendable {
    let name: String
    let declared: String?
    let now: String
  }

  static let shownTimes = 8
  static let shownSlots = 25

  let title: String
  let schedule: ScheduleRow
  let description: String?
  let times: NextTimes?
  let facts: [Fact]
  let payload: JSONText?
  let source: String
  let isDeclared: Bool
  let overrides: [Override]
  let hasOverrides: Bool
  let slots: [SlotRow]
  let hasSlots: Bool
  let older: String?
  let created: TimeView
  let updated: TimeView
  let mayChange: Bool
  let mayRemove: Bool
  let fault: String?
  let zones = ScheduleZones.common
  let viewerZone: String

  init(_ summary: ScheduleSummary, for request: APIRequest, fault: String? = nil) async throws {
    let (record, definition) = (summary.record, summary.definition)
    let now = request.engine.clock.now
    let viewer = try ViewerZone(request)
    title = record.name
    schedule = ScheduleRow(summary, now: now)
    description = definition.flatMap { $0.description.isEmpty ? nil : $0.description }
    times = definition.flatMap { definition in
      request.engine.timelines.timeline(definition.zone).map { zone in
        NextTimes(definition, viewer, in: zone, from: now, count: Self.shownTimes)
      }
    }
    facts = Self.facts(record, definition)
    payload = request.mayKnowJobs(of: summary) ? definition.map { JSONText($0.payload) } : nil
    isDeclared = record.declared != nil
    source = Self.source(record.source)
    overrides = Self.overrides(record)
    hasOverrides = !overrides.isEmpty
    let before = try request.query.moment("before")
    let found = try await request.slots(of: summary, before: before, limit: Self.shownSlots + 1)
    slots = found.prefix(Self.shownSlots).map { SlotRow($0, viewer, now: now) }
    hasSlots = !slots.isEmpty
    let zone = try request.query.value("zone")
    older =
      found.count > Self.shownSlots
      ? ConsoleLink.path(
        schedule.path, [("zone", zone), ("before", found[Self.shownSlots - 1].at.rfc3339)]) : nil
    created = TimeView(record.createdAt, now: now)
    updated = TimeView(record.updatedAt, now: now)
    mayChange = request.may(.operator, change: .schedules)
    mayRemove = mayChange && record.source != .file
    self.fault = fault
    viewerZone = viewer.name
  }

  private static func source(_ source: ScheduleRecord.Source) -> String {
    switch source {
    case .file: "the schedules file"
    case .person: "somebody, at run time"
    case .program: "the program"
    }
  }

  private static func facts(_ record: ScheduleRecord, _ definition: ScheduleDefinition?) -> [Fact] {
    guard let definition else { return [] }
    let options = definition.options
    func fact(_ name: String, _ value: String?) -> Fact? { value.map { Fact(name: name, value: $0) } }
    let facts: [Fact?] = [
      fact("Slots that were missed", words(of: definition.catchUp)),
      fact("When an earlier job is not over", words(of: definition.overlap)),
      fact("Put off by up to", definition.jitter?.forPeople), fact("Queue", options.queue?.rawValue),
      fact("Priority", options.priority?.rawValue), fact("Attempts", options.maxAttempts.map { "at most \($0)" }),
      fact("Time limit", options.timeout?.forPeople),
      fact("Tags", options.tags.isEmpty ? nil : options.tags.joined(separator: ", ")),
      fact("Limit key", options.limitKey), fact("Owner", options.owner), fact("Organization", options.organization),
      fact("From", definition.start.map(TimeView.exact)), fact("Until", definition.end.map(TimeView.exact)),
      fact("Unique, debounced or throttled", keyed(record)),
    ]
    return facts.compactMap(\.self)
  }

  private static func keyed(_ record: ScheduleRecord) -> String? {
    let found = ["unique", "debounce", "throttle"].compactMap { name in
      record.json[name].map { "\(name) \($0.description)" }
    }
    return found.isEmpty ? nil : found.joined(separator: "; ")
  }

  static func words(of catchUp: CatchUp) -> String {
    switch catchUp {
    case .none: "are left out"
    case .latest: "the newest of them fires"
    case .all: "all of them fire"
    case .last(let count): "the newest \(count) of them fire"
    }
  }

  static func words(of overlap: ScheduleOverlap) -> String {
    switch overlap {
    case .allow: "they run side by side"
    case .skip: "the new one is left out"
    case .queue: "the new one waits for it"
    case .cancel: "the earlier one is cancelled"
    }
  }

  private static func shown(_ definition: JSONValue) -> JSONValue { Redactor.current?.answer(definition) ?? definition }

  private static func overrides(_ record: ScheduleRecord) -> [Override] {
    guard let declared = record.declared.map(shown), let fields = record.overridden.map(shown)?.objectValue
    else { return [] }
    return fields.sorted { $0.key < $1.key }.map { name, value in
      Override(name: name, declared: declared[name]?.description, now: value == .null ? "nothing" : value.description)
    }
  }
}

/// Time zones that forms offer; they take any other of the IANA database too.
enum ScheduleZones {
  static let common = [
    "UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Sao_Paulo", "America/Toronto",
    "Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta", "Asia/Kolkata", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore",
    "Asia/Tokyo", "Australia/Sydney", "Europe/Amsterdam", "Europe/Berlin", "Europe/Istanbul", "Europe/London",
    "Europe/Madrid", "Europe/Paris", "Europe/Rome", "Europe/Stockholm", "Europe/Warsaw", "Europe/Zurich",
    "Pacific/Auckland",
  ]
}
