package import Foundation
import Synchronization

/// When the clocks of a time zone are changed, year by year, as the system's database has it.
///
/// Asking Foundation for an offset takes a microsecond or so; a year is asked for once, day by day, and kept.
package final class ZoneTimeline: Sendable {
  /// One change of the clocks, in seconds since 1970 UTC, with the offsets from UTC before and after.
  struct Change: Sendable, Hashable {
    var at: Int
    var before: Int
    var after: Int

    /// What the clocks showed when they were changed, and what they showed then.
    var localBefore: Int { at + before }
    var localAfter: Int { at + after }
  }

  package let zone: TimeZone
  private let years = Mutex<[Int: [Change]]>([:])
  /// Beyond these years nobody plans, and databases of time zones do not reach.
  static let knownYears = 1900...2500
  private static let mostYears = 128

  package init(_ zone: TimeZone) { self.zone = zone }

  /// The offset from UTC in seconds.
  package func offset(at moment: Int) -> Int {
    zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment)))
  }

  /// The first change after a moment, and not after another one.
  func change(after moment: Int, through last: Int) -> Change? {
    let years = Self.year(of: moment)...Self.year(of: max(moment, last))
    for year in years {
      guard Self.knownYears.contains(year) else { return nil }
      if let found = changes(in: year).first(where: { $0.at > moment }) { return found.at <= last ? found : nil }
    }
    return nil
  }

  /// The last change at or before a moment, in the same year or the one before it.
  func change(notAfter moment: Int) -> Change? {
    let year = Self.year(of: moment)
    for year in [year, year - 1] where Self.knownYears.contains(year) {
      if let found = changes(in: year).last(where: { $0.at <= moment }) { return found }
    }
    return nil
  }

  static func year(of moment: Int) -> Int { CivilDate(days: moment.dividedDown(by: 86_400)).year }

  private func changes(in year: Int) -> [Change] {
    if let known = years.withLock({ $0[year] }) { return known }
    // Two who ask at the same time find the same.
    let found = look(in: year)
    years.withLock { years in
      if years.count >= Self.mostYears { years.removeAll() }
      years[year] = found
    }
    return found
  }

  private func look(in year: Int) -> [Change] {
    var changes: [Change] = []
    let first = CivilDate(year: year, month: 1, day: 1).days * 86_400
    let end = CivilDate(year: year + 1, month: 1, day: 1).days * 86_400
    var (moment, offset) = (first - 1, self.offset(at: first - 1))
    while moment < end - 1 {
      let next = min(moment + 86_400, end - 1)
      let nextOffset = self.offset(at: next)
      if nextOffset != offset { changes.append(change(between: moment, offset, and: next, nextOffset)) }
      (moment, offset) = (next, nextOffset)
    }
    return changes
  }

  /// Halves the time between two moments with different offsets until it is a second.
  private func change(between first: Int, _ before: Int, and last: Int, _ after: Int) -> Change {
    var (low, high) = (first, last)
    while high - low > 1 {
      let middle = (low + high) / 2
      if offset(at: middle) == before { low = middle } else { high = middle }
    }
    return Change(at: high, before: before, after: offset(at: high))
  }
}
