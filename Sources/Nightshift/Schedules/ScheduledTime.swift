/// One moment at which a schedule fires.
package struct ScheduledTime: Sendable, Hashable {
  /// What a change of the clocks had to do with it.
  package enum Note: Sendable, Hashable {
    /// The local time was skipped, and this is the next one that exists.
    case gap(skipped: Int)
    /// Clocks were put forward right here; times that would have matched do not exist. Nothing is caught up.
    case afterGap
    /// The local time occurs twice, and this is its first and only run.
    case repeatedOnce
    /// The local time occurs twice, and this is the first run of two.
    case firstPass
    /// The local time occurs twice, and this is the second run.
    case secondPass
  }

  /// Seconds since 1970 UTC.
  package var seconds: Int
  package var note: Note?

  package var timestamp: Timestamp { Timestamp(microseconds: Int64(seconds) * 1_000_000) }

  init(_ seconds: Int, _ note: Note? = nil) {
    self.seconds = seconds
    self.note = note
  }
}

extension ScheduledTime.Note: CustomStringConvertible {
  /// For people; begins with `gap` or `repeat`.
  package var description: String {
    switch self {
    case .gap(let skipped):
      "gap: \(Self.timeOfDay(skipped)) does not exist on this day (clocks go forward); runs at the next time that does"
    case .afterGap: "gap: clocks go forward here; the hours between do not exist, and nothing is run for them"
    case .repeatedOnce: "repeat: this local time occurs twice (clocks go back); runs the first time only"
    case .firstPass: "repeat: this local time occurs twice (clocks go back); first pass"
    case .secondPass: "repeat: this local time occurs twice (clocks go back); second pass"
    }
  }

  private static func timeOfDay(_ local: Int) -> String {
    let second = local.modulo(86_400)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let minutes = "\(two(second / 3600)):\(two(second / 60 % 60))"
    return second % 60 == 0 ? minutes : "\(minutes):\(two(second % 60))"
  }
}

extension ScheduledTime {
  /// The moment in UTC, as RFC 3339 has it, to the second.
  package var utc: String { Self.text(seconds, suffix: "Z") }

  /// The moment as clocks in a time zone show it, with its offset from UTC.
  package func local(in timeline: ZoneTimeline) -> String {
    let offset = timeline.offset(at: seconds)
    let minutes = offset.magnitude / 60
    let sign = offset < 0 ? "-" : "+"
    return Self.text(
      seconds + offset, suffix: "\(sign)\(Self.two(Int(minutes / 60))):\(Self.two(Int(minutes % 60)))")
  }

  private static func text(_ seconds: Int, suffix: String) -> String {
    let date = CivilDate(days: seconds.dividedDown(by: 86_400))
    let time = seconds.modulo(86_400)
    return "\(date.year)-\(two(date.month))-\(two(date.day))T\(two(time / 3600)):\(two(time / 60 % 60)):"
      + "\(two(time % 60))\(suffix)"
  }

  fileprivate static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
