import Nightshift

/// Where the time of each kind goes.
struct ProfilePage: PageModel {
  static let template = "profile"

  /// A length of time that the page can look back over.
  enum Period: String, CaseIterable {
    case hour = "1h"
    case day = "24h"
    case week = "7d"
    case month = "30d"

    var length: Duration {
      switch self {
      case .hour: .seconds(3_600)
      case .day: .seconds(86_400)
      case .week: .seconds(7 * 86_400)
      case .month: .seconds(30 * 86_400)
      }
    }

    var name: String {
      switch self {
      case .hour: "this hour and the last"
      case .day: "24 hours"
      case .week: "7 days"
      case .month: "30 days"
      }
    }
  }

  struct Tab: Sendable {
    let name: String
    let path: String
    let isChosen: Bool
  }

  /// Kinds beyond that are named and not drawn.
  static let mostKinds = 20

  let title = "Profile"
  let periods: [Tab]
  let period: String
  let kind: String?
  let kinds: [KindProfileView]
  let isEmpty: Bool
  let more: String?
  let before: String

  init(_ profiles: [KindProfile], _ period: Period, kind: String?, for request: APIRequest) {
    let now = request.engine.clock.now
    self.kind = kind
    self.period = period.rawValue
    before = period.name
    periods = Period.allCases.map { each in
      Tab(
        name: each.name,
        path: ConsoleLink.path("/profile", [("period", each == .day ? nil : each.rawValue), ("kind", kind)]),
        isChosen: each == period)
    }
    let most = profiles.map(\.attempts.total).max() ?? 1
    let mayWatch = request.may(.operator, change: .metrics)
    let reach = request.actor.reach
    kinds = profiles.prefix(kind == nil ? Self.mostKinds : 1).map { profile in
      KindProfileView(profile, of: most, period, now: now, mayWatch: mayWatch, namesJobs: reach.isEverything)
    }
    isEmpty = kinds.isEmpty
    more = profiles.count > kinds.count ? "and \((profiles.count - kinds.count).grouped) kinds with less time" : nil
  }
}

/// One kind on the page.
struct KindProfileView: Sendable {
  struct Line: Sendable {
    let name: String
    let part: String
    let tone: String
    let width: String
    let share: String
    let count: String
    let failures: String?
    let p50: String
    let p95: String
    let p99: String
    let trend: Trend?
  }

  /// How the 95th percentile has changed since the period before.
  struct Trend: Sendable {
    let text: String
    let isWorse: Bool
    let isBetter: Bool

    init?(_ figures: ProfileFigures) {
      guard let trend = figures.trend else { return nil }
      let percent = Int((trend * 100).rounded())
      // Less is noise.
      (isWorse, isBetter) = (percent >= 20, percent <= -20)
      text = percent == 0 ? "as before" : "\(percent > 0 ? "+" : "−")\(abs(percent).grouped) %"
    }
  }

  struct Slow: Sendable {
    let job: String
    let path: String
    let attempt: String
    let took: String
    let ended: TimeView
  }

  struct Watch: Sendable {
    let text: String
    let slow: TimeView?
    let slowP95: String?
  }

  let name: String
  let mark: String
  let path: String
  let kindPath: String
  let total: String
  let width: String
  let attempts: Line
  let waits: Line
  let parts: [Line]
  let hasParts: Bool
  let slowest: [Slow]
  let hasSlowest: Bool
  let watch: Watch?
  let threshold: String
  let window: String
  let mayWatch: Bool
  let watchPath: String
  let unwatchPath: String
  let here: String

  init(
    _ profile: KindProfile, of most: Int64, _ period: ProfilePage.Period, now: Timestamp, mayWatch: Bool,
    namesJobs: Bool
  ) {
    name = profile.kind
    mark = "kind-\(profile.kind)"
    let chosen = period == .day ? nil : period.rawValue
    path = ConsoleLink.path("/profile", [("period", chosen), ("kind", profile.kind)])
    kindPath = "/kinds/\(ConsoleLink.escaped(profile.kind))"
    total = Duration.microseconds(profile.attempts.total).forPeople
    width = Self.percent(Double(profile.attempts.total) / Double(max(1, most)))
    attempts = Self.line("Whole attempts", "attempt", "running", profile.attempts, share: 1)
    waits = Self.line("Waiting for a worker", "wait", "scheduled", profile.waits, share: nil)
    parts = profile.parts.map { part in
      Self.line(
        part.name, part.part == .call ? "call" : "step", part.part == .call ? "waiting" : "ready", part.figures,
        share: part.share)
    }
    hasParts = !parts.isEmpty
    slowest = namesJobs ? profile.slowest.map { Self.slow($0, now: now) } : []
    hasSlowest = !slowest.isEmpty
    watch = profile.threshold.map { threshold in
      Watch(
        text: "95 of 100 within \(threshold.p95.forPeople), over \(threshold.window.forPeople)",
        slow: TimeView(threshold.slowSince, now: now), slowP95: threshold.slowP95?.forPeople)
    }
    threshold = profile.threshold?.p95.text ?? ""
    window = profile.threshold?.window.text ?? "10m"
    self.mayWatch = mayWatch
    watchPath = "/profile/\(ConsoleLink.escaped(profile.kind))/watch"
    unwatchPath = "/profile/\(ConsoleLink.escaped(profile.kind))/unwatch"
    here = path
  }

  private static func line(
    _ name: String, _ part: String, _ tone: String, _ figures: ProfileFigures, share: Double?
  ) -> Line {
    func length(_ microseconds: Int64) -> String { Duration.microseconds(microseconds).forPeople }
    return Line(
      name: name, part: part, tone: tone, width: percent(min(1, share ?? 0)),
      share: share.map { "\(Int(($0 * 100).rounded())) %" } ?? "", count: Int(figures.count).grouped,
      failures: figures.failures > 0 ? Int(figures.failures).grouped : nil, p50: length(figures.p50),
      p95: length(figures.p95), p99: length(figures.p99), trend: Trend(figures))
  }

  private static func slow(_ attempt: SlowAttempt, now: Timestamp) -> Slow {
    Slow(
      job: "\(attempt.job)", path: "/jobs/\(attempt.job)", attempt: "\(attempt.attempt)",
      took: Duration.microseconds(attempt.duration).forPeople, ended: TimeView(attempt.endedAt, now: now))
  }

  private static func percent(_ share: Double) -> String { "\((share * 10_000).rounded() / 100)%" }
}
