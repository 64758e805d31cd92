import Nightshift

/// A schedule as lists show it.
struct ScheduleRow: Sendable {
  let name: String
  let path: String
  let words: String
  let expression: String
  let zone: String
  let kind: String
  let kindPath: String
  let next: TimeView?
  let last: TimeView?
  let outcome: StateView?
  let isEnabled: Bool
  let isBroken: Bool
  let problem: String?
  let isOverridden: Bool

  init(_ summary: ScheduleSummary, now: Timestamp) {
    let (record, definition) = (summary.record, summary.definition)
    name = record.name
    path = Agenda.path(record.name)
    words = definition?.words ?? "It cannot be read"
    expression = record.json["expression"]?.stringValue ?? ""
    zone = definition?.zone ?? "UTC"
    kind = definition?.kind.rawValue ?? record.json["kind"]?.stringValue ?? ""
    kindPath = "/kinds/\(ConsoleLink.escaped(kind))"
    next = TimeView(summary.nextSlot, now: now)
    last = TimeView(summary.last?.at, now: now)
    outcome = summary.last.map { SlotRow.state(of: $0) }
    isEnabled = definition?.isEnabled ?? false
    (problem, isBroken) = (record.problem, record.problem != nil)
    isOverridden = record.declared != nil && record.overridden != nil
  }
}

/// What became of one slot.
struct SlotRow: Sendable {
  let key: String
  let at: TimeView
  let local: String
  let outcome: StateView
  let late: String?
  let detail: String?
  let job: String?
  let jobPath: String?

  init(_ slot: SlotRecord, _ viewer: ViewerZone, now: Timestamp) {
    key = "slot-\(slot.at.microseconds)"
    at = TimeView(slot.at, now: now)
    local = TimeView.exact(slot.at)
    outcome = Self.state(of: slot)
    let delay = slot.firedAt - slot.at
    late = slot.outcome != .manual && delay > .seconds(60) ? delay.forPeople : nil
    detail = slot.detail
    job = slot.job.map { "\($0)" }
    jobPath = slot.job.map { "/jobs/\($0)" }
  }

  /// The state of its job says more than that it was added.
  static func state(of slot: SlotRecord) -> StateView {
    switch slot.outcome {
    case .enqueued, .manual:
      if let state = slot.state { return StateView(state) }
      return StateView(word: slot.job == nil ? "fired" : "pruned", tone: "cancelled")
    case .duplicate: return StateView(word: "duplicate", tone: "scheduled")
    case .skipped: return StateView(word: "skipped", tone: "blocked")
    case .refused: return StateView(word: "refused", tone: "dead")
    }
  }
}

/// All schedules, and the day that is coming.
struct SchedulesPage: PageModel {
  static let template = "schedules"

  let title = "Schedules"
  let rows: [ScheduleRow]
  let isEmpty: Bool
  let isNarrowed: Bool
  let search: String
  let agenda: Agenda
  let next: String?
  let mayChange: Bool

  init(_ schedules: [ScheduleSummary], hasMore: Bool, search: String, after: String, for request: APIRequest) throws {
    let now = request.engine.clock.now
    rows = schedules.map { ScheduleRow($0, now: now) }
    isEmpty = rows.isEmpty
    isNarrowed = !search.isEmpty || !after.isEmpty
    self.search = search
    agenda = Agenda(schedules, try ViewerZone(request), now: now)
    let zone = try request.query.value("zone")
    next =
      hasMore
      ? schedules.last.map { last in
        ConsoleLink.path("/schedules", [("search", search), ("zone", zone), ("after", last.record.name)])
      } : nil
    mayChange = request.may(.operator, change: .schedules)
  }
}
