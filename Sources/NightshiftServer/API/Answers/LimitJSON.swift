import Nightshift

extension JSONValue {
  /// A limit as it was set, and how much it is used.
  init(_ status: LimitStatus) { self = .fields(Self.limitFields(status)) }

  /// A limit with the busiest values of its key, as whoever asks may see them.
  init(_ status: LimitStatus, _ use: LimitUse?, for request: APIRequest) {
    var fields = Self.limitFields(status)
    if status.limit.key != nil {
      let keys = use?.busiest ?? []
      fields["keys"] = .array(
        keys.map { use in
          let key = request.shown(key: use.key ?? "", of: status.limit)
          return ["key": .string(key), "running": JSONValue(use.running), "held": JSONValue(use.held)]
        })
      fields["usedKeys"] = JSONValue(use?.used ?? 0)
    }
    self = .fields(fields)
  }

  private static func limitFields(_ status: LimitStatus) -> [String: JSONValue?] {
    var fields: [String: JSONValue?] = status.limit.definition.objectValue ?? [:]
    fields["name"] = .string(status.limit.name)
    fields["running"] = JSONValue(status.running)
    fields["held"] = JSONValue(status.held)
    if status.limit.key != nil { fields["busyKeys"] = JSONValue(status.busyKeys) }
    fields["updatedAt"] = JSONValue(status.updatedAt)
    fields["updatedBy"] = .string(status.updatedBy)
    return fields
  }

  /// Why a job is kept back, with the name of what does.
  init(_ hold: GateHold) {
    var fields: [String: JSONValue?] = [
      "reason": .string(String(describing: hold.reason)), "since": hold.since.map { JSONValue($0) },
      "until": hold.until.map { JSONValue($0) }, "by": hold.by.map { .string($0) },
      "detail": hold.detail.map { .string($0) },
    ]
    if hold.reason == .breakerOpen { fields["breaker"] = .string(hold.name) }
    if hold.reason == .limit {
      fields["limit"] = .string(hold.name)
      fields["key"] = hold.key.map { .string($0) }
    }
    self = .fields(fields)
  }

  /// A kind, and whether it is paused.
  init(_ kind: KindSummary, _ pause: PausedKind?) {
    let fields: [String: JSONValue?] = JSONValue(kind).objectValue ?? [:]
    self = .fields(fields.merging(Self.pauseFields(ofKind: pause)) { $1 })
  }

  /// Whether a kind is paused, and what is known of the pause.
  static func pauseFields(ofKind pause: PausedKind?) -> [String: JSONValue?] {
    [
      "paused": .bool(pause != nil), "pausedAt": pause.map { JSONValue($0.since) },
      "pausedBy": pause.map { .string($0.by) }, "pausedUntil": pause?.until.map { JSONValue($0) },
      "pauseReason": pause?.reason.map { .string($0) },
    ]
  }
}
