import Nightshift

/// The next times of a schedule, in its own zone and in the viewer's. The partial `next-times` shows them.
struct NextTimes: Sendable {
  struct Row: Sendable {
    let at: TimeView
    let local: String
    let offset: String
    let viewer: String
    let note: String?
    let mark: String?
  }

  let zone: String
  let viewerZone: String
  let hasTwoZones: Bool
  let rows: [Row]
  let isEmpty: Bool

  init(
    _ definition: ScheduleDefinition, _ viewer: ViewerZone, in timeline: ZoneTimeline, from now: Timestamp, count: Int
  ) {
    zone = definition.zone
    viewerZone = viewer.name
    hasTwoZones = viewer.name != definition.zone
    var (rows, last): ([Row], Timestamp) = ([], now)
    while rows.count < count, let next = definition.next(after: last) {
      let local = LocalTime(next, in: timeline)
      let note = next.note?.description
      rows.append(
        Row(
          at: TimeView(next.timestamp, now: now), local: local.text, offset: local.offset, viewer: viewer.text(next),
          note: note, mark: note.map { $0.hasPrefix("gap") ? "gap" : "repeat" }))
      last = next.timestamp
    }
    (self.rows, isEmpty) = (rows, rows.isEmpty)
  }
}
