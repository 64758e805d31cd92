/// Reads one field of a cron expression.
struct CronParser {
  let field: CronField
  let text: Substring

  private func fault(_ message: String) -> CronError { CronError(field, text, message) }

  /// Whether the field counts as a star for Vixie's rules: whether it begins with one.
  var isStar: Bool { text.hasPrefix("*") || text == "?" }

  /// The values of a field without days.
  func values() throws(CronError) -> CronValues {
    var values = CronValues()
    for item in try items() { values.formUnion(try self.values(of: item)) }
    return values
  }

  private func items() throws(CronError) -> [Substring] {
    let items = text.split(separator: ",", omittingEmptySubsequences: false)
    guard !items.contains("") else { throw fault("a list has a value on both sides of each comma") }
    return items
  }

  private func values(of item: Substring) throws(CronError) -> CronValues {
    let parts = item.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2 else { throw fault("\"\(item)\" has more than one step; write it as 1-30/2") }
    let step = parts.count == 2 ? try self.step(parts[1], in: item) : 1
    let bounds = try bounds(of: parts[0], isOpen: parts.count == 2)
    var values = CronValues()
    // A week that wraps goes on at Sunday; each step counts from the beginning of the range.
    for value in stride(from: bounds.first, through: bounds.last, by: min(step, 64)) {
      values.insert(field == .dayOfWeek ? value % 7 : value)
    }
    return values
  }

  private func step(_ text: Substring, in item: Substring) throws(CronError) -> Int {
    guard let step = Self.number(text), step > 0 else {
      throw fault("the step of \"\(item)\" must be a whole number from 1, as in */15")
    }
    return step
  }

  private func bounds(of text: Substring, isOpen: Bool) throws(CronError) -> (first: Int, last: Int) {
    if text == "*" { return (field.range.lowerBound, field.last) }
    if text == "?" {
      guard field.isDay, !isOpen, text.count == self.text.count else {
        throw fault("\"?\" stands alone in one of the day fields; write * for any value")
      }
      return (field.range.lowerBound, field.last)
    }
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count <= 2, !ends.contains("") else {
      throw fault("\"\(text)\" is no range; write it as \(field.range.lowerBound)-\(field.last)")
    }
    let first = try value(ends[0])
    guard ends.count == 2 else { return (first, isOpen ? max(first, field.last) : first) }
    let last = try value(ends[1])
    if last >= first { return (first, last) }
    // A week has no end: fri-mon is four days.
    if field == .dayOfWeek { return (first, last + 7) }
    throw fault(
      "the range \(text) runs backwards; write \(first)-\(field.last),\(field.range.lowerBound)-\(last)")
  }

  /// A number or a name.
  private func value(_ text: Substring) throws(CronError) -> Int {
    if let place = field.names.firstIndex(of: text.lowercased()) { return place + (field == .month ? 1 : 0) }
    guard let number = Self.number(text) else {
      let nearest = Spelling.nearest(to: String(text), among: field.names).map { "; did you mean \($0)?" } ?? ""
      throw fault("\"\(text)\" is not \(field.rule)\(nearest)\(Self.hint(text))")
    }
    guard field.range.contains(number) else { throw fault("\(number) is not \(field.rule)") }
    return number
  }

  /// For what other schedulers have.
  private static func hint(_ text: Substring) -> String {
    if text.contains("~") { return "; for a moment of its own within a window use the schedule's jitter" }
    if text.hasPrefix("H") || text.hasPrefix("R") { return "; to spread runs use the schedule's jitter" }
    return ""
  }

  private static func number(_ text: some StringProtocol) -> Int? {
    guard (1...6).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
  }
}

// MARK: The day fields

extension CronParser {
  func daysOfMonth() throws(CronError) -> CronDays.OfMonth {
    var days = CronDays.OfMonth()
    days.isStar = isStar
    let items = try items()
    for item in items {
      let word = item.uppercased()
      guard word.hasPrefix("L") || word.hasSuffix("W") else {
        days.days.formUnion(try values(of: item))
        continue
      }
      if word.hasSuffix("W") {
        guard items.count == 1 else { throw fault("\"\(item)\" stands alone: it is no part of a list") }
        try readWeekday(word.dropLast(), into: &days)
      } else {
        days.beforeLast.insert(try offset(word.dropFirst()))
      }
    }
    return days
  }

  private func readWeekday(_ word: Substring, into days: inout CronDays.OfMonth) throws(CronError) {
    if word == "L" {
      days.isLastWeekday = true
      return
    }
    guard let day = Self.number(word), field.range.contains(day) else {
      throw fault("W follows a day from 1 to 31, or L: 15W, LW")
    }
    days.nearestWeekday = day
  }

  /// What follows an `L`: nothing, or `-3`.
  private func offset(_ text: Substring) throws(CronError) -> Int {
    if text.isEmpty { return 0 }
    guard text.first == "-", let offset = Self.number(text.dropFirst()), (1...30).contains(offset) else {
      throw fault("the last day is L, the third before it L-3 (1 to 30), the last weekday LW")
    }
    return offset
  }

  func daysOfWeek() throws(CronError) -> CronDays.OfWeek {
    var days = CronDays.OfWeek()
    days.isStar = isStar
    let items = try items()
    for item in items {
      if item.contains("#") {
        guard items.count == 1 else { throw fault("\"\(item)\" stands alone: it is no part of a list") }
        days.nth = try nth(item)
      } else if let day = try lastDay(item) {
        days.last.insert(day)
      } else {
        days.days.formUnion(try values(of: item))
      }
    }
    return days
  }

  private func nth(_ item: Substring) throws(CronError) -> CronDays.Nth {
    let parts = item.split(separator: "#", omittingEmptySubsequences: false)
    guard parts.count == 2, let occurrence = Self.number(parts[1]), (1...5).contains(occurrence) else {
      throw fault("the third Friday is 5#3 or fri#3: a day, #, and 1 to 5")
    }
    return CronDays.Nth(day: try value(parts[0]) % 7, occurrence: occurrence)
  }

  /// `5L`, `friL`, and as others write it `L5`; `nil` if it is none of them.
  private func lastDay(_ item: Substring) throws(CronError) -> Int? {
    guard item.uppercased() != "L" else {
      throw fault("L needs a day: the last Friday is 5L or friL; Saturday is 6 or sat")
    }
    if item.last == "L" || item.last == "l" { return try value(item.dropLast()) % 7 }
    if item.first == "L" || item.first == "l" { return try value(item.dropFirst()) % 7 }
    return nil
  }
}
