import Nightshift

/// A limit as lists show it.
struct LimitView: Sendable {
  let name: String
  let path: String
  let words: String
  let scope: String
  let running: String
  /// For limits on how many run, without a key: how full it is.
  let meter: Meter?
  let busyKeys: String?
  let held: String
  let isHolding: Bool
  let updated: TimeView
  let updatedBy: String

  init(_ status: LimitStatus, now: Timestamp) {
    let limit = status.limit
    name = limit.name
    path = "/limits/\(limit.name)"
    (words, scope) = (limit.words, limit.scope)
    running = status.running.grouped
    meter = limit.key == nil ? limit.concurrency.map { Meter(status.running, of: $0) } : nil
    busyKeys = limit.key == nil ? nil : status.busyKeys.grouped
    held = status.held >= LimitStatus.mostCounted ? "\(LimitStatus.mostCounted.grouped) or more" : status.held.grouped
    isHolding = status.held > 0
    updated = TimeView(status.updatedAt, now: now)
    updatedBy = status.updatedBy
  }
}

/// How full something is. The partial `meter` shows it.
struct Meter: Sendable {
  let value: String
  let most: String
  let text: String
  let isFull: Bool

  init(_ count: Int, of most: Int) {
    (value, self.most) = ("\(count)", "\(most)")
    text = "\(count.grouped) of \(most.grouped)"
    isFull = count >= most
  }
}

/// A field of a form that is written by hand. The partial `plain-field` shows it.
struct PlainField: Sendable {
  let name: String
  let label: String
  let value: String
  let hint: String?
  let example: String
  let isNeeded: Bool
  let fault: String?

  init(
    _ name: String, _ label: String, _ value: String, hint: String? = nil, example: String = "", isNeeded: Bool = false,
    faults: [LimitError.Fault] = []
  ) {
    (self.name, self.label, self.value, self.hint) = (name, label, value, hint?.withQuotedNames)
    (self.example, self.isNeeded) = (example, isNeeded)
    fault = faults.first { $0.pointer == "#/\(name)" || $0.pointer.hasPrefix("#/\(name)/") }?.message.withQuotedNames
  }
}

/// The form that sets a limit: empty, with one that there is, or as it was sent.
struct LimitForm: Sendable {
  let fields: [PlainField]
  /// What belongs to no field.
  let fault: String?
  let isOpen: Bool

  init(_ limit: Limit? = nil) {
    func names(_ names: [String]?) -> String { (names ?? []).sorted().joined(separator: ", ") }
    self.init(
      [
        "name": limit?.name ?? "", "queues": names(limit?.queues.map(\.rawValue)),
        "kinds": names(limit?.kinds.map(\.rawValue)), "by": limit?.key?.text ?? "",
        "concurrency": limit?.concurrency.map(String.init) ?? "", "rate": limit?.rate?.text ?? "",
      ], faults: [])
  }

  init(_ form: FormFields, faults: [LimitError.Fault]) {
    let names = ["name"] + Limit.fields
    self.init(Dictionary(uniqueKeysWithValues: names.map { ($0, form[$0] ?? "") }), faults: faults)
  }

  private init(_ values: [String: String], faults: [LimitError.Fault]) {
    func field(_ name: String, _ label: String, hint: String? = nil, example: String = "", isNeeded: Bool = false)
      -> PlainField
    {
      PlainField(
        name, label, values[name] ?? "", hint: hint, example: example, isNeeded: isNeeded, faults: faults)
    }
    fields = [
      field("name", "Name", hint: "Setting one that is there replaces it.", example: "per-customer", isNeeded: true),
      field("queues", "Queues", hint: "With commas between; none stands for all.", example: "mail, billing"),
      field("kinds", "Kinds", hint: "With commas between; none stands for all.", example: "send-invoice"),
      field(
        "by", "Counted apart by",
        hint: "key, organization, owner, payload or a place in the payload; empty counts all "
          + "together.", example: "/customer/id"),
      field("concurrency", "At a time", hint: "How many may run at the same time.", example: "4"),
      field("rate", "Rate", hint: "How many may begin within a time; `smooth` spreads them.", example: "100/1m smooth"),
    ]
    fault = faults.first { $0.pointer == "#" }?.message
    isOpen = !faults.isEmpty
  }

