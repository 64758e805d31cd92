/// When something is to be done, in cron's notation: five fields, or six with seconds first.
///
/// What is allowed is small enough for a handful of integers, and is checked in full when it is read: an expression
/// can neither use up memory nor search for ever, and one that never fires is refused.
package struct CronExpression: Sendable, Hashable {
  /// As it was written.
  package let text: String
  let seconds: CronValues
  let minutes: CronValues
  let hours: CronValues
  let months: CronValues
  let days: CronDays
  /// Whether the minute or the hour begins with a star: then elapsed time counts when clocks are changed.
  package let countsElapsedTime: Bool

  package static let longest = 256

  /// Reads an expression.
  ///
  /// - Throws: ``CronError``, which names the field, its text, and what would be right.
  package init(parsing text: String) throws(CronError) {
    try Self.checkCharacters(of: text)
    let expression = try Self.macro(text) ?? text
    let fields = expression.split(whereSeparator: { $0 == " " || $0 == "\t" })
    guard fields.count == 5 || fields.count == 6 else { throw Self.wrongCount(fields.count) }
    let rest = fields.suffix(5).map { $0 }
    let minute = CronParser(field: .minute, text: rest[0])
    let hour = CronParser(field: .hour, text: rest[1])
    seconds = fields.count == 6 ? try CronParser(field: .second, text: fields[0]).values() : .one(0)
    minutes = try minute.values()
    hours = try hour.values()
    let ofMonth = try CronParser(field: .dayOfMonth, text: rest[2]).daysOfMonth()
    months = try CronParser(field: .month, text: rest[3]).values()
    let ofWeek = try CronParser(field: .dayOfWeek, text: rest[4]).daysOfWeek()
    days = CronDays(ofMonth: ofMonth, ofWeek: ofWeek)
    countsElapsedTime = minute.isStar || hour.isStar
    self.text = text
    guard firesEver else {
      throw CronError(
        "the fields \"day of month\", \"month\" and \"day of week\" are \"\(rest[2]) \(rest[3]) \(rest[4])\": "
          + "there is no such day in any year; choose one that the month has")
    }
  }

  private static func checkCharacters(of text: String) throws(CronError) {
    guard text.utf8.count <= longest else {
      throw CronError("the expression has \(text.utf8.count) bytes; at most \(longest) are allowed")
    }
    guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }) else {
      throw CronError("the expression holds a character other than printable ASCII; write it as in \"0 2 * * *\"")
    }
  }

  private static func wrongCount(_ count: Int) -> CronError {
    if count == 0 { return CronError("the expression is empty; write it as in \"0 2 * * *\", or @daily") }
    let year = count == 7 ? ". A year is not known here: use the schedule's start and end" : ""
    return CronError(
      "the expression has \(count) field\(count == 1 ? "" : "s"); it needs 5 (minute, hour, day of month, month, "
        + "day of week), or 6 with seconds first\(year)")
  }

  private static let macros = [
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *", "@minutely": "* * * * *",
    "@secondly": "* * * * * *", "@weekdays": "0 0 * * 1-5", "@weekends": "0 0 * * 0,6",
  ]

  private static func macro(_ text: String) throws(CronError) -> String? {
    let word = text.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ").lowercased()
    guard word.hasPrefix("@") else { return nil }
    if let expression = macros[word] { return expression }
    guard word != "@reboot" else {
      throw CronError("\"@reboot\" names no time: enqueue the job when your program starts")
    }
    let nearest = Spelling.nearest(to: word, among: Array(macros.keys).sorted()).map { "did you mean \($0)?" }
    let known = "known are \(macros.keys.sorted().joined(separator: ", ")) and @every 90s"
    throw CronError("\"\(word)\" is not known; \(nearest ?? known)")
  }

  /// A month is one of 168: twelve, in leap years and others, beginning on each day of the week; all of them occur.
  private var firesEver: Bool {
    for month in 1...12 where months.contains(month) {
      for isLeap in [false, true] {
        let length = CivilDate.length(ofMonth: month, isLeap: isLeap)
        for weekday in 0..<7 where !days.days(length: length, firstWeekday: weekday).isEmpty { return true }
      }
    }
    return false
  }
}

// MARK: In local time

extension CronExpression {
  /// The first match at or after a local time, before `end`; both in seconds since 1970-01-01T00:00:00 as a local clock
  /// shows it.
  func match(from start: Int, before end: Int) -> Int? {
    guard start < end else { return nil }
    var day = start.dividedDown(by: 86_400)
    if isDayMatched(day), let time = timeOfDay(from: start.modulo(86_400)) {
      let found = day * 86_400 + time
      return found < end ? found : nil
    }
    day += 1
    guard let found = self.day(from: day, through: (end - 1).dividedDown(by: 86_400)) else { return nil }
    // There is one on every day: none of the fields is empty.
    let moment = found * 86_400 + (timeOfDay(from: 0) ?? 0)
    return moment < end ? moment : nil
  }

  private func isDayMatched(_ day: Int) -> Bool {
    let date = CivilDate(days: day)
    guard months.contains(date.month) else { return false }
    return days(year: date.year, month: date.month).contains(date.day)
  }

  private func days(year: Int, month: Int) -> CronValues {
    let first = CivilDate(year: year, month: month, day: 1).days
    return days.days(
      length: CivilDate.length(ofMonth: month, isLeap: CivilDate.isLeap(year)),
      firstWeekday: CivilDate.weekday(ofDay: first))
  }

  private func day(from day: Int, through last: Int) -> Int? {
    var date = CivilDate(days: day)
    while true {
      let first = CivilDate(year: date.year, month: date.month, day: 1).days
      guard first <= last else { return nil }
      if months.contains(date.month), let found = days(year: date.year, month: date.month).next(from: date.day) {
        let result = first + found - 1
        return result <= last ? result : nil
      }
      date = CivilDate(
        year: date.month == 12 ? date.year + 1 : date.year, month: date.month == 12 ? 1 : date.month + 1, day: 1)
    }
  }

  /// The first matching second of a day that is not before this one.
  private func timeOfDay(from start: Int) -> Int? {
    var (hour, minute, second) = (start / 3600, start / 60 % 60, start % 60)
    if hours.contains(hour) {
      if minutes.contains(minute), let found = seconds.next(from: second) {
        return hour * 3600 + minute * 60 + found
      }
      minute += 1
      if let found = minutes.next(from: minute) { return hour * 3600 + found * 60 + seconds.first }
    }
    hour += 1
    second = seconds.first
    guard let found = hours.next(from: hour) else { return nil }
    return found * 3600 + minutes.first * 60 + second
  }
}
