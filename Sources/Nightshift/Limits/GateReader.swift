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
    return GateSet(
      rows.compactMap(gate), breakers: rows.filter { $0.text(1) == Sort.breaker.rawValue }.compactMap(breaker),
      unreadable: rows.compactMap(unreadable))
  }

  /// What is wrong with a row that says nothing we understand, although its sort is known.
  private static func unreadable(_ row: SQLRow) -> UnreadableGate? {
    guard let sort = row.text(1).flatMap(Sort.init), let name = row.text(2) else { return nil }
    do {
      switch sort {
      case .limit: _ = try parseLimit(row)
      case .breaker: _ = try parseBreaker(row)
      case .pause: break
      }
      return nil
    } catch {
      return UnreadableGate(sort: sort.rawValue, name: name, problem: "\(error)")
    }
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

  // One that cannot be read limits nothing: it is logged, and `doctor` tells of it (``GateSet/unreadable``).
  static func breaker(_ row: SQLRow) -> BreakerState? { try? parseBreaker(row) }
  static func limit(_ row: SQLRow) -> Limit? { try? parseLimit(row) }

  private static func parseBreaker(_ row: SQLRow) throws -> BreakerState {
    let breaker = try CircuitBreaker(name: row.text(2) ?? "", try definition(row))
    return BreakerState(
      id: row.integer(0) ?? 0, breaker: breaker, openedAt: row.timestamp(7), probesAt: row.timestamp(8),
      trips: Int(row.integer(10) ?? 0), firstReason: row.text(9))
  }

  private static func parseLimit(_ row: SQLRow) throws -> Limit {
    try Limit(name: row.text(2) ?? "", try definition(row))
  }

  /// Written by us, and read as we would read it from anybody.
  private static func definition(_ row: SQLRow) throws -> JSONValue {
    try JSONValue(parsing: (row.text(3) ?? "").utf8)
  }
}

/// A limit or a breaker in the database that this version cannot read, and that keeps nothing back: a newer Nightshift
/// has written it, or somebody by hand.
package struct UnreadableGate: Sendable, Hashable {
  /// `limit` or `breaker`.
  package var sort: String
  package var name: String
  package var problem: String
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
          let meant = Self.meant(value.stringValue, among: ["key", "organization", "owner", "payload"])
          fault(field, "must be \(LimitKey.rule)\(meant)")
        }
      case "concurrency":
        if case .null = value { continue }
        concurrency = value.intValue
        if concurrency == nil { fault(field, "must be a whole number") }
      case "rate":
        if case .null = value { continue }
        rate = value.stringValue.flatMap(Rate.init(text:))
        if rate == nil {
          let words = value.stringValue?.split(separator: " ") ?? []
          let meant = Self.meant(words.count == 2 ? String(words[1]) : nil, among: ["smooth", "window"])
          fault(field, "must look like `100/1m`, or `10/1s smooth` for even spacing\(meant)")
        }
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

  private static func meant(_ word: String?, among known: [String]) -> String {
    word.flatMap { Spelling.nearest(to: $0, among: known) }.map { "; did you mean `\($0)`?" } ?? ""
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
