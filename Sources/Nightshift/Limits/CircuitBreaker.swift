/// Keeps jobs back while something that they need does not work, instead of burning their attempts.
///
/// It watches how the attempts of its kinds end, and the calls that handlers make by its name
/// (``JobContext/call(_:_:)``). When too many of them fail it *opens*: those jobs are on hold, and nothing is lost. After
/// a while it lets a few *probes* through; when they succeed it closes, and when one fails it waits again, twice as
/// long.
///
/// ```swift
/// try await nightshift.set(CircuitBreaker("model", kinds: ["draft"], failureShare: 0.5, minimumCalls: 10))
/// ```
public struct CircuitBreaker: Sendable, Hashable {
  /// What people call it, and calls name it by: 1 to 100 of a–z, 0–9, `.`, `_` and `-`.
  public var name: String
  /// The kinds whose attempts count, and which it keeps back; none where only calls count.
  public var kinds: Set<JobKind>
  /// It opens when at least so large a part of the calls within the window has failed: above 0 and up to 1.
  public var failureShare: Double
  /// It does not open on fewer calls than this.
  public var minimumCalls: Int
  /// For how long a call counts: a second to a day.
  public var window: Duration
  /// For how long it stays open the first time: a second to a day.
  public var openFor: Duration
  /// How many jobs it lets through at a time to find out, and how many have to succeed.
  public var probes: Int

  /// A breaker; see the properties.
  public init(
    _ name: String, kinds: Set<JobKind> = [], failureShare: Double = 0.5, minimumCalls: Int = 10,
    window: Duration = .seconds(60), openFor: Duration = .seconds(30), probes: Int = 1
  ) {
    self.name = name
    self.kinds = kinds
    self.failureShare = failureShare
    self.minimumCalls = minimumCalls
    self.window = window
    self.openFor = openFor
    self.probes = probes
  }

  /// However often it opens again, it does not stay open for longer than this, or than ``openFor``.
  static let longest = Duration.seconds(600)

  /// Calls are added up over spans of this length, and leave the window with their span.
  var callSpan: Duration { .microseconds(window.microseconds / 20) }

  /// How long it stays open when it opens for the `trips`-th time in a row.
  func wait(trips: Int) -> Duration {
    min(openFor * (1 << min(20, max(0, trips - 1))), max(openFor, Self.longest))
  }

  /// What makes no sense, each with its field as a JSON pointer.
  package var faults: [LimitError.Fault] {
    var faults: [LimitError.Fault] = []
    func fault(_ pointer: String, _ message: String) { faults.append(.init(pointer: pointer, message: message)) }
    if !ValidatedName.isValid(name) { fault("#/name", "must be \(ValidatedName.rule); got `\(name)`") }
    if !(failureShare > 0 && failureShare <= 1) {
      fault("#/failureShare", "must be above 0 and at most 1; got \(failureShare)")
    }
    if !(1...100_000).contains(minimumCalls) {
      fault("#/minimumCalls", "must be 1 to 100000; got \(minimumCalls)")
    }
    let times = Duration.seconds(1)...Duration.seconds(86_400)
    for (field, time) in [("window", window), ("openFor", openFor)] where !times.contains(time) {
      fault("#/\(field)", "must be 1 s to 1 day; got \(time.text)")
    }
    if !(1...1_000).contains(probes) { fault("#/probes", "must be 1 to 1000; got \(probes)") }
    if kinds.count > 100 { fault("#/kinds", "may name at most 100; got \(kinds.count)") }
    return faults
  }
}

extension CircuitBreaker {
  /// The fields that a breaker is written with.
  package static let fields = ["kinds", "failureShare", "minimumCalls", "window", "openFor", "probes"]

  /// Reads a breaker as it stands in the API and in the database.
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
      case "kinds":
        if case .null = value { continue }
        kinds = Limit.names(value, field, fault) { JobKind(rawValue: $0) }
      case "failureShare":
        if let number = value.doubleValue {
          failureShare = number
        } else {
          fault(field, "must be a number, such as 0.5")
        }
      case "minimumCalls":
        if let number = value.intValue { minimumCalls = number } else { fault(field, "must be a whole number") }
      case "probes":
        if let number = value.intValue { probes = number } else { fault(field, "must be a whole number") }
      case "window", "openFor":
        guard let time = value.stringValue.flatMap({ Duration(text: $0) }) else {
          fault(field, "must be a length of time, such as `30s`")
          continue
        }
        if field == "window" { window = time } else { openFor = time }
      case "name":
        if value.stringValue != name { fault(field, "must be `\(name)`, as in the address, or be left out") }
      default:
        let known = Spelling.nearest(to: field, among: Self.fields).map { "; did you mean `\($0)`?" }
        fault(field, "is not known\(known ?? "; known are \(Self.fields.joined(separator: ", "))")")
      }
    }
    faults += self.faults
    guard faults.isEmpty else { throw LimitError(faults: faults.sorted { $0.pointer < $1.pointer }) }
  }

  /// As ``init(name:_:)`` reads it.
  package var definition: JSONValue {
    var fields: [String: JSONValue] = [
      "failureShare": .number(failureShare), "minimumCalls": .integer(Int64(minimumCalls)),
      "window": .string(window.text), "openFor": .string(openFor.text), "probes": .integer(Int64(probes)),
    ]
    if !kinds.isEmpty { fields["kinds"] = .array(kinds.map(\.rawValue).sorted().map(JSONValue.string)) }
    return .object(fields)
  }
}

/// A breaker and how it stands.
package struct BreakerState: Sendable, Hashable {
  package enum Phase: String, Sendable, Hashable {
    /// Everything passes.
    case closed
    /// Nothing passes.
    case open
    /// A few pass, to find out.
    case probing
  }

  package var id: Int64
  package var breaker: CircuitBreaker
  /// Since when it is not closed.
  package var openedAt: Timestamp?
  /// From when on it lets probes through.
  package var probesAt: Timestamp?
  /// How often it has opened in a row.
  package var trips: Int
  /// What made it open the first time in this row.
  var firstReason: String?

  /// Why it is not closed: what made it open, and how its probes went since.
  package var reason: String? { Self.reason(firstReason, trips: trips) }

  static func reason(_ first: String?, trips: Int) -> String? {
    guard trips > 1 else { return first }
    let probes = trips == 2 ? "a probe has failed since" : "\(trips - 1) probes have failed since"
    return first.map { "\($0); \(probes)" } ?? probes
  }

  package func phase(at now: Timestamp) -> Phase {
    guard openedAt != nil else { return .closed }
    return (probesAt ?? now) > now ? .open : .probing
  }

  /// What claims ask while it is not closed.
  var gate: Gate? {
    guard openedAt != nil else { return nil }
    return Gate(
      id: id, name: breaker.name, reason: .breakerOpen, kinds: Set(breaker.kinds.map(\.rawValue)),
      concurrency: breaker.probes, closure: probesAt.map(Gate.Closure.until), isByCall: breaker.kinds.isEmpty)
  }
}

/// How calls went.
package struct CallCount: Sendable, Hashable {
  package var succeeded = 0
  package var failed = 0

  package init(succeeded: Int = 0, failed: Int = 0) {
    self.succeeded = succeeded
    self.failed = failed
  }

  mutating func add(_ other: CallCount) {
    succeeded += other.succeeded
    failed += other.failed
  }
}
