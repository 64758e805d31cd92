/// How often a schedule fires: a cron expression, or a fixed length of time.
package enum Cadence: Sendable, Hashable {
  case cron(CronExpression)
  /// Whole seconds.
  case every(Int)

  /// Reads `0 2 * * *`, `@daily`, `every 90s` or `@every 90s`.
  package init(parsing text: String) throws(CronError) {
    let words = text.split(separator: " ").map { $0.lowercased() }
    guard let first = words.first, ["every", "@every"].contains(first) else {
      self = .cron(try CronExpression(parsing: text))
      return
    }
    guard text.utf8.count <= CronExpression.longest else {
      throw CronError("the expression has \(text.utf8.count) bytes; at most \(CronExpression.longest) are allowed")
    }
    let length = words.dropFirst().joined(separator: " ")
    guard let duration = Duration(text: length), duration >= .seconds(1), duration.microseconds % 1_000_000 == 0 else {
      throw CronError(
        "\"\(length)\" after \"\(first)\" must be \(DurationText.rule), in whole seconds and at least one: every 90s")
    }
    self = .every(Int(duration.microseconds / 1_000_000))
  }

  /// The first time strictly after a moment; `nil` if there is none within fifty years.
  ///
  /// - Parameter anchor: From where a fixed length of time is counted: the same for everybody, so that every process
  ///   finds the same times.
  package func next(after moment: Int, in timeline: ZoneTimeline, anchor: Int = 0) -> ScheduledTime? {
    switch self {
    case .cron(let expression):
      return expression.next(after: moment, in: timeline)
    case .every(let seconds):
      guard ZoneTimeline.knownYears.contains(ZoneTimeline.year(of: moment)) else { return nil }
      return ScheduledTime(anchor + ((moment - anchor).dividedDown(by: seconds) + 1) * seconds)
    }
  }
}
