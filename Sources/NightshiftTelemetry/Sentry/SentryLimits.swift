import Foundation
import NIOHTTP1
import Nightshift

/// Until when Sentry wants nothing of us.
struct SentryLimits: Sendable {
  /// How long to be quiet after a 429 that does not say.
  static let standard = Duration.seconds(60)
  /// Longer than this nobody's word is taken for it.
  static let longest = Duration.seconds(86_400)
  /// The categories that an error report falls into; an empty name stands for all.
  private static let ours: Set<String> = ["", "error", "default"]

  /// In monotonic nanoseconds.
  private(set) var until: Int64 = 0

  func allows(at now: Int64) -> Bool { now >= until }

  /// Takes from an answer, good or bad, what it says of limits.
  mutating func read(_ answer: TelemetryClient.Answer, now: Int64, time: Timestamp) {
    let limits = answer.headers[canonicalForm: "X-Sentry-Rate-Limits"].map(String.init)
    var wait = Self.wait(limits)
    if limits.isEmpty, answer.status == 429 {
      wait = RetryAfter.parse(answer.headers.first(name: "Retry-After"), now: time) ?? Self.standard
    }
    // The longer one holds.
    if let wait { until = max(until, now + wait.microseconds * 1000) }
  }

  /// `60:error;default:organization, 2700::key`: the longest that concerns us.
  static func wait(_ limits: [String]) -> Duration? {
    limits.flatMap { $0.split(separator: ",") }.compactMap { limit in
      let fields = limit.split(separator: ":", omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      guard let seconds = Double(fields[0]), seconds > 0, seconds.isFinite else { return nil }
      let categories = fields.count > 1 ? fields[1].split(separator: ";", omittingEmptySubsequences: false) : [""]
      let isOurs = categories.contains { ours.contains($0.trimmingCharacters(in: .whitespaces)) }
      return isOurs ? min(.seconds(min(seconds, 1e9)), longest) : nil
    }.max()
  }
}
