import Foundation
import Nightshift
import Testing

@Suite struct `A cron expression, when clocks are changed,` {
  @Test(arguments: [
    ZoneCase(
      "30 2 * * *", "America/New_York", after: "2026-03-07T12:00:00-05:00",
      ["2026-03-08T03:00:00-04:00 gap", "2026-03-09T02:30:00-04:00"]),
    ZoneCase(
      "*/30 * * * *", "America/New_York", after: "2026-03-08T01:00:00-05:00",
      ["2026-03-08T01:30:00-05:00", "2026-03-08T03:00:00-04:00 gap", "2026-03-08T03:30:00-04:00"]),
    ZoneCase(
      "0 * * * *", "America/New_York", after: "2026-11-01T00:30:00-04:00",
      ["2026-11-01T01:00:00-04:00 repeat", "2026-11-01T01:00:00-05:00 repeat", "2026-11-01T02:00:00-05:00"]),
    ZoneCase(
      "30 1 * * *", "America/New_York", after: "2026-10-31T12:00:00-04:00",
      ["2026-11-01T01:30:00-04:00 repeat", "2026-11-02T01:30:00-05:00"]),
    ZoneCase(
      "0 0 * * *", "America/New_York", after: "2026-10-31T12:00:00-04:00",
      ["2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00"]),
    ZoneCase(
      "30 2 * * *", "Europe/Berlin", after: "2026-03-28T12:00:00+01:00",
      ["2026-03-29T03:00:00+02:00 gap", "2026-03-30T02:30:00+02:00"]),
    ZoneCase(
      "0 0 * * *", "America/Santiago", after: "2026-09-05T12:00:00-04:00",
      ["2026-09-06T01:00:00-03:00 gap", "2026-09-07T00:00:00-03:00"]),
    ZoneCase(
      "0 12 * * *", "Pacific/Apia", after: "2011-12-29T11:00:00-10:00",
      ["2011-12-29T12:00:00-10:00", "2011-12-31T00:00:00+14:00 gap", "2011-12-31T12:00:00+14:00"]),
    ZoneCase(
      "15,45 2 * * *", "Europe/Berlin", after: "2027-03-28T00:00:00+01:00",
      ["2027-03-28T03:00:00+02:00 gap", "2027-03-29T02:15:00+02:00"]),
    ZoneCase(
      "15 2 * * *", "Australia/Lord_Howe", after: "2026-10-03T12:00:00+10:30",
      ["2026-10-04T02:30:00+11:00 gap", "2026-10-05T02:15:00+11:00"]),
  ])
  func `gives the times that are documented`(_ example: ZoneCase) throws {
    #expect(try example.found() == example.times)
  }

  static let zones = [
    "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "America/Havana", "Asia/Beirut",
    "Pacific/Apia", "Africa/Casablanca", "Antarctica/Troll", "Europe/Dublin",
  ]
  static let expressions = [
    "30 2 * * *", "0 0 * * *", "15,45 0-4 * * *", "10 1,2,3 * * *", "0 12 * * *", "59 23 * * *", "0 0 1,15 * 5",
    "*/20 * * * *", "0 * * * *", "*/30 2 * * *", "5 */2 * * *", "30 * */2 * 1",
  ]

  @Test(arguments: zones)
  func `agrees with a search minute by minute around every change of five years`(_ name: String) throws {
    let timeline = ZoneTimeline(try #require(TimeZone(identifier: name)))
    // The island has had no summer time since 2021, and lost a day in 2011.
    let start = CivilMoment.seconds(year: name == "Pacific/Apia" ? 2010 : 2026)
    let end = CivilMoment.seconds(year: name == "Pacific/Apia" ? 2015 : 2031)
    var changes = 0
    var (moment, offset) = (start, timeline.offset(at: start))
    while moment < end {
      let next = timeline.offset(at: moment + 3600)
      if next != offset {
        changes += 1
        try compare(timeline, around: moment)
      }
      (moment, offset) = (moment + 3600, next)
    }
    #expect(changes >= 4)
  }

  private func compare(_ timeline: ZoneTimeline, around moment: Int) throws {
    let minutes = stride(from: (moment - 3 * 86_400) / 60 * 60, through: moment + 3 * 86_400, by: 60)
    let local = minutes.map { ($0, $0 + timeline.offset(at: $0)) }
    let calendar = LocalCalendar(from: local.map(\.1).min()!, through: local.map(\.1).max()!)
    for text in Self.expressions {
      let expression = try CronExpression(parsing: text)
      let reference = CronReference(text)
      let expected = reference.times(local, calendar).filter { $0 > moment - 86_400 && $0 < moment + 2 * 86_400 }
      var found: [Int] = []
      var last = moment - 86_400
      while let next = expression.next(after: last, in: timeline), next.seconds < moment + 2 * 86_400 {
        found.append(next.seconds)
        last = next.seconds
      }
      #expect(found == expected, "\(text) in \(timeline.zone.identifier) around \(moment)")
    }
  }
}

/// The rules once more, in the most simple-minded way: by looking at each minute.
struct CronReference {
  private let fields: [Set<Int>]
  private let isFixed: Bool
  private let needsBoth: Bool

