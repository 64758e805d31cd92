// MARK: Firing

extension Engine {
  /// Fires all that is due, as ``run()`` does by itself.
  ///
  /// - Returns: When the next one is due.
  @discardableResult
  package func fireSchedules() async throws -> Timestamp? { try await housekeeper.scheduler.fire() }
}

// MARK: Changing

extension Engine {
  /// Adds a schedule at run time.
  ///
  /// - Parameter json: Its fields, as ``ScheduleDefinition`` names them.
  /// - Throws: ``ScheduleError``, ``SubmissionError`` if its job would be refused, ``StoreError``.
  package func addSchedule(_ name: String, _ json: JSONValue, by actor: Actor) async throws -> ScheduleSummary {
    try Self.checkName(name)
    let json = json.withoutNulls
    let now = clock.now
    try await check(try ScheduleDefinition(json: json, timelines), endCounts: true, at: now, by: actor)
    let timelines = timelines
    try await changeSchedule(name, "add-schedule", json, by: actor) { former in
      guard former == nil else {
        throw ScheduleError.conflict("There is a schedule \"\(name)\" already. Edit it, or use another name.")
      }
      var record = ScheduleRecord(name: name, source: .person, declared: nil, overridden: json, now: now)
      let isEnabled = try record.restart(after: nil, timelines, now: now)
      return (record, isEnabled)
    }
    return try await known(name)
  }

  /// Changes fields of a schedule at run time. What a file declares comes back by ``resetSchedule(_:by:)``.
  ///
  /// - Parameter json: The fields; `null` leaves one out, also where a file declares it.
  package func editSchedule(
    _ name: String, _ json: JSONValue, verb: String = "edit-schedule", by actor: Actor
  ) async throws -> ScheduleSummary {
    guard let former = try await schedule(name) else { throw ScheduleError.missing(name) }
    let now = clock.now
    let timelines = timelines
    try ScheduleReader.checkNames(in: json)
    var trial = former.record
    trial.override(json)
    let definition = try ScheduleDefinition(json: trial.json, timelines)
    // A job that would be refused is no reason not to switch it off.
    let names = Set((json.objectValue ?? [:]).keys)
    if names != ["enabled"] {
      // One that is over may be given another description, and not another end that lies behind.
      let endCounts = !names.isDisjoint(with: ["expression", "zone", "start", "end"])
      try await check(definition, endCounts: endCounts, at: now, by: actor)
    }
    try await changeSchedule(name, verb, json, by: actor) { former in
      guard var record = former else { throw ScheduleError.missing(name) }
      record.override(json)
      let isEnabled = try record.restart(after: former, timelines, now: now)
      return (record, isEnabled)
    }
    return try await known(name)
  }

  /// Switches a schedule on or off. Slots that come while it is off are not caught up.
  package func setSchedule(_ name: String, enabled: Bool, by actor: Actor) async throws -> ScheduleSummary {
    let verb = enabled ? "enable-schedule" : "disable-schedule"
    return try await editSchedule(name, ["enabled": .bool(enabled)], verb: verb, by: actor)
  }

  /// Forgets what was changed at run time, so that what the file or the program declares counts again.
  package func resetSchedule(_ name: String, by actor: Actor) async throws -> ScheduleSummary {
    let now = clock.now
    let timelines = timelines
    try await changeSchedule(name, "reset-schedule", nil, by: actor) { former in
      guard var record = former else { throw ScheduleError.missing(name) }
      guard record.declared != nil else {
        throw ScheduleError.conflict("No file declares \"\(name)\": it was added at run time. Edit or remove it.")
      }
      guard record.overridden != nil else { return (record, nil) }
      record.overridden = nil
      let isEnabled = try record.restart(after: former, timelines, now: now)
      return (record, isEnabled)
    }
    return try await known(name)
  }

  /// Ends a schedule that was added at run time. Jobs of its slots are left alone.
  package func removeSchedule(_ name: String, by actor: Actor) async throws {
    let now = clock.now
    let redaction = configuration.redaction
    try await store.write { transaction in
      try ScheduleRecord.takeTurns(transaction)
      guard let record = try ScheduleRecord.read(name, transaction) else { throw ScheduleError.missing(name) }
      guard record.source != .file else {
        throw ScheduleError.conflict(
          "\"\(name)\" is declared in the schedules file: remove it there, or disable it.")
      }
      try ScheduleRecord.delete(name, transaction)
      let change = AuditedChange(ofSchedule: record.json, to: nil, hiding: redaction)
      try transaction.audit("remove-schedule", "schedule \(name)", by: actor, at: now, detail: change.detail())
    }
    housekeeper.scheduler.lookAgain()
  }

