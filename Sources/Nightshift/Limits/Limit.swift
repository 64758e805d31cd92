/// How many jobs may run at a time, or begin within a time, for all jobs that it covers together or for each value of a
/// key.
///
/// ```swift
/// try await nightshift.set(Limit("per-customer", queues: ["mail"], by: .payload("/customer"), concurrency: 2))
/// try await nightshift.set(Limit("model", kinds: ["draft", "summarise"], rate: .smooth(500, per: .seconds(60))))
/// ```
///
/// It counts on all nodes together. A job that it keeps back stays `ready` and is on hold, so that it costs nothing to
/// the claims of others; it goes on when there is room. A limit with a key is also fair between the key's values: they
/// take turns, so that one with a million jobs does not hold up another with one.
public struct Limit: Sendable, Hashable {
  /// What people call it: 1 to 100 of a–z, 0–9, `.`, `_` and `-`.
  public var name: String
  /// The queues whose jobs it covers; none stands for all.
  public var queues: Set<QueueName>
  /// The kinds of jobs that it covers; none stands for all.
  public var kinds: Set<JobKind>
  /// What tells the jobs apart that are counted apart; `nil` counts all together.
  public var key: LimitKey?
  /// How many of them may run at a time.
  public var concurrency: Int?
  /// How many of them may begin within a time.
  public var rate: Rate?

  /// A limit on all jobs in these queues that are of these kinds; without queues in all queues, without kinds of all
  /// kinds. With neither `concurrency` nor `rate`, but with a key, it limits nothing and is only fair.
  public init(
    _ name: String, queues: Set<QueueName> = [], kinds: Set<JobKind> = [], by key: LimitKey? = nil,
    concurrency: Int? = nil, rate: Rate? = nil
  ) {
    self.name = name
    self.queues = queues
    self.kinds = kinds
    self.key = key
    self.concurrency = concurrency
    self.rate = rate
  }
}

/// What tells jobs apart that a limit counts apart. Those that have none of it share one place.
public enum LimitKey: Sendable, Hashable {
  /// The key that they were enqueued with (``JobOptions/limitKey``).
  case key
  /// The organization that owns them.
  case organization
  /// The user that owns them.
  case owner
  /// A field of the payload, by its JSON pointer (RFC 6901): `/customer/id`. An empty one stands for all of it.
  case payload(String)
}

/// How many jobs may begin within a time.
public struct Rate: Sendable, Hashable {
  /// How they are spread over the time.
  public enum Spread: String, Sendable, Hashable, CaseIterable {
    /// All at once if need be; never more than the count within any period of this length.
    case window
    /// Evenly: one after each equal part of the period.
    case smooth
  }

  /// How many.
  public var count: Int
  /// Within how long: a millisecond to 31 days.
  public var period: Duration
  /// How they are spread over that time.
  public var spread: Spread

  /// At most `count` within any `period`.
  public static func window(_ count: Int, per period: Duration) -> Rate {
    Rate(count: count, period: period, spread: .window)
  }

  /// At most `count` in each `period`, evenly spaced.
  public static func smooth(_ count: Int, per period: Duration) -> Rate {
    Rate(count: count, period: period, spread: .smooth)
  }
}

// MARK: As text

extension LimitKey {
  /// `key`, `organization`, `owner`, `payload`, or a JSON pointer into the payload.
  package init?(text: String) {
    switch text {
    case "key": self = .key
    case "organization": self = .organization
    case "owner": self = .owner
    case "payload": self = .payload("")
    default:
      guard text.hasPrefix("/"), text.utf8.count <= 200, JSONPointer(fragment: "#\(text)") != nil,
        text.split(separator: "~", omittingEmptySubsequences: false).dropFirst().allSatisfy({
          // A tilde stands only as `~0` or `~1`.
          $0.first == "0" || $0.first == "1"
        })
      else { return nil }
      self = .payload(text)
    }
  }

  static let rule =
    "`key`, `organization`, `owner`, `payload` or a JSON pointer into the payload such as `/customer/id`"

  package var text: String {
    switch self {
    case .key: "key"
    case .organization: "organization"
    case .owner: "owner"
    case .payload(let pointer): pointer.isEmpty ? "payload" : pointer
    }
  }
}

extension Rate {
  /// `100/1m`, or `100/1m smooth`.
  package init?(text: String) {
    let words = text.split(separator: " ", omittingEmptySubsequences: true)
    guard (1...2).contains(words.count), let spread = Spread(rawValue: words.count == 2 ? String(words[1]) : "window")
    else { return nil }
    let parts = words[0].split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let count = Int(parts[0]) else { return nil }
    // "10/s" is what people write for "10/1s".
    let period = parts[1].first?.isNumber == true ? String(parts[1]) : "1\(parts[1])"
    guard let period = Duration(text: period) else { return nil }
    self.init(count: count, period: period, spread: spread)
  }

  package var text: String { "\(count)/\(period.text)\(spread == .smooth ? " smooth" : "")" }

  static let periods = Duration.milliseconds(1)...Duration.seconds(31 * 86_400)
  static let mostPerPeriod = 1_000_000
}

// MARK: What is wrong with it

extension Limit {
  static let most = 1_000_000

  /// What makes no sense, each with its field as a JSON pointer.
  package var faults: [LimitError.Fault] {
    var faults: [LimitError.Fault] = []
    func fault(_ pointer: String, _ message: String) { faults.append(.init(pointer: pointer, message: message)) }
    if !ValidatedName.isValid(name) { fault("#/name", "must be \(ValidatedName.rule); got `\(name)`") }
    if let concurrency, !(1...Self.most).contains(concurrency) {
      fault("#/concurrency", "must be 1 to \(Self.most); got \(concurrency). To let nothing run, pause instead")
    }
    if let rate {
      if !(1...Rate.mostPerPeriod).contains(rate.count) {
        fault("#/rate", "the count must be 1 to \(Rate.mostPerPeriod); got \(rate.count)")
      }
      if !Rate.periods.contains(rate.period) {
        fault("#/rate", "the period must be 1 ms to 31 days; got \(rate.period.text)")
      }
    }
    if case .payload(let pointer) = key, !pointer.isEmpty, LimitKey(text: pointer) != key {
      fault("#/by", "must be \(LimitKey.rule); got `\(pointer)`")
    }
    if concurrency == nil, rate == nil, key == nil {
      fault("#", "limits nothing: give `concurrency`, `rate`, or `by` for fairness alone")
    }
    if queues.count > 100 { fault("#/queues", "may name at most 100; got \(queues.count)") }
    if kinds.count > 100 { fault("#/kinds", "may name at most 100; got \(kinds.count)") }
    return faults
  }
}

/// A limit that cannot be set; nothing was changed.
public struct LimitError: Error, Sendable, Hashable, CustomStringConvertible {
  package struct Fault: Sendable, Hashable {
    package var pointer: String
    package var message: String
  }

  package var faults: [Fault]

  package init(faults: [Fault]) { self.faults = faults }

  /// Everything that is wrong, in one line.
  public var description: String { faults.map { "\($0.pointer): \($0.message)" }.joined(separator: "; ") }
}