  init(_ text: String) {
    let words = text.split(separator: " ").map(String.init)
    let ranges = [0...59, 0...23, 1...31, 1...12, 0...6]
    fields = zip(words, ranges).map { word, range in
      var values: Set<Int> = []
      for item in word.split(separator: ",") {
        let parts = item.split(separator: "/")
        let ends =
          parts[0] == "*" ? [range.lowerBound, range.upperBound] : parts[0].split(separator: "-").map { Int($0)! }
        let step = parts.count == 2 ? Int(parts[1])! : 1
        values.formUnion(stride(from: ends[0], through: ends.last!, by: step))
      }
      return values
    }
    isFixed = !words[0].hasPrefix("*") && !words[1].hasPrefix("*")
    needsBoth = words[2].hasPrefix("*") || words[4].hasPrefix("*")
  }

  /// - Parameter minutes: Each minute of some days, and what clocks show then.
  func times(_ minutes: [(at: Int, local: Int)], _ calendar: LocalCalendar) -> [Int] {
    guard isFixed else { return minutes.filter { matches(calendar[$0.local]) }.map(\.at) }
    var times: Set<Int> = []
    var highest = minutes[0].local
    for (at, local) in minutes.dropFirst() {
      // All that clocks passed since the highest they have shown, whether or not they showed it.
      for passed in stride(from: highest + 60, through: local, by: 60) where matches(calendar[passed]) {
        times.insert(at)
      }
      highest = max(highest, local)
    }
    return times.sorted()
  }

  private func matches(_ moment: LocalCalendar.Moment) -> Bool {
    guard fields[0].contains(moment.minute), fields[1].contains(moment.hour), fields[3].contains(moment.month) else {
      return false
    }
    let (isDay, isWeekday) = (fields[2].contains(moment.day), fields[4].contains(moment.weekday))
    return needsBoth ? isDay && isWeekday : isDay || isWeekday
  }
}

/// What Foundation's calendar says of each minute of some days.
struct LocalCalendar {
  struct Moment {
    var minute: Int
    var hour: Int
    var day: Int
    var month: Int
    var weekday: Int
  }

  private let first: Int
  private let moments: [Moment]

  init(from first: Int, through last: Int) {
    self.first = first
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    moments = stride(from: first, through: last, by: 60).map { moment in
      let parts = calendar.dateComponents(
        [.minute, .hour, .day, .month, .weekday], from: Date(timeIntervalSince1970: Double(moment)))
      return Moment(
        minute: parts.minute!, hour: parts.hour!, day: parts.day!, month: parts.month!, weekday: parts.weekday! - 1)
    }
  }

  subscript(local: Int) -> Moment { moments[(local - first) / 60] }
}

enum CivilMoment {
  static func seconds(year: Int) -> Int { Int(RFC3339.parse("\(year)-01-01T00:00:00Z")!.timeIntervalSince1970) }
}

/// What an expression gives in a time zone.
struct ZoneCase: Sendable, CustomTestStringConvertible {
  var expression: String
  var zone: String
  var after: String
  var times: [String]

  init(_ expression: String, _ zone: String, after: String, _ times: [String]) {
    (self.expression, self.zone, self.after, self.times) = (expression, zone, after, times)
  }

  var testDescription: String { "\(expression) in \(zone)" }

  func found() throws -> [String] {
    let expression = try CronExpression(parsing: expression)
    let timeline = ZoneTimeline(try #require(TimeZone(identifier: zone)))
    var moment = seconds(after)
    return try times.map { _ in
      let next = try #require(expression.next(after: moment, in: timeline))
      moment = next.seconds
      let note = next.note.map { " \($0.description.prefix { $0 != ":" })" } ?? ""
      return next.local(in: timeline) + note
    }
  }
}
