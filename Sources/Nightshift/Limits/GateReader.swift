/// The rows of `nightshift_gates`.
enum GateReader {
  static let columns =
    "id, type, name, definition, created_at, updated_at, updated_by, closed_at, closed_until, reason, trips"

  /// What sort of gate a row is.
  enum Sort: String {
    case limit
    /// The pause of a kind, which is its name.
    case pause
    case breaker
  }

  /// Every gate that there is.
  static func gates(_ transaction: any ReadTransaction) throws(StoreError) -> GateSet {
    guard try transaction.hasTables(of: Migration.limits.step) else { return .none }
    let rows = try transaction.query(
      "SELECT \(columns) FROM nightshift_gates WHERE gone_at IS NULL ORDER BY id")
    return GateSet(rows.compactMap(gate), breakers: rows.filter { $0.text(1) == "breaker" }.compactMap(breaker))
  }

  private static func gate(_ row: SQLRow) -> Gate? {
    guard let id = row.integer(0), let name = row.text(2) else { return nil }
    // Of a sort that a newer Nightshift knows and that is none of our business.
    guard let sort = row.text(1).flatMap(Sort.init) else { return nil }
    switch sort {
    case .limit:
      guard let limit = limit(row) else { return nil }
      return Gate(
        id: id, name: name, reason: .limit, queues: Set(limit.queues.map(\.rawValue)),
        kinds: Set(limit.kinds.map(\.rawValue)), key: limit.key, concurrency: limit.concurrency, rate: limit.rate)
    case .pause:
      return Gate(
        id: id, name: name, reason: .kindPaused, kinds: [name],
        closure: row.timestamp(8).map(Gate.Closure.until) ?? .forGood)
    case .breaker: return breaker(row)?.gate
    }
  }

  static func breaker(_ row: SQLRow) -> BreakerState? {
    guard let id = row.integer(0), let name = row.text(2), let text = row.text(3) else { return nil }
    // Written by us, and read as we would read it from anybody.
    guard let json = try? JSONValue(parsing: text.utf8), let breaker = try? CircuitBreaker(name: name, json) else {
      return nil
    }
    return BreakerState(
      id: id, breaker: breaker, openedAt: row.timestamp(7), probesAt: row.timestamp(8),
      trips: Int(row.integer(10) ?? 0), reason: row.text(9))
  }

  static func limit(_ row: SQLRow) -> Limit? {
    guard let name = row.text(2), let text = row.text(3) else { return nil }
    // Written by us, and read as we would read it from anybody.
    guard let json = try? JSONValue(parsing: text.utf8) else { return nil }
    return try? Limit(name: name, json)
  }
}

extension Limit {
  /// The fields that a limit is written with.
  package static let fields = ["queues", "kinds", "by", "concurrency", "rate"]

  /// Reads a limit as it stands in the API and in the database.
  ///
  /// - Throws: ``LimitError`` with everything that is wrong.
  package init(name: String, _ json: JSONValue) throws(LimitError) {
    guard case .object(let object) = json else {
      throw LimitError(faults: [.init(pointer: "#", message: "must be an object")])
    }
    self.init(name)
    var faults: [LimitError.Fault] = []
    func fault(_ field: String, _ message: String) { faults.append(.init(pointer: "#/\(field)", message: message)) }
    for (field, value) in object {
      switch field {
      case "queues":
        if case .null = value { continue }
        queues = Self.names(value, field, fault) { QueueName(rawValue: $0) }
      case "kinds":
        if case .null = value { continue }
        kinds = Self.names(value, field, fault) { JobKind(rawValue: $0) }
      case "by":
        if case .null = value { continue }
        key = value.stringValue.flatMap(LimitKey.init(text:))
        if key == nil {
          fault(field, "must be \(LimitKey.rule)")
        }
      case "concurrency":
        if case .null = value { continue }
        concurrency = value.intValue
        if concurrency == nil { fault(field, "must be a whole number") }
      case "rate":
        if case .null = value { continue }
        rate = value.stringValue.flatMap(Rate.init(text:))
        if rate == nil { fault(field, "must look like `100/1m`, or `10/1s smooth` for even spacing") }
      case "name":
        if value.stringValue != name { fault(field, "must be `\(name)`, as in the address, or be left out") }
      default:
        let known = Spelling.nearest(to: field, among: Self.fields).map { "; did you mean `\($0)`?" } ?? ""
        fault(field, "is not known\(known.isEmpty ? "; known are \(Self.fields.joined(separator: ", "))" : known)")
      }
    }
    // What could not be read is no reason to say that nothing was given.
    let isReadable = faults.isEmpty
    faults += self.faults.filter { isReadable || $0.pointer != "#" }
    guard faults.isEmpty else { throw LimitError(faults: faults.sorted { $0.pointer < $1.pointer }) }
  }

  static func names<Name: Hashable>(
    _ value: JSONValue, _ field: String, _ fault: (String, String) -> Void, _ make: (String) -> Name?
  ) -> Set<Name> {
    guard let items = value.arrayValue else {
      fault(field, "must be a list of names")
      return []
    }
    var names: Set<Name> = []
    for (index, item) in items.enumerated() {
      guard let name = item.stringValue.flatMap(make) else {
        fault("\(field)/\(index)", "must be \(ValidatedName.rule)")
        continue
      }
      names.insert(name)
    }
    return names
  }

  /// As ``init(name:_:)`` reads it.
  package var definition: JSONValue {
    var fields: [String: JSONValue] = [:]
    if !queues.isEmpty { fields["queues"] = .array(queues.map(\.rawValue).sorted().map(JSONValue.string)) }
    if !kinds.isEmpty { fields["kinds"] = .array(kinds.map(\.rawValue).sorted().map(JSONValue.string)) }
    if let key { fields["by"] = .string(key.text) }
    if let concurrency { fields["concurrency"] = .integer(Int64(concurrency)) }
    if let rate { fields["rate"] = .string(rate.text) }
    return .object(fields)
  }
}
