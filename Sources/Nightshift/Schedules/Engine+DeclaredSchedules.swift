public import Foundation

extension Engine {
  /// Makes the schedules of a file those that the file declares: new ones begin, changed ones go on as they are now
  /// written, and those that are no longer there end. What was changed at run time goes on counting.
  ///
  /// - Parameter entries: The fields of each, which have been read without a fault.
  /// - Returns: The names that were added, changed and removed.
  @discardableResult
  package func declareSchedules(_ entries: [String: JSONValue]) async throws -> DeclaredChanges {
    let now = clock.now
    let (timelines, redaction) = (timelines, configuration.redaction)
    let entries = entries.mapValues(\.withoutNulls)
    let changes = try await store.write { transaction in
      try ScheduleRecord.takeTurns(transaction)
      var changes = DeclaredChanges()
      for (name, json) in entries.sorted(by: { $0.key < $1.key }) {
        let former = try ScheduleRecord.read(name, transaction)
        guard try Self.declare(name, json, .file, former, timelines, redaction, now, transaction)
        else { continue }
        if former == nil { changes.added.append(name) } else { changes.changed.append(name) }
      }
      let declared = try transaction.query("SELECT name FROM nightshift_schedules WHERE source = 'file'")
      for name in declared.compactMap({ $0.text(0) }) where entries[name] == nil {
        let former = try ScheduleRecord.read(name, transaction)?.json
        try ScheduleRecord.delete(name, transaction)
        let change = AuditedChange(ofSchedule: former, to: nil, hiding: redaction)
        try transaction.audit("remove-schedule", "schedule \(name)", by: .system, at: now, detail: change.detail())
        changes.removed.append(name)
      }
      return changes
    }
    if !changes.isEmpty { housekeeper.scheduler.lookAgain() }
    return changes
  }

  /// - Returns: Whether anything was changed.
  private static func declare(
    _ name: String, _ json: JSONValue, _ source: ScheduleRecord.Source, _ former: ScheduleRecord?,
    _ timelines: ZoneTimelines, _ redaction: Redaction, _ now: Timestamp, _ transaction: any WriteTransaction
  ) throws -> Bool {
    if let former, former.source == source, former.declared == json { return false }
    var record = former ?? ScheduleRecord(name: name, source: source, declared: nil, overridden: nil, now: now)
    record.source = source
    record.declared = json
    var isEnabled = false
    do throws(ScheduleError) {
      isEnabled = try record.restart(after: former, timelines, now: now)
    } catch {
      // Each part is right, but not both together: a file must not be refused for what was said elsewhere.
      record.nextAt = nil
      record.updatedAt = max(now, record.updatedAt + .microseconds(1))
      record.problem = "what was changed at run time does not fit what is declared: \(error)"
    }
    try record.write(isEnabled: isEnabled, transaction)
    let change = AuditedChange(ofSchedule: former?.json, to: record.json, hiding: redaction)
    try transaction.audit("declare-schedule", "schedule \(name)", by: .system, at: now, detail: change.detail())
    return true
  }

