import Foundation

/// What a schedule is to do, and when. It is kept as the JSON that it was written in, and read from it.
package struct ScheduleDefinition: Sendable, Hashable {
  /// The fields that it is written with.
  package static let fields = [
    "expression", "zone", "kind", "payload", "queue", "priority", "maxAttempts", "timeout", "tags", "organization",
    "owner", "limitKey", "unique", "debounce", "throttle", "enabled", "catchUp", "overlap", "jitter", "start", "end",
    "description",
  ]
  static let longestJitter = Duration.seconds(86_400)
  /// Two are added to each job: the schedule and the slot.
  static let mostTags = 18

  package var expression = ""
  package var zone = "UTC"
  package var kind = JobKind(stored: "")
  package var payload: JSONValue = [:]
  package var options = JobOptions()
  package var isEnabled = true
  package var catchUp = CatchUp.latest
  package var overlap = ScheduleOverlap.allow
  /// Each job is put off by a part of this, which is the same for everybody who works it out.
  package var jitter: Duration?
  /// No slot comes before this moment; a fixed length of time is counted from it.
  package var start: Timestamp?
  /// No slot comes after this moment.
  package var end: Timestamp?
  package var description = ""
  /// ``expression``, taken apart.
  var cadence = Cadence.every(1)
  /// ``zone``, looked up.
  var timeline = ZoneTimeline(.gmt)
  /// A zone in which previews show its times, instead of its own.
  package var shownIn: ZoneTimeline?

  package static func == (left: ScheduleDefinition, right: ScheduleDefinition) -> Bool {
    left.isSame(as: right)
  }

  private func isSame(as other: ScheduleDefinition) -> Bool {
    (expression, zone, kind, payload, options, isEnabled) == (
      other.expression, other.zone, other.kind, other.payload, other.options, other.isEnabled
    )
      && (catchUp, overlap, jitter, start, end, description) == (
        other.catchUp, other.overlap, other.jitter, other.start, other.end, other.description
      )
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(expression)
    hasher.combine(zone)
    hasher.combine(kind)
  }
}

// MARK: Its times

extension ScheduleDefinition {
  /// The first slot strictly after a moment; `nil` if there is none any more.
  package func next(after moment: Timestamp) -> ScheduledTime? {
    var seconds = Self.seconds(moment)
    if let start { seconds = max(seconds, Self.seconds(start - .microseconds(1))) }
    let anchor = start.map { Self.seconds($0) } ?? 0
    guard let next = cadence.next(after: seconds, in: timeline, anchor: anchor) else { return nil }
    if let end, next.timestamp > end { return nil }
    return next
  }

  private static func seconds(_ moment: Timestamp) -> Int {
    Int(moment.microseconds).dividedDown(by: 1_000_000)
  }

  /// The slots after one moment that are to be fired at another, oldest first.
  func due(after last: Timestamp, at now: Timestamp) -> [Timestamp] {
    let inTime = now - CatchUp.patience
    guard let first = next(after: last)?.timestamp, first <= now else { return [] }
    // Nothing is made up for, not even what the next slot has overtaken within the minute.
    if catchUp == .none { return newest(1, after: max(last, inTime - .microseconds(1)), through: now) }
    // None is late: all of them are fired, whatever is to become of missed ones.
    if first >= inTime { return newest(CatchUp.most, after: last, through: now) }
    return newest(catchUp.limit, after: last, through: now)
  }

  /// The newest slots of a stretch of time. Looks back further and further, so that a long stop costs no more than a
  /// short one.
  private func newest(_ count: Int, after first: Timestamp, through now: Timestamp) -> [Timestamp] {
    var window = CatchUp.patience
    while true {
      let start = max(first, now - window)
      var found: [Timestamp] = []
      var last = start
      while let slot = next(after: last)?.timestamp, slot <= now {
        found.append(slot)
        last = slot
        // The older half is not wanted in any case.
        if found.count >= 2 * count { found.removeFirst(found.count - count) }
      }
      if found.count >= count || start == first { return found.suffix(count) }
      window = window * 4
    }
  }

  /// By how much the job of a slot is put off: the same at each try and on each node.
  func delay(of slot: Timestamp, in schedule: String) -> Duration {
    guard let jitter else { return .zero }
    // FNV-1a, since Swift's own hash differs from process to process.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in "\(schedule)@\(slot.microseconds)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    // Its low bits alone would show the pattern of the slots.
    hash ^= hash >> 32
    return .microseconds(Int64(hash % UInt64(jitter.microseconds + 1)))
  }
}
