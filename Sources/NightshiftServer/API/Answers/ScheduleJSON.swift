import Nightshift

extension JSONValue {
  /// A schedule: what counts, where it comes from, and what was said at run time.
  ///
  /// - Parameter withJobs: Whether it tells what the jobs are given.
  init(_ summary: ScheduleSummary, withJobs: Bool = true) {
    let record = summary.record
    var fields = record.json.objectValue ?? [:]
    // What is not written is what the definition says.
    if let definition = summary.definition {
      fields["zone"] = .string(definition.zone)
      if withJobs { fields["payload"] = definition.payload }
      fields["enabled"] = .bool(definition.isEnabled)
      fields["catchUp"] = .string(definition.catchUp.description)
      fields["overlap"] = .string(definition.overlap.rawValue)
    }
    fields["name"] = .string(record.name)
    fields["source"] = .string(record.source.rawValue)
    fields["declared"] = record.declared ?? .null
    fields["overridden"] = record.declared == nil ? .null : record.overridden ?? .null
    fields["nextAt"] = summary.nextSlot.map { JSONValue($0) } ?? .null
    fields["last"] = summary.last.map { JSONValue($0) } ?? .null
    fields["createdAt"] = JSONValue(record.createdAt)
    fields["updatedAt"] = JSONValue(record.updatedAt)
    fields["problem"] = record.problem.map { .string($0) } ?? .null
    self = .object(fields)
  }

  /// What became of one slot.
  init(_ slot: SlotRecord) {
    self = .fields([
      "at": JSONValue(slot.at), "firedAt": JSONValue(slot.firedAt), "outcome": .string(slot.outcome.rawValue),
      "detail": slot.detail.map { .string($0) }, "job": slot.job.map { .string($0.description) },
      "state": slot.state.map { .string($0.rawValue) },
      "statusUrl": slot.job.map { .string(Links.status(of: $0)) },
    ])
  }
}
