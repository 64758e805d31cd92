/// A schedule as it is stored.
package struct ScheduleRecord: Sendable {
  /// Where a schedule comes from.
  package enum Source: String, Sendable {
    /// `scheduler.yaml`.
    case file
    /// The program that embeds the engine.
    case program
    /// A person, at run time.
    case person = "api"
  }

  package var name: String
  package var source: Source
  /// What the file or the program says; `nil` for what a person added.
  package var declared: JSONValue?
  /// What was said at run time, which counts before ``declared``: all fields of what a person added, else those that
  /// were changed, with `null` for those of the declared that are to be none.
  package var overridden: JSONValue?
  /// The slots until then have been fired or given up.
  package var firedUntil: Timestamp
  /// When it is to be looked at; `nil` if never again.
  package var nextAt: Timestamp?
  package var lastAt: Timestamp?
  package var createdAt: Timestamp
  package var updatedAt: Timestamp
  /// Why it cannot fire.
  package var problem: String?

  /// What counts: the overridden fields, and the declared ones for the rest. A declared field that was overridden with
  /// nothing is none.
  package var json: JSONValue {
    let declared = declared?.objectValue ?? [:]
    return JSONValue.object(declared.merging(overridden?.objectValue ?? [:]) { $1 }).withoutNulls
  }

  init(_ row: SQLRow) {
    name = row.text(0)!
    source = row.text(1).flatMap(Source.init(rawValue:)) ?? .person
    // Written by us.
    declared = row.text(2).flatMap { try? JSONValue(parsing: $0.utf8) }
    overridden = row.text(3).flatMap { try? JSONValue(parsing: $0.utf8) }
    firedUntil = row.timestamp(4)!
    nextAt = row.timestamp(5)
    lastAt = row.timestamp(6)
    createdAt = row.timestamp(7)!
    updatedAt = row.timestamp(8)!
    problem = row.text(9)
  }

  init(name: String, source: Source, declared: JSONValue?, overridden: JSONValue?, now: Timestamp) {
    self.name = name
    self.source = source
    self.declared = declared
    self.overridden = overridden
    firedUntil = now
    createdAt = now
    updatedAt = now
  }
}

extension ScheduleRecord {
  static func read(
    _ name: String, _ transaction: any ReadTransaction
  ) throws(StoreError) -> ScheduleRecord? {
    try transaction.query(
      """
      SELECT name, source, declared, overridden, fired_until, next_at, last_at, created_at, updated_at, problem
      FROM nightshift_schedules WHERE name = ?
      """, [.text(name)]
    ).first.map(ScheduleRecord.init)
  }

  /// Writes the whole row.
  func write(isEnabled: Bool, _ transaction: any WriteTransaction) throws(StoreError) {
    try transaction.execute(
      """
      INSERT INTO nightshift_schedules(
        name, source, declared, overridden, fired_until, next_at, last_at, created_at, updated_at, problem, enabled)
      VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT(name) DO UPDATE SET
        source = excluded.source, declared = excluded.declared, overridden = excluded.overridden,
        fired_until = excluded.fired_until, next_at = excluded.next_at, last_at = excluded.last_at,
        updated_at = excluded.updated_at, problem = excluded.problem, enabled = excluded.enabled
      """,
      [
        .text(name), .text(source.rawValue), SQLValue(declared?.description), SQLValue(overridden?.description),
        SQLValue(firedUntil), SQLValue(nextAt), SQLValue(lastAt), SQLValue(createdAt), SQLValue(updatedAt),
        SQLValue(problem), .integer(isEnabled ? 1 : 0),
      ])
  }

  /// Deletes the row. Slots and jobs are left alone.
  static func delete(_ name: String, _ transaction: any WriteTransaction) throws(StoreError) {
    try transaction.execute("DELETE FROM nightshift_schedules WHERE name = ?", [.text(name)])
    try transaction.session.forgetEditors(of: name)
  }

  /// Lets whoever writes schedules, here or elsewhere, do so one after the other.
  static func takeTurns(_ transaction: any WriteTransaction) throws(StoreError) {
    try transaction.takeTurns(on: "nightshift schedules")
  }
}

/// What became of one slot.
package struct SlotRecord: Sendable {
  package enum Outcome: String, Sendable {
    /// Its job was added.
    case enqueued
    /// Its job has a key that another one holds.
    case duplicate
    /// It was left out: an earlier one was not over.
    case skipped
    /// Its job was refused.
    case refused
    /// A person ran the schedule by hand; no slot.
    case manual
  }

  package var at: Timestamp
  package var firedAt: Timestamp
  package var outcome: Outcome
  package var detail: String?
  package var job: JobID?
  /// The state of the job, as long as it is kept.
  package var state: JobState?

  init(_ row: SQLRow, from first: Int = 0) {
    at = row.timestamp(first)!
    firedAt = row.timestamp(first + 1)!
    outcome = row.text(first + 2).flatMap(Outcome.init(rawValue:)) ?? .enqueued
    detail = row.text(first + 3)
    job = row.job(first + 4)
    state = row.integer(first + 5).flatMap(JobState.init(code:))
  }
}
