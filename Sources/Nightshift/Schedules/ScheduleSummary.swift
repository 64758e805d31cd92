/// A schedule as it is shown.
package struct ScheduleSummary: Sendable {
  package var record: ScheduleRecord
  /// What counts; `nil` if it cannot be read, as the record's `problem` says.
  package var definition: ScheduleDefinition?
  /// The newest slot, as long as it is kept.
  package var last: SlotRecord?
  /// When the next slot comes; `nil` if it is disabled or over.
  package var nextSlot: Timestamp?
}

extension Engine {
  /// Schedules in the order of their names.
  ///
  /// - Parameter search: Text that occurs in the name, or nothing.
  package func schedules(
    after name: String = "", limit: Int = 500, search: String = ""
  ) async throws(StoreError) -> [ScheduleSummary] {
    let timelines = timelines
    let now = clock.now
    return try await store.read { transaction in
      let rows = try transaction.query(
        """
        SELECT s.name, s.source, s.declared, s.overridden, s.fired_until, s.next_at, s.last_at, s.created_at,
          s.updated_at, s.problem, l.at, l.fired_at, l.outcome, l.detail, l.job, j.state
        FROM nightshift_schedules s
        LEFT JOIN nightshift_slots l ON l.schedule = s.name AND l.at = s.last_at
        LEFT JOIN nightshift_jobs j ON j.id = l.job
        WHERE s.name > ? AND s.name LIKE ? ESCAPE '!' ORDER BY s.name LIMIT ?
        """, [.text(name), .text("%\(Self.escaped(search))%"), SQLValue(limit)])
      return rows.map { ScheduleSummary($0, timelines, now) }
    }
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("!", with: "!!").replacing("%", with: "!%").replacing("_", with: "!_")
  }

  /// One schedule; `nil` if there is none of this name.
  package func schedule(_ name: String) async throws(StoreError) -> ScheduleSummary? {
    let timelines = timelines
    let now = clock.now
    return try await store.read { transaction in
      try transaction.query(
        """
        SELECT s.name, s.source, s.declared, s.overridden, s.fired_until, s.next_at, s.last_at, s.created_at,
          s.updated_at, s.problem, l.at, l.fired_at, l.outcome, l.detail, l.job, j.state
        FROM nightshift_schedules s
        LEFT JOIN nightshift_slots l ON l.schedule = s.name AND l.at = s.last_at
        LEFT JOIN nightshift_jobs j ON j.id = l.job
        WHERE s.name = ?
        """, [.text(name)]
      ).first.map { ScheduleSummary($0, timelines, now) }
    }
  }

  /// What became of a schedule's slots, the newest first.
  package func slots(
    of schedule: String, before moment: Timestamp?, limit: Int
  ) async throws(StoreError) -> [SlotRecord] {
    try await store.read { transaction in
      try transaction.query(
        """
        SELECT s.at, s.fired_at, s.outcome, s.detail, s.job, j.state
        FROM nightshift_slots s LEFT JOIN nightshift_jobs j ON j.id = s.job
        WHERE s.schedule = ? AND s.at < ? ORDER BY s.at DESC LIMIT ?
        """, [.text(schedule), SQLValue(moment ?? Timestamp(microseconds: .max)), SQLValue(limit)]
      ).map { SlotRecord($0) }
    }
  }
}

extension ScheduleSummary {
  fileprivate init(_ row: SQLRow, _ timelines: ZoneTimelines, _ now: Timestamp) {
    record = ScheduleRecord(row)
    do throws(ScheduleError) {
      definition = try ScheduleDefinition(json: record.json, timelines)
    } catch {
      record.problem = record.problem ?? error.description
    }
    if row.integer(10) != nil { last = SlotRecord(row, from: 10) }
    guard let definition, definition.isEnabled, record.nextAt != nil else { return }
    nextSlot = definition.next(after: record.firedUntil)?.timestamp
  }
}
