import Nightshift
import Testing

@Suite struct `Words for a cron expression` {
  @Test(arguments: [
    ("30 2 * * *", "Every day at 02:30"), ("@daily", "Every day at 00:00"), ("* * * * *", "Every minute"),
    ("*/15 * * * *", "Every 15 minutes"), ("0,15,30,45 * * * *", "Every 15 minutes"),
    ("0 * * * *", "Every hour, on the hour"), ("5 * * * *", "Every hour at minute 5"),
    ("5,20 * * * *", "Every hour at minutes 5 and 20"), ("0 */2 * * *", "Every 2 hours"),
    ("5 1-23/2 * * *", "Every 2 hours from 01:05"), ("0 */6 * * *", "Every 6 hours"),
    ("30 2,14 * * *", "Every day at 02:30 and 14:30"),
    ("0 9-17 * * 1-5", "Every hour from 09:00 to 17:00, from Monday to Friday"),
    ("*/15 9-17 * * *", "Every 15 minutes from 09:00 to 17:45"), ("* 9 * * *", "Every minute from 09:00 to 09:59"),
    ("0 8 * * 1", "At 08:00 on Mondays"), ("0 8 * * 6,0", "At 08:00 on Saturdays and Sundays"),
    ("@weekdays", "At 00:00 from Monday to Friday"), ("0 0 1 * *", "At 00:00 on the 1st of the month"),
    ("0 0 1 1 *", "At 00:00 on the 1st of January"),
    ("0 0 1,15 1,7 *", "At 00:00 on the 1st and 15th of January and July"),
    ("0 6 * 6-8 *", "Every day in June to August at 06:00"), ("0 0 L * *", "At 00:00 on the last day of the month"),
    ("0 0 L-3 * *", "At 00:00 on the 3rd day before the last of the month"),
    ("0 0 LW * *", "At 00:00 on the last weekday of the month"),
    ("0 0 15W * *", "At 00:00 on the weekday nearest to the 15th of the month"),
    ("0 0 * * 5#3", "At 00:00 on the third Friday of the month"),
    ("0 0 * * 5L", "At 00:00 on the last Friday of the month"),
    ("0 0 13 * 5", "At 00:00 on the 13th of the month, and also on Fridays"),
    ("0 0 */10 * 1", "At 00:00 on the 1st, 11th, 21st and 31st of the month, but only on Mondays"),
    ("* * * * * *", "Every second"), ("*/10 * * * * *", "Every 10 seconds"), ("15 30 2 * * *", "Every day at 02:30:15"),
    ("every 90s", "Every 90 seconds"), ("every 1h", "Every hour"), ("@every 2d", "Every 2 days"),
  ])
  func `say when it fires`(expression: String, words: String) throws {
    #expect(try Cadence(parsing: expression).words == words, "\(expression)")
  }

  @Test func `are there for whatever can be read`() throws {
    for minute in ["*", "0", "*/7", "1,2,3", "5-10", "59"] {
      for hour in ["*", "0", "*/5", "3-4", "1,5,9,22"] {
        for day in ["* *", "1 *", "* 1", "*/2 1-3", "L 2#2", "2,3 0"] {
          let parts = day.split(separator: " ")
          let words = try Cadence(parsing: "\(minute) \(hour) \(parts[0]) * \(parts[1])").words
          #expect(words.first?.isUppercase == true && !words.contains("  ") && !words.hasSuffix(" "), "\(words)")
        }
      }
    }
  }
}
