public import Foundation

/// How a job remembers its schedule and its slot: in tags, by which it can also be found.
enum SlotTag {
  private static let slot = "slot:"
  private static let schedule = "schedule:"

  static func tags(of schedule: String, slot: Timestamp?) -> [String] {
    [Self.schedule + schedule] + (slot.map { [Self.slot + ScheduledTime(at: $0).utc] } ?? [])
  }

  static func slotTime(in tags: [String]) -> Date? {
    for tag in tags where tag.hasPrefix(slot) {
      if let moment = RFC3339.parse(String(tag.dropFirst(slot.count))) { return moment }
    }
    return nil
  }
}

extension ScheduledTime {
  /// A slot as it was stored.
  package init(at moment: Timestamp) { self.init(Int(moment.microseconds).dividedDown(by: 1_000_000)) }
}

extension JobContext {
  /// The time of the schedule's slot that the job was enqueued for; `nil` if no schedule did it, or a person ran the
  /// schedule by hand.
  ///
  /// It is the time that the schedule names, however late the job runs, and the same at each attempt: work on the day
  /// or the hour that it stands for, and not on the current one.
  public var slotTime: Date? { SlotTag.slotTime(in: tags) }
}