  /// Adds a schedule's job now, whatever the time, and whether or not it is enabled.
  package func runSchedule(_ name: String, by actor: Actor) async throws -> Submission {
    guard let summary = try await schedule(name) else { throw ScheduleError.missing(name) }
    let definition = try ScheduleDefinition(json: summary.record.json, timelines)
    var draft = definition.draft(name, slot: nil)
    draft.options.owner = draft.options.owner ?? (actor == .system ? nil : actor.id)
    let record = try await prepare([draft], isTyped: false, idempotency: nil)[0]
    let now = clock.now
    return try await store.write { transaction in
      if let name = record.organization, let message = try Organization.refusal(ofJobsFor: name, transaction) {
        throw SubmissionError(faults: [.init(index: 0, pointer: "#/organization", message: message)])
      }
      let outcome = try transaction.insert([record], now: now)[0]
      let submission = try Self.submission(record, outcome, isReplay: false, transaction)
      try transaction.session.noteRequester(actor, of: [submission.id])
      try transaction.execute(
        """
        INSERT INTO nightshift_slots(schedule, at, fired_at, outcome, detail, job, open)
        VALUES(?, ?, ?, 'manual', ?, ?, 0) ON CONFLICT(schedule, at) DO NOTHING
        """, [.text(name), SQLValue(now), SQLValue(now), .text("by \(actor.id)"), SQLValue(submission.id)])
      try transaction.session.noteEditors(ofSlotsFiredAt: now)
      try transaction.audit(
        "run-schedule", "schedule \(name)", by: actor, at: now, detail: ["job": .string(submission.id.description)])
      return submission
    }
  }

  private static func checkName(_ name: String) throws(ScheduleError) {
    guard ScheduleName.isValid(name) else {
      throw ScheduleError(
        .invalid, [.init("#/name", "must be \(ScheduleName.rule); got \"\(name.truncatedUTF8(to: 40))\"")])
    }
  }

  /// Whether it ever fires, and its job would be taken.
  private func check(
    _ definition: ScheduleDefinition, endCounts: Bool, at now: Timestamp, by actor: Actor
  ) async throws {
    try definition.check(at: now, endCounts: endCounts)
    let draft = definition.draft("?", slot: now)
    _ = try await organizations(of: [draft], by: actor)
    let faults = try await faults(in: [draft])
    guard faults.isEmpty else { throw SubmissionError(faults: faults) }
  }

  private func known(_ name: String) async throws -> ScheduleSummary {
    // Somebody may have removed it at once.
    guard let summary = try await schedule(name) else { throw ScheduleError.missing(name) }
    return summary
  }

  /// - Parameter change: What becomes of it, and whether it is enabled; `nil` for that changes nothing.
  private func changeSchedule(
    _ name: String, _ verb: String, _ detail: JSONValue?, by actor: Actor,
    _ change: @escaping @Sendable (ScheduleRecord?) throws -> (ScheduleRecord, isEnabled: Bool?)
  ) async throws {
    let now = clock.now
    let redaction = configuration.redaction
    let fields = detail?.objectValue.map { JSONValue.array($0.keys.sorted().map(JSONValue.string)) }
    try await store.write { transaction in
      try ScheduleRecord.takeTurns(transaction)
      let former = try ScheduleRecord.read(name, transaction)
      let (record, isEnabled) = try change(former)
      guard let isEnabled else { return }
      try record.write(isEnabled: isEnabled, transaction)
      if record.overridden == nil { try transaction.session.forgetEditors(of: name) }
      // Who switches it on or off has no hand in what its jobs do.
      if detail?.objectValue?.keys.contains(where: { $0 != "enabled" }) == true {
        try transaction.session.noteEditor(actor, of: name)
      }
      let change = AuditedChange(ofSchedule: former?.json, to: record.json, hiding: redaction)
      try transaction.audit(
        verb, "schedule \(name)", by: actor, at: now, detail: change.detail(and: fields.map { ["fields": $0] }))
    }
    housekeeper.scheduler.lookAgain()
  }
}

extension ScheduleRecord {
  /// Takes over fields that were said at run time. `null` leaves one out, also where it is declared: it is then none
  /// until the schedule is reset.
  mutating func override(_ json: JSONValue) {
    var fields = overridden?.objectValue ?? [:]
    for (name, value) in json.objectValue ?? [:] {
      if value == .null, declared?[name] == nil { fields.removeValue(forKey: name) } else { fields[name] = value }
    }
    overridden = fields.isEmpty && declared != nil ? nil : .object(fields)
  }

  /// Begins anew: from now on if its slots are others than before, since it must not make up for slots that it did not
  /// have; else from where it was, so that no slot is lost to a change of its description or its payload.
  ///
  /// - Returns: Whether it is enabled.
  mutating func restart(
    after former: ScheduleRecord?, _ timelines: ZoneTimelines, now: Timestamp
  ) throws(ScheduleError) -> Bool {
    let definition = try ScheduleDefinition(json: json, timelines)
    // Never the same twice, by which whoever has planned for the former one notices.
    updatedAt = max(now, updatedAt + .microseconds(1))
    if former.map({ !definition.hasSlots(of: $0.json, timelines) }) ?? true { firedUntil = max(now, firedUntil) }
    nextAt = definition.isEnabled ? definition.next(after: firedUntil)?.timestamp : nil
    problem = nil
    return definition.isEnabled
  }
}

extension ScheduleDefinition {
  /// Whether it fires when another would, which was in force until now.
  fileprivate func hasSlots(of json: JSONValue, _ timelines: ZoneTimelines) -> Bool {
    // One that could not be read has fired nothing.
    guard let other = try? ScheduleDefinition(json: json, timelines) else { return false }
    return (cadence, zone, start, end) == (other.cadence, other.zone, other.start, other.end)
      && (other.isEnabled || !isEnabled)
  }
}

extension JSONValue {
  var withoutNulls: JSONValue {
    guard let fields = objectValue else { return self }
    return .object(fields.filter { $0.value != .null })
  }
}
