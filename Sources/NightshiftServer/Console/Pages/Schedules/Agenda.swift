import Nightshift

/// The next 24 hours of many schedules: a line for each, with a mark at each of its times. The partial `agenda` shows
/// it.
struct Agenda: Sendable {
  struct Line: Sendable {
    let name: String
    let path: String
    let label: String
    let y: Int
    let textY: Int
    let markY: Int
    let barY: Int
    let marks: [Mark]
    /// It fires so often that marks would run into one another.
    let isDense: Bool
    let words: String
  }

  struct Mark: Sendable {
    let x: String
    let title: String
  }

  struct Tick: Sendable {
    let x: Int
    let text: String
  }

  struct Entry: Sendable {
    let at: TimeView
    let clock: String
    let name: String
    let path: String
    let note: String?
  }

  static let left = 190
  static let width = 770
  private static let pitch = 26
  private static let top = 26
  private static let day = 86_400
  /// More marks than this on a line are a band.
  private static let mostMarks = 48
  private static let mostEntries = 100
  static let mostLines = 40

  let lines: [Line]
  let ticks: [Tick]
  let entries: [Entry]
  let isCut: Bool
  let height: Int
  let zone: String
  let isEmpty: Bool

  init(_ schedules: [ScheduleSummary], _ viewer: ViewerZone, now: Timestamp) {
    zone = viewer.name
    let start = Int(now.microseconds / 1_000_000)
    var (lines, entries, isCut): ([Line], [(Int, Entry)], Bool) = ([], [], false)
    for summary in schedules {
      guard let definition = summary.definition, definition.isEnabled, summary.record.problem == nil else { continue }
      let (times, isDense) = Self.times(of: definition, from: now)
      guard !times.isEmpty else { continue }
      guard lines.count < Self.mostLines else {
        isCut = true
        break
      }
      lines.append(Self.line(summary, definition, times, isDense, at: lines.count, from: start, viewer))
      guard !isDense else { continue }
      entries += times.map { time in
        (
          time.seconds,
          Entry(
            at: TimeView(time.timestamp, now: now), clock: viewer.text(time), name: summary.record.name,
            path: Self.path(summary.record.name), note: time.note?.description)
        )
      }
    }
    self.isCut = isCut || entries.count > Self.mostEntries
    self.entries = entries.sorted { ($0.0, $0.1.name) < ($1.0, $1.1.name) }.prefix(Self.mostEntries).map(\.1)
    height = Self.top + lines.count * Self.pitch + 8
    (self.lines, isEmpty) = (lines, lines.isEmpty)
    ticks = Self.ticks(from: start, viewer)
  }

  static func path(_ name: String) -> String { "/schedules/\(ConsoleLink.escaped(name))" }

  private static func times(of definition: ScheduleDefinition, from now: Timestamp) -> ([ScheduledTime], Bool) {
    var (times, last): ([ScheduledTime], Timestamp) = ([], now)
    let end = now + .seconds(day)
    while let next = definition.next(after: last), next.timestamp < end {
      guard times.count < mostMarks else { return (times, true) }
      times.append(next)
      last = next.timestamp
    }
    return (times, false)
  }

  private static func line(
    _ summary: ScheduleSummary, _ definition: ScheduleDefinition, _ times: [ScheduledTime], _ isDense: Bool,
    at place: Int, from start: Int, _ viewer: ViewerZone
  ) -> Line {
    let y = top + place * pitch
    let name = summary.record.name
    let marks = times.map { time in
      let x = Double(left) + Double(time.seconds - start) / Double(day) * Double(width)
      return Mark(x: "\((x * 10).rounded() / 10)", title: "\(name): \(viewer.text(time))")
    }
    return Line(
      name: name, path: path(name), label: name.count > 24 ? "\(name.prefix(23))…" : name, y: y, textY: y + 17,
      markY: y + 13, barY: y + 8, marks: isDense ? [] : marks, isDense: isDense, words: definition.words)
  }

  /// Every three hours of the viewer's clocks.
  private static func ticks(from start: Int, _ viewer: ViewerZone) -> [Tick] {
    (start / 3_600 + 1...start / 3_600 + 24).compactMap { hour in
      let local = (hour * 3_600 + viewer.timeline.offset(at: hour * 3_600)) / 3_600 % 24
      guard local.isMultiple(of: 3) else { return nil }
      let x = left + (hour * 3_600 - start) * width / day
      return Tick(x: x, text: "\(local < 10 ? "0" : "")\(local):00")
    }
  }
}