  /// The limit as it was sent.
  static func read(_ form: FormFields) throws(LimitError) -> Limit {
    var fields: [String: JSONValue] = [:]
    for name in ["queues", "kinds"] { fields[name] = form.names(name) }
    for name in ["by", "rate"] { fields[name] = form[name].map(JSONValue.string) }
    fields["concurrency"] = form.number("concurrency")
    return try Limit(name: form["name"] ?? "", .object(fields))
  }
}

extension FormFields {
  /// Names with commas or white space between; `nil` if there are none.
  func names(_ name: String) -> JSONValue? {
    let names = (self[name] ?? "").split { ", \r\n\t".contains($0) }.map { JSONValue.string(String($0)) }
    return names.isEmpty ? nil : .array(names)
  }

  /// A number; what is none stays a text, so that whoever reads it says what is wrong.
  func number(_ name: String) -> JSONValue? {
    guard let text = self[name] else { return nil }
    if let whole = Int64(text) { return .integer(whole) }
    return Double(text).map(JSONValue.number) ?? .string(text)
  }
}

/// All limits.
struct LimitsPage: PageModel {
  static let template = "limits"

  let title = "Limits"
  let tabs = QueueTabs(.limits)
  let rows: [LimitView]
  let isEmpty: Bool
  let mayChange: Bool
  let form: LimitForm

  init(_ limits: [LimitStatus], _ form: LimitForm = LimitForm(), for request: APIRequest) {
    rows = limits.map { LimitView($0, now: request.engine.clock.now) }
    isEmpty = rows.isEmpty
    mayChange = request.may(.operator, change: .limits)
    self.form = form
  }
}

/// One limit, with who uses it and whom it keeps back.
struct LimitPage: PageModel {
  static let template = "limit"

  struct Key: Sendable {
    let key: String
    let running: String
    let held: String
    let meter: Meter?
  }

  struct Held: Sendable {
    let id: String
    let path: String
    let kind: String
    let queue: String
    let asked: TimeView
  }

  let title: String
  let limit: LimitView
  let keys: [Key]
  let hasKeys: Bool
  let usedKeys: String
  let jobs: [Held]
  let hasJobs: Bool
  let mayChange: Bool
  let form: LimitForm

  init(_ status: LimitStatus, for request: APIRequest) async throws {
    let (engine, now) = (request.engine, request.engine.clock.now)
    title = status.limit.name
    limit = LimitView(status, now: now)
    let use = status.limit.key == nil ? nil : try await engine.use(ofLimit: status.limit.name, limit: 50)
    keys = (use?.busiest ?? []).map { pool in
      let key = request.shown(key: pool.key ?? "", of: status.limit)
      return Key(
        key: key.isEmpty ? "(none)" : key, running: pool.running.grouped,
        held: pool.held.grouped, meter: status.limit.concurrency.map { Meter(pool.running, of: $0) })
    }
    hasKeys = !keys.isEmpty
    usedKeys = (use?.used ?? 0).grouped
    let held = try await engine.jobsHeld(by: status.id, limit: 20)
    let reach = request.actor.reach
    jobs = held.filter { reach.includes(organization: $0.organization, owner: $0.owner) }.map { job in
      Held(
        id: "\(job.id)", path: "/jobs/\(job.id)", kind: job.kind, queue: job.queue,
        asked: TimeView(job.createdAt, now: now))
    }
    hasJobs = !jobs.isEmpty
    mayChange = request.may(.operator, change: .limits)
    form = LimitForm(status.limit)
  }
}
