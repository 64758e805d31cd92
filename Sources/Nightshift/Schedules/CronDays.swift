/// Which days of a month an expression means: its two day fields together.
struct CronDays: Sendable, Hashable {
  /// What the field for the day of the month says.
  struct OfMonth: Sendable, Hashable {
    var isStar = false
    var days = CronValues()
    /// So many days before the last one: 0 for `L`, 3 for `L-3`.
    var beforeLast = CronValues()
    /// `LW`: the last weekday.
    var isLastWeekday = false
    /// `15W`: the weekday nearest to this day.
    var nearestWeekday: Int?
  }

  /// What the field for the day of the week says.
  struct OfWeek: Sendable, Hashable {
    var isStar = false
    var days = CronValues()
    /// `5L`: the last such day of the month.
    var last = CronValues()
    /// `5#3`: the third Friday.
    var nth: Nth?
  }

  struct Nth: Sendable, Hashable {
    var day: Int
    var occurrence: Int
  }

  var ofMonth = OfMonth()
  var ofWeek = OfWeek()

  /// The days of a month that has `length` days and begins on this day of the week, as bits from 1.
  ///
  /// Vixie's rule: where one of the fields begins with a star both must match, else either.
  func days(length: Int, firstWeekday: Int) -> CronValues {
    var days = CronValues()
    let fixed = daysOfMonth(length: length, firstWeekday: firstWeekday)
    let needsBoth = ofMonth.isStar || ofWeek.isStar
    for day in 1...length {
      let isInMonth = fixed.contains(day)
      guard needsBoth == isInMonth else {
        // Both are needed and this one fails, or one is enough and this one is it.
        if !needsBoth { days.insert(day) }
        continue
      }
      if matchesWeek(day, length: length, firstWeekday: firstWeekday) { days.insert(day) }
    }
    return days
  }

  private func daysOfMonth(length: Int, firstWeekday: Int) -> CronValues {
    var days = ofMonth.days
    for offset in 0..<length where ofMonth.beforeLast.contains(offset) { days.insert(length - offset) }
    if ofMonth.isLastWeekday {
      days.insert(Self.weekday(nearestTo: length, length: length, firstWeekday: firstWeekday))
    }
    if let wanted = ofMonth.nearestWeekday, wanted <= length {
      days.insert(Self.weekday(nearestTo: wanted, length: length, firstWeekday: firstWeekday))
    }
    return days
  }

  private func matchesWeek(_ day: Int, length: Int, firstWeekday: Int) -> Bool {
    let weekday = (firstWeekday + day - 1) % 7
    if ofWeek.days.contains(weekday) { return true }
    if ofWeek.last.contains(weekday), day + 7 > length { return true }
    guard let nth = ofWeek.nth else { return false }
    return nth.day == weekday && (day - 1) / 7 + 1 == nth.occurrence
  }

  /// Monday to Friday, and never in another month.
  private static func weekday(nearestTo day: Int, length: Int, firstWeekday: Int) -> Int {
    switch (firstWeekday + day - 1) % 7 {
    case 6: day > 1 ? day - 1 : day + 2
    case 0: day < length ? day + 1 : day - 2
    default: day
    }
  }
}
