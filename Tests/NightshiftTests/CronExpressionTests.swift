import Foundation
import Nightshift
import Testing

@Suite struct `A cron expression` {
  @Test(arguments: [
    "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly", "@minutely", "@secondly",
    "@weekdays", "@weekends", "@DAILY", "*/15 * * * *", "0-30/10 * * * *", "5/15 * * * *",
    "1,5-7 * * jan,mar-may mon,wed-Fri",
    "0 0 * * 7", "0 0 * * 0-7", "0\t0   * * 6,7", "0 0 * JAN-dec SuN", "0 0 29 2 *", "0 0 31 * *", "0 0 30 2 1",
    "0 0 L * *", "0 0 L-3 * *", "0 0 LW * *", "0 0 15W * *", "0 0 1,L * *", "0 0 * * 5L", "0 0 * * friL",
    "0 0 * * L5", "0 0 * * 5#3", "0 0 * * mon#1", "0 0 ? * 1", "0 0 1 * ?", "30 0 2 * * *", "*/90 * * * *",
    "0 0 * * fri-mon", "0 0 * * 6-0", "0 0 * * 5,1L",
  ])
  func `accepts every form that is documented`(_ text: String) throws {
    _ = try CronExpression(parsing: text)
  }

  @Test(arguments: [
    ("60 * * * *", "\"minute\" is \"60\": 60 is not 0 to 59"), ("* 24 * * *", "\"hour\" is \"24\""),
    ("* * 0 * *", "\"day of month\" is \"0\""), ("* * 32 * *", "1 to 31"), ("* * * 0 *", "\"month\" is \"0\""),
    ("* * * 13 *", "1 to 12 or jan to dec"), ("* * * * 8", "0 and 7 are Sunday"), ("*/0 * * * *", "*/15"),
    ("*/-1 * * * *", "the step"), ("1/2/3 * * * *", "more than one step"), ("1,,2 * * * *", "each comma"),
    (",1 * * * *", "each comma"), ("1, * * * *", "each comma"), ("-5 * * * *", "no range"),
    ("5- * * * *", "no range"), ("1-2-3 * * * *", "no range"), ("1.5 * * * *", "\"1.5\" is not 0 to 59"),
    ("a * * * *", "is not 0 to 59"), ("* * * * mond", "did you mean mon?"), ("@dayly", "did you mean @daily?"),
    ("@reboot", "names no time"), ("* * * * 5#0", "5#3"), ("* * * * 5#6", "5#3"), ("* * * * 5#3,1", "stands alone"),
    ("* * * * 1-5#3", "is not"), ("* * * * 5#3/2", "5#3"), ("L * * * *", "\"minute\" is \"L\""),
    ("0 0 15W,20 * *", "stands alone"), ("0 0 40W * *", "15W"), ("0 0 L-31 * *", "L-3"), ("0 0 * * L", "friL"),
    ("30-10 * * * *", "write 30-59,0-10"), ("* ? * * *", "day fields"), ("6~15 * * * *", "jitter"),
    ("H * * * *", "jitter"), ("", "is empty"), ("   ", "is empty"), ("* * * *", "has 4 fields; it needs 5"),
    ("* * * * * * *", "start and end"), ("* * * * * * * *", "has 8 fields"), ("* * * * 0\u{0}", "printable ASCII"),
    ("0 0 30 2 *", "no such day"), ("0 0 31 4,6,9,11 *", "no such day"), ("99999999999999999999 * * * *", "0 to 59"),
  ])
  func `names the field, its text and what would be right`(_ text: String, _ part: String) throws {
    let error = try #require(throws: CronError.self) { try CronExpression(parsing: text) }
    #expect(error.description.contains(part), "\(error)")
  }

  @Test
  func `has at most 256 characters`() throws {
    let text = String(repeating: "0,", count: 123) + "0 * * * *"
    #expect(text.utf8.count == 255)
    _ = try CronExpression(parsing: text)
    let error = try #require(throws: CronError.self) { try CronExpression(parsing: "00," + text) }
    #expect(error.description.contains("258 bytes; at most 256"))
  }

  @Test(arguments: [
    ("every 90s", 90), ("@every 1h30m", 5400), ("EVERY 2d", 172_800),
  ])
  func `reads every length of time that is at least a second`(_ text: String, _ seconds: Int) throws {
    #expect(try Cadence(parsing: text) == .every(seconds))
  }

  @Test(arguments: ["every", "every 90", "every 0s", "@every 500ms", "every s"])
  func `refuses lengths of time that are none`(_ text: String) {
    #expect(throws: CronError.self) { try Cadence(parsing: text) }
  }

  @Test
  func `counts a length of time from the same moment for everybody, strictly after`() throws {
    let cadence = try Cadence(parsing: "every 90s")
    let utc = ZoneTimeline(.gmt)
    #expect(cadence.next(after: 0, in: utc)?.seconds == 90)
    #expect(cadence.next(after: 89, in: utc)?.seconds == 90)
    #expect(cadence.next(after: 90, in: utc, anchor: 30)?.seconds == 120)
    #expect(cadence.next(after: -1, in: utc)?.seconds == 0)
  }

