import Foundation
import HTTPTypes
import Nightshift

/// The time zone in which a page shows times to whoever looks at it: the one of the address (`?zone=`), else the
/// browser's, which a module puts into a cookie, else UTC.
struct ViewerZone: Sendable {
  static let cookie = "nightshift_zone"

  let name: String
  let timeline: ZoneTimeline

  init(_ request: APIRequest) throws(Problem) {
    let timelines = request.engine.timelines
    if let asked = try request.query.value("zone") {
      guard let timeline = timelines.timeline(asked) else {
        throw .invalid([.init(parameter: "zone", "must be \(ZoneTimelines.rule(for: asked))")])
      }
      (name, self.timeline) = (asked, timeline)
      return
    }
    let pairs = request.headers[values: .cookie].flatMap { $0.split(separator: ";") }.map(\.trimmingSpaces)
    let text = pairs.first { $0.hasPrefix("\(Self.cookie)=") }?.dropFirst(Self.cookie.count + 1)
    if let sent = text.flatMap({ FormFields.decode($0[...]) }), let timeline = timelines.timeline(sent) {
      (name, self.timeline) = (sent, timeline)
    } else {
      // There is always this one.
      (name, self.timeline) = ("UTC", timelines.timeline("UTC") ?? ZoneTimeline(.gmt))
    }
  }

  /// `Sat 21 Nov, 14:30`, as clocks there show it.
  func text(_ time: ScheduledTime) -> String { LocalTime(time, in: timeline).text }
}

/// A moment as the clocks of a zone show it, for people.
struct LocalTime: Sendable {
  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  let text: String
  /// `14:30`.
  let clock: String
  /// `+01:00`.
  let offset: String

  init(_ time: ScheduledTime, in timeline: ZoneTimeline) {
    // `2026-11-21T14:30:00+01:00`.
    let local = time.local(in: timeline)
    let days = (time.seconds + timeline.offset(at: time.seconds)).quotientAndRemainder(dividingBy: 86_400).quotient
    let parts = local.prefix(10).split(separator: "-").compactMap { Int($0) }
    let seconds = local.dropFirst(17).prefix(2)
    clock = "\(local.dropFirst(11).prefix(5))" + (seconds == "00" ? "" : ":\(seconds)")
    offset = String(local.suffix(6))
    // 1970-01-01 was a Thursday.
    let weekday = Self.weekdays[((days + 4) % 7 + 7) % 7]
    text = parts.count == 3 ? "\(weekday) \(parts[2]) \(Self.months[parts[1] - 1]), \(clock)" : local
  }
}
