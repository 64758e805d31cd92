/// How many jobs of one pool may begin now, and when the next one may.
///
/// Known from the moments at which jobs have begun. Of a window that is the number within the last period. Of a smooth
/// rate it is one moment, from which on the next may begin: the "theoretical arrival time" of the generic cell rate
/// algorithm (ITU-T I.371, annex A).
package struct RatePool: Sendable, Hashable {
  /// Jobs that began at one moment; of a smooth rate, the moment from which on the next may begin.
  package struct Dispatch: Sendable, Hashable {
    package var at: Timestamp
    package var count: Int

    package init(at: Timestamp, count: Int) {
      self.at = at
      self.count = count
    }
  }

  /// What a smooth rate lets begin together, since nobody looks every microsecond.
  static let slice: Int64 = 10_000

  let rate: Rate
  let now: Timestamp
  private let dispatches: [Dispatch]
  private(set) var taken = 0

  /// - Parameter dispatches: Of a window those of the last period at least, in any order.
  package init(_ rate: Rate, _ dispatches: [Dispatch], now: Timestamp) {
    self.rate = rate
    self.now = now
    let start = now - rate.period
    self.dispatches =
      rate.spread == .window ? dispatches.filter { $0.at > start }.sorted { $0.at < $1.at } : dispatches
  }

  /// How many more may begin now.
  package var room: Int {
    switch rate.spread {
    case .window: max(0, rate.count - taken - dispatches.reduce(0) { $0 + $1.count })
    case .smooth: max(0, slots - taken)
    }
  }

  /// When at least one more may begin, if none may now.
  package var nextMoment: Timestamp {
    guard room == 0 else { return now }
    switch rate.spread {
    case .smooth:
      return max(now, Timestamp(microseconds: first + Int64(taken) * interval - tolerance))
    case .window:
      // The oldest leave the window first. With none before, this claim has used up all of it.
      return (dispatches.first?.at ?? now) + rate.period
    }
  }

  package mutating func take(_ count: Int = 1) { taken += count }

  /// What there is to be written down about the pool after the claim.
  package var record: Dispatch {
    switch rate.spread {
    case .window: Dispatch(at: now, count: taken)
    case .smooth: Dispatch(at: Timestamp(microseconds: first + Int64(taken) * interval), count: 0)
    }
  }

  private var interval: Int64 { max(1, rate.period.microseconds / Int64(rate.count)) }
  private var tolerance: Int64 { interval < Self.slice ? Self.slice : 0 }
  /// When the next may begin, were none taken now.
  private var first: Int64 { max(now.microseconds, dispatches.map(\.at.microseconds).max() ?? 0) }
  private var slots: Int {
    let latest = now.microseconds + tolerance
    return first > latest ? 0 : Int((latest - first) / interval) + 1
  }
}
