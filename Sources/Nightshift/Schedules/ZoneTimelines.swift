import Foundation
import Synchronization

/// The time zones that were asked for so far.
package final class ZoneTimelines: Sendable {
  private let known = Mutex<[String: ZoneTimeline]>([:])

  package init() {}

  /// The time zone of this name in the IANA database; `nil` if there is none.
  package func timeline(_ name: String) -> ZoneTimeline? {
    if let timeline = known.withLock({ $0[name] }) { return timeline }
    guard let zone = Self.zone(name) else { return nil }
    let timeline = ZoneTimeline(zone)
    return known.withLock { known in
      // There are some six hundred names in all.
      if let first = known[name] { return first }
      known[name] = timeline
      return timeline
    }
  }

  /// Foundation also takes abbreviations such as `EST`, and makes up zones such as `GMT+3`: those keep no summer time,
  /// and whoever writes them means something else.
  private static func zone(_ name: String) -> TimeZone? {
    guard name.contains("/") || ["UTC", "GMT"].contains(name), name.utf8.count <= 64 else { return nil }
    return TimeZone(identifier: name)
  }

  /// For messages that refuse a name.
  package static func rule(for name: String) -> String {
    let nearest = Spelling.nearest(to: name, among: TimeZone.knownTimeZoneIdentifiers)
    return "a time zone of the IANA database such as UTC or Europe/Berlin"
      + (nearest.map { "; did you mean \($0)?" } ?? "")
  }
}
