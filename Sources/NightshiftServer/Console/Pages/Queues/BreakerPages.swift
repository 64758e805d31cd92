import Foundation
import Nightshift

/// A circuit breaker as its page shows it.
struct BreakerView: Sendable {
  let name: String
  let path: String
  let phase: StateView
  let phaseText: String
  let isClosed: Bool
  let reason: String?
  let opened: TimeView?
  let probes: TimeView?
  let kinds: String
  let calls: String
  let failures: Meter?
  let rule: String
  let held: String
  let isHolding: Bool

  init(_ status: BreakerStatus, now: Timestamp) {
    let (state, breaker) = (status.state, status.state.breaker)
    name = breaker.name
    path = "/breakers/\(breaker.name)"
    (phase, phaseText) = Self.words(status.phase)
    isClosed = status.phase == .closed
    reason = state.reason
    opened = TimeView(state.openedAt, now: now)
    probes = status.phase == .open ? TimeView(state.probesAt, now: now) : nil
    kinds = breaker.kinds.isEmpty ? "calls by its name" : breaker.kinds.map(\.rawValue).sorted().joined(separator: ", ")
    let (good, bad) = (status.calls.succeeded, status.calls.failed)
    calls =
      good + bad == 0
      ? status.phase == .closed ? "none lately" : "none since it opened"
      : "\((good + bad).grouped) in \(breaker.window.forPeople)"
    failures = good + bad == 0 ? nil : Meter(bad, of: good + bad)
    rule =
      "Opens when \(Int((breaker.failureShare * 100).rounded())) % of at least \(breaker.minimumCalls.grouped) calls "
      + "within \(breaker.window.forPeople) have failed; tries again after \(breaker.openFor.forPeople)."
    held = status.held >= LimitStatus.mostCounted ? "\(LimitStatus.mostCounted.grouped) or more" : status.held.grouped
    isHolding = status.held > 0
  }

  private static func words(_ phase: BreakerState.Phase) -> (StateView, String) {
    switch phase {
    case .closed: (StateView(word: "closed", tone: "completed"), "Everything passes.")
    case .open: (StateView(word: "open", tone: "dead"), "Nothing passes; its jobs are kept back.")
    case .probing: (StateView(word: "probing", tone: "running"), "A few jobs pass, to find out.")
    }
  }
}

/// All circuit breakers.
struct BreakersPage: PageModel {
  static let template = "breakers"

  let title = "Circuit breakers"
  let tabs = QueueTabs(.breakers)
  let breakers: [BreakerView]
  let isEmpty: Bool
  let mayChange: Bool
  let form: BreakerForm

  init(_ breakers: [BreakerStatus], _ form: BreakerForm = BreakerForm(), for request: APIRequest) {
    // What keeps jobs back comes first.
    let sorted = breakers.sorted { ($0.phase == .closed ? 1 : 0) < ($1.phase == .closed ? 1 : 0) }
    self.breakers = sorted.map { BreakerView($0, now: request.engine.clock.now) }
    isEmpty = breakers.isEmpty
    mayChange = request.may(.operator, change: .limits)
    self.form = form
  }
}

/// The form that sets a breaker.
struct BreakerForm: Sendable {
  let fields: [PlainField]
  let fault: String?
  let isOpen: Bool

  init() { self.init([:], faults: []) }

  init(_ form: FormFields, faults: [LimitError.Fault]) {
    let names = ["name"] + CircuitBreaker.fields
    self.init(Dictionary(uniqueKeysWithValues: names.map { ($0, form[$0] ?? "") }), faults: faults)
  }

  private init(_ values: [String: String], faults: [LimitError.Fault]) {
    let standard = CircuitBreaker("standard")
    func field(_ name: String, _ label: String, _ standard: String, hint: String? = nil, isNeeded: Bool = false)
      -> PlainField
    {
      PlainField(
        name, label, values[name] ?? "", hint: hint, example: standard, isNeeded: isNeeded, faults: faults)
    }
    fields = [
      field("name", "Name", "mail-server", hint: "Setting one that is there replaces it.", isNeeded: true),
      field("kinds", "Kinds", "send-invoice", hint: "With commas between; none counts only calls by its name."),
      field("failureShare", "Share of failures", "\(standard.failureShare)", hint: "Above 0, at most 1."),
      field("minimumCalls", "Of at least so many calls", "\(standard.minimumCalls)"),
      field("window", "Within", standard.window.text), field("openFor", "Stays open for", standard.openFor.text),
      field("probes", "Probes at a time", "\(standard.probes)"),
    ]
    fault = faults.first { $0.pointer == "#" }?.message
    isOpen = !faults.isEmpty
  }

  static func read(_ form: FormFields) throws(LimitError) -> CircuitBreaker {
    var fields: [String: JSONValue] = [:]
    fields["kinds"] = form.names("kinds")
    for name in ["failureShare", "minimumCalls", "probes"] { fields[name] = form.number(name) }
    for name in ["window", "openFor"] { fields[name] = form[name].map(JSONValue.string) }
    return try CircuitBreaker(name: form["name"] ?? "", .object(fields))
  }
}
