/// What the audit log keeps of a change: the fields that are other than before, as they were and as they are now.
struct AuditedChange {
  /// Longer values are cut: the log is kept for ever.
  static let longestValue = 1_000

  private var before: JSONValue
  private var after: JSONValue

  /// - Parameters:
  ///   - former: `nil` for what was not there before.
  ///   - new: `nil` for what is not there any more.
  init(from former: JSONValue?, to new: JSONValue?) {
    (before, after) = (former ?? .null, new ?? .null)
    guard let former, let new else { return }
    (before, after) = Self.different(former, new) ?? ([:], [:])
  }

  /// Of two objects the fields that differ, down to the innermost; `nil` if there are none.
  private static func different(_ former: JSONValue, _ new: JSONValue) -> (JSONValue, JSONValue)? {
    guard former != new else { return nil }
    guard case .object(let old) = former, case .object(let now) = new else { return (former, new) }
    var (before, after): ([String: JSONValue], [String: JSONValue]) = ([:], [:])
    for name in Set(old.keys).union(now.keys) {
      if let was = old[name], let becomes = now[name] {
        guard let pair = different(was, becomes) else { continue }
        (before[name], after[name]) = pair
      } else {
        (before[name], after[name]) = (old[name], now[name])
      }
    }
    return (.object(before), .object(after))
  }

  /// The entry's detail.
  ///
  /// - Parameter more: What else it says.
  func detail(and more: JSONValue? = nil) -> JSONValue {
    var fields = more?.objectValue ?? [:]
    (fields["before"], fields["after"]) = (Self.bounded(before), Self.bounded(after))
    return .object(fields)
  }

  private static func bounded(_ value: JSONValue) -> JSONValue {
    guard case .object(let fields) = value else { return value }
    return .object(
      fields.mapValues { field in
        let text = field.description
        return text.utf8.count > longestValue ? .string(text.truncatedUTF8(to: longestValue)) : field
      })
  }
}

// MARK: Of schedules

extension AuditedChange {
  /// Of the definitions of a schedule. What its payloads hide is not told, nor where other fields repeat it.
  init(ofSchedule former: JSONValue?, to new: JSONValue?, hiding redaction: Redaction) {
    self.init(from: former, to: new)
    var texts: Set<String> = []
    for payload in [former?["payload"], new?["payload"]] {
      if let payload { _ = redaction.redacted(payload, collecting: &texts) }
    }
    before = Self.hidden(before, redaction, texts)
    after = Self.hidden(after, redaction, texts)
  }

  private static func hidden(_ schedule: JSONValue, _ redaction: Redaction, _ texts: Set<String>) -> JSONValue {
    guard case .object(var fields) = schedule else { return schedule }
    var found: Set<String> = []
    for (name, field) in fields {
      fields[name] =
        name == "payload" ? redaction.redacted(field, collecting: &found) : masked(field, texts)
    }
    return .object(fields)
  }

  private static func masked(_ value: JSONValue, _ texts: Set<String>) -> JSONValue {
    switch value {
    case .string(let text): .string(Redaction.masked(text, texts))
    case .array(let items): .array(items.map { masked($0, texts) })
    case .object(let fields): .object(fields.mapValues { masked($0, texts) })
    default: value
    }
  }
}

// MARK: Of pauses

extension Pause {
  /// What the audit log tells of it as before and after.
  var audited: JSONValue {
    .fields([
      "since": .string(since.rfc3339), "by": by.map(JSONValue.string),
      "until": until.map { .string($0.rfc3339) }, "reason": reason.map(JSONValue.string),
    ])
  }

  /// The pause of a kind, from its row among the gates.
  init?(ofKind row: SQLRow?) {
    guard let row, let since = row.timestamp(7) else { return nil }
    self.init(since: since, by: row.text(6), until: row.timestamp(8), reason: row.text(9))
  }
}

// MARK: Of breakers

extension BreakerState {
  /// What the audit log tells of how it stands.
  var audited: JSONValue {
    .fields([
      "closed": .bool(openedAt == nil), "openedAt": openedAt.map { .string($0.rfc3339) },
      "reason": reason.map(JSONValue.string),
    ])
  }
}

// MARK: Of thresholds

extension SlowThreshold {
  /// What the audit log tells of it.
  var audited: JSONValue {
    ["p95": .string(p95.text), "over": .string(window.text), "least": .integer(Int64(least))]
  }
}

// MARK: Of payloads

extension ReadTransaction {
  /// The names of the fields of a job's payload that another payload changes. Their values are nobody's business.
  func changedFields(of job: JobID, by payload: [UInt8]) throws(StoreError) -> [String] {
    let rows = try query("SELECT payload FROM nightshift_payloads WHERE id = ?", [SQLValue(job)])
    // What is no JSON has no fields.
    guard let bytes = rows.first?.bytes(0), let former = try? JSONValue(parsing: bytes).objectValue,
      let new = try? JSONValue(parsing: payload).objectValue
    else { return [] }
    let names = Set(former.keys).union(new.keys).filter { former[$0] != new[$0] }
    return names.sorted().prefix(50).map { $0.truncatedUTF8(to: 100) }
  }
}