  /// Runs a job again and again, at the times of a cron expression.
  ///
  /// Call it at each start of the program: the same schedule again changes nothing, another one takes its place, and
  /// what people have changed at run time goes on counting until they reset it. Any number of processes may do so; each
  /// slot is fired once.
  ///
  /// ```swift
  /// try await nightshift.schedule("nightly-report", SendReport(), "0 2 * * *", in: TimeZone(identifier: "Europe/Berlin")!)
  /// ```
  ///
  /// - Parameters:
  ///   - name: 1 to 90 of a–z, 0–9, '.', '_' and '-', beginning with a letter or digit.
  ///   - job: The job that is enqueued at each slot; see ``JobContext/slotTime``.
  ///   - expression: Five fields, six with seconds first, `@daily`, or `every 90s`.
  ///   - zone: The time zone in which the expression is meant.
  /// - Throws: ``ScheduleError`` if the expression or an option is wrong, ``StoreError`` if it could not be stored.
  public func schedule<Kind: Job>(
    _ name: String, _ job: Kind, _ expression: String, in zone: TimeZone = .gmt,
    _ options: ScheduleOptions = ScheduleOptions()
  ) async throws {
    guard ScheduleName.isValid(name) else {
      throw ScheduleError(.invalid, [.init("#/name", "must be \(ScheduleName.rule); got \"\(name)\"")])
    }
    let payload = try JSONValue(parsing: JSONEncoder().encode(job))
    let json = options.json(
      expression: expression, zone: zone == .gmt ? "UTC" : zone.identifier, kind: Kind.kind, payload: payload)
    let (now, timelines, redaction) = (clock.now, timelines, configuration.redaction)
    try ScheduleDefinition(json: json, timelines).check(at: now)
    try await store.write { transaction in
      try ScheduleRecord.takeTurns(transaction)
      let former = try ScheduleRecord.read(name, transaction)
      _ = try Self.declare(name, json, .program, former, timelines, redaction, now, transaction)
    }
    housekeeper.scheduler.lookAgain()
  }

  /// Ends a schedule that ``schedule(_:_:_:in:_:)`` has made, or somebody has added at run time.
  ///
  /// - Throws: ``ScheduleError`` if there is none of this name, or a file declares it.
  public func unschedule(_ name: String) async throws { try await removeSchedule(name, by: .system) }
}

/// What the reading of a file has changed, by name.
package struct DeclaredChanges: Sendable, Hashable {
  package var added: [String] = []
  package var changed: [String] = []
  package var removed: [String] = []

  package var isEmpty: Bool { added.isEmpty && changed.isEmpty && removed.isEmpty }
}

/// How a schedule of a program works, beside its times.
public struct ScheduleOptions: Sendable, Hashable {
  /// The queue of its jobs; `nil` for that of their kind.
  public var queue: QueueName?
  /// Their place within the queue; `nil` for that of their kind.
  public var priority: Priority?
  /// How many attempts of a job may fail; `nil` as its kind says.
  public var maxAttempts: Int?
  /// What limits by key tell its jobs apart by; see ``JobOptions/limitKey``.
  public var limitKey: String?
  /// What becomes of a slot's job while another with its key is not over. It may stand beside ``overlap``, which looks at
  /// this schedule's jobs alone.
  public var unique: Unique?
  /// Gathers its jobs, and others with the same key, in one.
  public var debounce: Debounce?
  /// Lets only so many jobs with its key come within a time.
  public var throttle: Throttle?
  /// What becomes of slots that nobody was there to fire.
  public var catchUp: CatchUp = .latest
  /// What happens while an earlier job is not over.
  public var overlap: ScheduleOverlap = .allow
  /// Each job is put off by a part of this, the same for a slot wherever it is fired.
  public var jitter: Duration?
  /// No slot comes before this moment.
  public var start: Date?
  /// No slot comes after this moment.
  public var end: Date?

  /// The newest missed slot is caught up, and jobs may run side by side.
  public init() {}

  fileprivate func json(expression: String, zone: String, kind: JobKind, payload: JSONValue) -> JSONValue {
    var fields: [String: JSONValue] = [
      "expression": .string(expression), "zone": .string(zone), "kind": .string(kind.rawValue), "payload": payload,
      "catchUp": .string(catchUp.description), "overlap": .string(overlap.rawValue),
    ]
    fields["queue"] = queue.map { .string($0.rawValue) }
    fields["priority"] = priority.map { .string($0.rawValue) }
    fields["maxAttempts"] = maxAttempts.map { .integer(Int64($0)) }
    fields["limitKey"] = limitKey.map { .string($0) }
    fields["unique"] = unique?.definition
    fields["debounce"] = debounce?.definition
    fields["throttle"] = throttle?.definition
    fields["jitter"] = jitter.map { .string($0.text) }
    fields["start"] = start.map { .string(Timestamp($0).rfc3339) }
    fields["end"] = end.map { .string(Timestamp($0).rfc3339) }
    return .object(fields)
  }
}
