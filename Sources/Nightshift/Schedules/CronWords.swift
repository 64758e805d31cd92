/// Says in plain words when a cron expression fires. It looks at what the fields mean, and not at how they are written,
/// so that `0/15` and `0,15,30,45` read the same.
struct CronWords {
  private let expression: CronExpression

  init(_ expression: CronExpression) { self.expression = expression }

  /// `Every day at 02:30`, `Every 15 minutes from 09:00 to 17:45, from Monday to Friday`.
  var sentence: String {
    let (time, isOften) = time
    let day = days
    let text =
      if let day {
        isOften ? "\(time), \(day)" : "\(time) \(day)"
      } else if let months {
        isOften ? "\(time), in \(months)" : "every day in \(months) \(time)"
      } else {
        isOften ? time : "every day \(time)"
      }
    return text.prefix(1).uppercased() + text.dropFirst()
  }

  // MARK: The time of day

  /// - Returns: The words, and whether they begin with how often.
  private var time: (text: String, isOften: Bool) {
    let seconds = CronRun(expression.seconds, of: 60)
    let minutes = CronRun(expression.minutes, of: 60)
    let hours = CronRun(expression.hours, of: 24)
    if let times = fewTimes { return (times, false) }
    let within = Self.within(hours, minutes)
    switch (seconds, minutes) {
    case (.one(0), .all), (.one(0), .step):
      return (Self.every(minutes, "minute") + (within ?? Self.during(hours)), true)
    case (.one(0), .one(let minute)): return (Self.hourly(hours, minute), true)
    case (.one(0), _):
      return ("every hour at minutes \(Self.list(minutes.values.map(String.init)))" + Self.during(hours), true)
    case (.all, .all), (.step, .all): return (Self.every(seconds, "second") + (within ?? Self.during(hours)), true)
    default:
      let second = "at second\(seconds.values.count == 1 ? "" : "s") \(Self.list(seconds.values.map(String.init)))"
      let minute = minutes == .all ? "every minute" : "minutes \(Self.list(minutes.values.map(String.init)))"
      return ("\(second) of \(minute)" + Self.during(hours), true)
    }
  }

  /// So many moments of a day are named one by one.
  private static let few = 6

  /// `at 02:30 and 14:30`; `nil` if there are too many.
  private var fewTimes: String? {
    let (hours, minutes, seconds) = (
      expression.hours.values(upTo: 24), expression.minutes.values(upTo: 60), expression.seconds.values(upTo: 60)
    )
    guard hours.count * minutes.count * seconds.count <= Self.few else { return nil }
    // Steps say more than a list of three or more.
    if hours.count > 3, case .step = CronRun(expression.hours, of: 24) { return nil }
    let times = hours.flatMap { hour in
      minutes.flatMap { minute in
        seconds.map { Self.clock(hour, minute) + (seconds == [0] ? "" : ":\(Self.two($0))") }
      }
    }
    return "at \(Self.list(times))"
  }

  private static func every(_ run: CronRun, _ unit: String) -> String {
    if case .step(let step, let first, _) = run {
      return "every \(step) \(unit)s\(first == 0 ? "" : " beginning at \(unit) \(first)")"
    }
    return "every \(unit)"
  }

  /// ` from 09:00 to 17:45`: from the first moment to the last, where the hours follow one another.
  private static func within(_ hours: CronRun, _ minutes: CronRun) -> String? {
    guard case .range(let first, let last) = hours, let begin = minutes.values.first, let end = minutes.values.last
    else { return nil }
    return " from \(clock(first, begin)) to \(clock(last, end))"
  }

  private static func during(_ hours: CronRun) -> String {
    switch hours {
    case .all: ""
    case .one(let hour): " from \(clock(hour, 0)) to \(clock(hour, 59))"
    case .step(let step, let first, _): " of every \(ordinal(step)) hour\(first == 0 ? "" : " from \(clock(first, 0))")"
    case .range(let first, let last): " from \(clock(first, 0)) to \(clock(last, 59))"
    case .others(let values): " of the hours \(list(values.map(String.init)))"
    }
  }

  /// Once an hour, at this minute.
  private static func hourly(_ hours: CronRun, _ minute: Int) -> String {
    let past = minute == 0 ? "" : " at minute \(minute)"
    switch hours {
    case .all: return "every hour\(minute == 0 ? ", on the hour" : past)"
    case .step(let step, let first, _):
      return "every \(step) hours\(first == 0 ? past : " from \(clock(first, minute))")"
    case .range(let first, let last): return "every hour from \(clock(first, minute)) to \(clock(last, minute))"
    case .one, .others: return "at \(list(hours.values.map { clock($0, minute) }))"
    }
  }

  // MARK: The days

