import Nightshift

extension JSONValue {
  /// Where the time of one kind went.
  ///
  /// - Parameter namesJobs: Whether it tells which jobs were the slowest.
  init(_ profile: KindProfile, namesJobs: Bool) {
    self = .fields([
      "kind": .string(profile.kind),
      "attempts": JSONValue(profile.attempts),
      "waits": JSONValue(profile.waits),
      "parts": .array(profile.parts.map { JSONValue($0) }),
      "slowest": .array(namesJobs ? profile.slowest.map { JSONValue($0) } : []),
      "threshold": profile.threshold.map { JSONValue($0) },
    ])
  }

  private init(_ line: ProfileLine) {
    var fields: [String: JSONValue?] = JSONValue(line.figures).objectValue ?? [:]
    fields["part"] = .string(line.part.rawValue)
    fields["name"] = .string(line.name)
    fields["share"] = .number(line.share)
    self = .fields(fields)
  }

  private init(_ figures: ProfileFigures) {
    self = .fields([
      "count": .integer(figures.count), "failures": .integer(figures.failures),
      "totalSeconds": Self.seconds(figures.total), "meanSeconds": Self.seconds(figures.mean),
      "longestSeconds": Self.seconds(figures.longest), "p50Seconds": Self.seconds(figures.p50),
      "p95Seconds": Self.seconds(figures.p95), "p99Seconds": Self.seconds(figures.p99),
      "formerP95Seconds": figures.formerP95.map(Self.seconds), "trend": figures.trend.map { .number($0) },
    ])
  }

  private init(_ attempt: SlowAttempt) {
    self = [
      "job": .string("\(attempt.job)"), "attempt": JSONValue(attempt.attempt),
      "seconds": Self.seconds(attempt.duration), "endedAt": JSONValue(attempt.endedAt),
    ]
  }

  /// When a kind counts as slow, and whether it does.
  init(_ threshold: SlowThreshold) {
    self = .fields([
      "kind": .string(threshold.kind), "p95": .string(threshold.p95.text), "over": .string(threshold.window.text),
      "least": JSONValue(threshold.least), "slow": .bool(threshold.slowSince != nil),
      "slowSince": threshold.slowSince.map { JSONValue($0) },
      "slowP95Seconds": threshold.slowP95.map { .number($0.seconds) },
      "updatedAt": threshold.updatedAt.map { JSONValue($0) }, "updatedBy": threshold.updatedBy.map { .string($0) },
    ])
  }

  private static func seconds(_ microseconds: Int64) -> JSONValue { .number(Double(microseconds) / 1_000_000) }
}