  @Test(arguments: [
    Expected(
      "0 0 1,15 * 5", after: "2026-11-01T00:00:00Z",
      "11-06 00:00, 11-13 00:00, 11-15 00:00, 11-20 00:00, 11-27 00:00, 12-01 00:00"),
    Expected(
      "0 0 */2 * 1", after: "2026-11-01T00:00:00Z", "11-09 00:00, 11-23 00:00, 12-07 00:00, 12-21 00:00, 01-11 00:00"),
    Expected("0 0 L * *", after: "2026-01-15T00:00:00Z", "01-31 00:00, 02-28 00:00, 03-31 00:00"),
    Expected("0 0 L-3 * *", after: "2026-01-15T00:00:00Z", "01-28 00:00, 02-25 00:00, 03-28 00:00"),
    Expected("0 0 LW * *", after: "2026-01-15T00:00:00Z", "01-30 00:00, 02-27 00:00, 03-31 00:00"),
    Expected("0 0 * * 5#3", after: "2026-11-01T00:00:00Z", "11-20 00:00, 12-18 00:00, 01-15 00:00"),
    Expected("0 0 * * 5#5", after: "2026-11-01T00:00:00Z", "01-29 00:00, 04-30 00:00"),
    Expected("0 0 * * 5L", after: "2026-11-01T00:00:00Z", "11-27 00:00, 12-25 00:00, 01-29 00:00"),
    Expected("0 0 15W * *", after: "2026-08-01T00:00:00Z", "08-14 00:00, 09-15 00:00, 10-15 00:00"),
    Expected("0 0 1W * *", after: "2026-07-15T00:00:00Z", "08-03 00:00, 09-01 00:00"),
    Expected("0 0 31 * *", after: "2026-01-01T00:00:00Z", "01-31 00:00, 03-31 00:00, 05-31 00:00, 07-31 00:00"),
    Expected("*/35 * * * *", after: "2026-11-01T00:00:00Z", "11-01 00:35, 11-01 01:00, 11-01 01:35, 11-01 02:00"),
    Expected("0 0 30 2 1", after: "2026-01-31T00:00:00Z", "02-02 00:00, 02-09 00:00"),
    Expected("0 0 * * 7", after: "2026-11-01T00:00:00Z", "11-08 00:00, 11-15 00:00"),
  ])
  func `gives the times that other schedulers agree on`(_ expected: Expected) throws {
    #expect(try expected.found(expected.times.count) == expected.times)
  }

  @Test
  func `finds days that are years away, and only those`() throws {
    let utc = ZoneTimeline(.gmt)
    let leap = try CronExpression(parsing: "0 0 29 2 *")
    let first = try #require(leap.next(after: seconds("2026-01-01T00:00:00Z"), in: utc))
    #expect(first.seconds == seconds("2028-02-29T00:00:00Z"))
    #expect(leap.next(after: first.seconds, in: utc)?.seconds == seconds("2032-02-29T00:00:00Z"))
    // 2100 is no leap year.
    #expect(leap.next(after: seconds("2096-03-01T00:00:00Z"), in: utc)?.seconds == seconds("2104-02-29T00:00:00Z"))
    let sunday = try CronExpression(parsing: "0 0 29 2 */7")
    #expect(sunday.next(after: seconds("2032-03-01T00:00:00Z"), in: utc)?.seconds == seconds("2060-02-29T00:00:00Z"))
  }

  @Test
  func `is strictly after, to the second`() throws {
    let utc = ZoneTimeline(.gmt)
    let every = try CronExpression(parsing: "*/10 * * * * *")
    let start = seconds("2038-01-19T03:14:00Z")
    #expect(every.next(after: start, in: utc)?.seconds == start + 10)
    #expect(every.next(after: start - 1, in: utc)?.seconds == start)
    #expect(every.next(after: seconds("2038-01-19T03:14:59Z"), in: utc)?.seconds == seconds("2038-01-19T03:15:00Z"))
  }

  @Test
  func `that fires in skipped hours only ends the search`() throws {
    let berlin = ZoneTimeline(TimeZone(identifier: "Europe/Berlin")!)
    let expression = try CronExpression(parsing: "*/30 2 * 3 0L")
    #expect(expression.next(after: seconds("2026-11-01T00:00:00Z"), in: berlin) == nil)
    #expect(expression.next(after: .max / 2, in: berlin) == nil)
    #expect(expression.next(after: .min / 2, in: berlin) == nil)
  }
}

/// An expression and when it is to fire, in UTC.
struct Expected: Sendable, CustomTestStringConvertible {
  var expression: String
  var after: String
  var times: [String]

  init(_ expression: String, after: String, _ times: String) {
    self.expression = expression
    self.after = after
    self.times = times.components(separatedBy: ", ")
  }

  var testDescription: String { expression }

  func found(_ count: Int) throws -> [String] {
    let expression = try CronExpression(parsing: expression)
    let timeline = ZoneTimeline(.gmt)
    var moment = seconds(after)
    return try (0..<count).map { _ in
      let next = try #require(expression.next(after: moment, in: timeline))
      moment = next.seconds
      let text = next.timestamp.rfc3339
      return "\(text.dropFirst(5).prefix(5)) \(text.dropFirst(11).prefix(5))"
    }
  }
}

func seconds(_ text: String) -> Int { Int(RFC3339.parse(text)!.timeIntervalSince1970) }