  private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
  private static let monthNames = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]

  /// `January and July`, `June to August`; `nil` for all.
  private var months: String? {
    let values = expression.months.values(upTo: 13)
    guard values.count < 12 else { return nil }
    if values.count > 2, values.last! - values.first! == values.count - 1 {
      return "\(Self.monthNames[values.first! - 1]) to \(Self.monthNames[values.last! - 1])"
    }
    return Self.list(values.map { Self.monthNames[$0 - 1] })
  }

  /// `nil` for every day.
  private var days: String? {
    let (month, week) = (ofMonth, ofWeek)
    let ofMonths = months.map { "of \($0)" } ?? "of the month"
    switch (month, week) {
    case (nil, nil): return nil
    case (let month?, nil): return "on the \(month) \(ofMonths)"
    case (nil, let week?): return week + (months.map { " in \($0)" } ?? (isWithinMonth ? " of the month" : ""))
    case (let month?, let week?):
      // Vixie's rule.
      let needsBoth = expression.days.ofMonth.isStar || expression.days.ofWeek.isStar
      return needsBoth
        ? "on the \(month) \(ofMonths), but only \(week)" : "on the \(month) \(ofMonths), and also \(week)"
    }
  }

  /// `1st and 15th`, `last day`; `nil` for all.
  private var ofMonth: String? {
    let field = expression.days.ofMonth
    let values = field.days.values(upTo: 32)
    var parts: [String] = []
    if values.count == 31 { return nil }
    if values.count > 2, values.last! - values.first! == values.count - 1 {
      parts.append("\(Self.ordinal(values.first!)) to \(Self.ordinal(values.last!))")
    } else {
      parts += values.map(Self.ordinal)
    }
    for offset in field.beforeLast.values(upTo: 31) {
      parts.append(offset == 0 ? "last day" : "\(Self.ordinal(offset)) day before the last")
    }
    if field.isLastWeekday { parts.append("last weekday") }
    if let day = field.nearestWeekday { parts.append("weekday nearest to the \(Self.ordinal(day))") }
    return Self.list(parts)
  }

  /// Whether the days of the week are counted within the month.
  private var isWithinMonth: Bool { expression.days.ofWeek.nth != nil || !expression.days.ofWeek.last.isEmpty }

  /// `on Mondays`, `from Monday to Friday`, `on the third Friday`; `nil` for all.
  private var ofWeek: String? {
    let field = expression.days.ofWeek
    // The week as people write it.
    let values = field.days.values(upTo: 7).sorted { ($0 + 6) % 7 < ($1 + 6) % 7 }
    if values.count == 7 { return nil }
    var parts: [String] = []
    if values == [1, 2, 3, 4, 5] { return "from Monday to Friday" }
    if !values.isEmpty { parts.append("on \(Self.list(values.map { "\(Self.weekdays[$0])s" }))") }
    for day in field.last.values(upTo: 7) { parts.append("on the last \(Self.weekdays[day])") }
    if let nth = field.nth {
      let words = ["first", "second", "third", "fourth", "fifth"]
      parts.append("on the \(words[nth.occurrence - 1]) \(Self.weekdays[nth.day])")
    }
    return Self.list(parts)
  }

  // MARK: Words

  private static func clock(_ hour: Int, _ minute: Int) -> String { "\(two(hour)):\(two(minute))" }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private static func list(_ parts: [String]) -> String {
    guard parts.count > 1 else { return parts.first ?? "" }
    return "\(parts.dropLast().joined(separator: ", ")) and \(parts.last!)"
  }

  private static func ordinal(_ number: Int) -> String {
    let ending =
      switch (number % 10, number % 100) {
      case (_, 11...13): "th"
      case (1, _): "st"
      case (2, _): "nd"
      case (3, _): "rd"
      default: "th"
      }
    return "\(number)\(ending)"
  }
}

/// The pattern that the values of one field form.
private enum CronRun: Equatable {
  case all
  case one(Int)
  case step(Int, first: Int, [Int])
  case range(Int, Int)
  case others([Int])

  init(_ set: CronValues, of count: Int) {
    let values = set.values(upTo: count)
    guard let first = values.first, values.count > 1 else {
      self = .one(values.first ?? 0)
      return
    }
    let steps = Set(zip(values, values.dropFirst()).map { $1 - $0 })
    guard steps.count == 1, let step = steps.first else {
      self = .others(values)
      return
    }
    if values.count == count {
      self = .all
    } else if step == 1 {
      self = .range(first, values.last!)
    } else if values.count > 2 || step * 2 == count, first < step, values.last! + step >= count {
      self = .step(step, first: first, values)
    } else {
      self = .others(values)
    }
  }

  var values: [Int] {
    switch self {
    case .all: []
    case .one(let value): [value]
    case .step(_, _, let values), .others(let values): values
    case .range(let first, let last): Array(first...last)
    }
  }
}

extension CronValues {
  fileprivate func values(upTo end: Int) -> [Int] { (0..<end).filter(contains) }
}

extension Cadence {
  /// When it fires, in plain words: `Every day at 02:30`, `Every 90 seconds`.
  package var words: String {
    switch self {
    case .cron(let expression): CronWords(expression).sentence
    case .every(let seconds): "Every \(Self.length(seconds))"
    }
  }

  private static func length(_ seconds: Int) -> String {
    for (unit, size) in [("day", 86_400), ("hour", 3_600), ("minute", 60)] where seconds.isMultiple(of: size) {
      let count = seconds / size
      return count == 1 ? unit : "\(count) \(unit)s"
    }
    return seconds == 1 ? "second" : "\(seconds) seconds"
  }
}

extension ScheduleDefinition {
  /// When it fires, in plain words and in its own time zone.
  package var words: String { cadence.words }
}
