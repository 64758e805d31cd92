extension CronExpression {
  /// How far ahead is looked: a 29 February on a Sunday may be 40 years away.
  static let horizon = 50

  /// The first time strictly after a moment (in seconds since 1970 UTC) at which the expression fires in a zone; `nil`
  /// if there is none within fifty years.
  ///
  /// With a fixed hour and minute, a local time that is skipped fires at the next one that exists, and one that occurs
  /// twice fires the first time only. Where the hour or the minute begins with a star, elapsed time counts: nothing
  /// is caught up, and both passes fire.
  package func next(after moment: Int, in timeline: ZoneTimeline) -> ScheduledTime? {
    guard ZoneTimeline.knownYears.contains(ZoneTimeline.year(of: moment)) else { return nil }
    let end = moment + Self.horizon * 366 * 86_400
    var last = timeline.change(notAfter: moment)
    var start = moment + 1
    while start < end {
      let offset = timeline.offset(at: start)
      let before = timeline.offset(at: start - 1)
      if before != offset {
        let change = ZoneTimeline.Change(at: start, before: before, after: offset)
        if let found = skipped(by: change) { return found }
        last = change
      }
      // What was passed before the clocks were put back is not run again.
      let passed = countsElapsedTime ? .min : last?.localBefore ?? .min
      let local = match(from: max(start + offset, passed), before: end + offset)
      // Right unless clocks are changed before; two days more, so that the note knows what comes next.
      let found = (local ?? end + offset) - offset
      let next = timeline.change(after: start, through: found + 2 * 86_400)
      if let local, found < next?.at ?? .max { return ScheduledTime(found, note(local, last: last, next: next)) }
      guard let next else { return nil }
      start = next.at
    }
    return nil
  }

  private func note(
    _ local: Int, last: ZoneTimeline.Change?, next: ZoneTimeline.Change?
  ) -> ScheduledTime.Note? {
    if let last, local < last.localBefore { return .secondPass }
    if let next, local >= next.localAfter { return countsElapsedTime ? .firstPass : .repeatedOnce }
    if let last, local == last.localAfter, last.after > last.before,
      match(from: last.localBefore, before: last.localAfter) != nil
    {
      return .afterGap
    }
    return nil
  }

  /// What a skipped time becomes, right after the clocks were put forward.
  private func skipped(by change: ZoneTimeline.Change) -> ScheduledTime? {
    guard !countsElapsedTime, change.after > change.before,
      let local = match(from: change.localBefore, before: change.localAfter)
    else { return nil }
    return ScheduledTime(change.at, .gap(skipped: local))
  }
}
