import Nightshift

extension ScheduleSummary {
  /// What is about the jobs of a schedule, and not about when they come.
  private static let privateFields: Set<String> = [
    "payload", "tags", "limitKey", "owner", "unique", "debounce", "throttle", "description",
  ]

  /// The schedule as somebody sees it who may not see all jobs: whole where its jobs are in view, without all that is
  /// about these where they are nobody's in particular; and `nil` where it is another organization's.
  func shown(to reach: Reach) -> ScheduleSummary? {
    let fields = record.json
    let (organization, owner) = (fields["organization"]?.stringValue, fields["owner"]?.stringValue)
    guard !reach.includes(organization: organization, owner: owner) else { return self }
    guard reach.organization == nil || organization == nil || organization == reach.organization else { return nil }
    var shown = self
    shown.record.declared = record.declared.map(Self.publicFields)
    shown.record.overridden = record.overridden.map(Self.publicFields)
    // Read again from what is left, it has nothing else.
    shown.definition = definition.map { definition in
      var shown = definition
      shown.payload = [:]
      shown.description = ""
      (shown.options.tags, shown.options.limitKey, shown.options.owner) = ([], nil, nil)
      return shown
    }
    shown.last = last?.withoutJob
    return shown
  }

  private static func publicFields(_ fields: JSONValue) -> JSONValue {
    guard case .object(let fields) = fields else { return fields }
    return .object(fields.filter { !privateFields.contains($0.key) })
  }
}

extension SlotRecord {
  /// That it fired and when, for those who do not see the job.
  fileprivate var withoutJob: SlotRecord {
    var shown = self
    (shown.job, shown.state, shown.detail) = (nil, nil, nil)
    return shown
  }
}

extension APIRequest {
  /// Schedules as the caller may see them, in the order of their names.
  func schedules(
    after name: String = "", limit: Int, search: String = ""
  ) async throws -> [ScheduleSummary] {
    let reach = actor.reach
    guard !reach.isEverything else {
      return try await engine.schedules(after: name, limit: limit, search: search)
    }
    var (found, last): ([ScheduleSummary], String) = ([], name)
    while found.count < limit {
      let page = try await engine.schedules(after: last, limit: limit, search: search)
      found += page.compactMap { $0.shown(to: reach) }
      guard page.count == limit, let name = page.last?.record.name else { break }
      last = name
    }
    return Array(found.prefix(limit))
  }

  /// The schedule that the path names, as the caller may see it.
  ///
  /// - Throws: ``ScheduleError`` if there is none, or none for this caller.
  func schedule() async throws -> ScheduleSummary {
    let name = parameters["name"] ?? ""
    let found = try await engine.schedule(name)
    guard let shown = actor.reach.isEverything ? found : found?.shown(to: actor.reach) else {
      throw ScheduleError.missing(name.truncatedUTF8(to: 100))
    }
    return shown
  }

  /// What became of a schedule's slots, the newest first.
  func slots(of schedule: ScheduleSummary, before: Timestamp?, limit: Int) async throws -> [SlotRecord] {
    let slots = try await engine.slots(of: schedule.record.name, before: before, limit: limit)
    return mayKnowJobs(of: schedule) ? slots : slots.map(\.withoutJob)
  }

  /// Whether the caller sees the jobs that a schedule enqueues.
  func mayKnowJobs(of schedule: ScheduleSummary) -> Bool {
    let fields = schedule.record.json
    return actor.reach.includes(
      organization: fields["organization"]?.stringValue, owner: fields["owner"]?.stringValue)
  }
}
