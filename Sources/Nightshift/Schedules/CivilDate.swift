/// A day of the Gregorian calendar, and the arithmetic of its years: Foundation's calendar does the same, a hundred
/// times slower.
struct CivilDate: Sendable, Hashable {
  var year: Int
  var month: Int
  var day: Int

  init(year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// From the days since 1970-01-01.
  ///
  /// Years that begin in March have their leap day at the end. 719,468 days lie between 0000-03-01 and 1970-01-01;
  /// 146,097 days are 400 years.
  init(days: Int) {
    let shifted = days + 719_468
    let era = shifted.dividedDown(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// The days since 1970-01-01.
  var days: Int {
    let shiftedYear = month > 2 ? year : year - 1
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    let leapDays =
      shiftedYear.dividedDown(by: 4) - shiftedYear.dividedDown(by: 100) + shiftedYear.dividedDown(by: 400)
    return shiftedYear * 365 + leapDays + dayOfYear - 719_468
  }

  static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  static func length(ofMonth month: Int, isLeap: Bool) -> Int {
    [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  /// The day of the week, Sunday being 0. 1970-01-01 was a Thursday.
  static func weekday(ofDay days: Int) -> Int { (days + 4).modulo(7) }
}

extension Int {
  /// The quotient, rounded towards minus infinity.
  func dividedDown(by divisor: Int) -> Int { self >= 0 ? self / divisor : (self - divisor + 1) / divisor }

  /// The remainder that is never negative.
  func modulo(_ divisor: Int) -> Int { self - dividedDown(by: divisor) * divisor }
}
