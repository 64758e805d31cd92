import Nightshift
import Testing

@Suite struct `A length of time as text` {
  @Test(arguments: [
    ("0s", Duration.zero),
    ("30s", .seconds(30)),
    ("500ms", .milliseconds(500)),
    ("1h30m", .seconds(5400)),
    ("2d", .seconds(2 * 86_400)),
    ("1w", .seconds(7 * 86_400)),
    ("1.5s", .milliseconds(1500)),
    ("0.25h", .seconds(900)),
    ("0.1ms", .microseconds(100)),
    ("1w2d3h4m5s6ms", .milliseconds(788_645_006)),
    ("90m", .seconds(5400)),
    ("0h5s", .seconds(5)),
    ("36500d", .seconds(36_500 * 86_400)),
  ])
  func `is read`(_ text: String, _ time: Duration) {
    #expect(Duration(text: text) == time)
  }

  @Test(arguments: [
    "", "5", "s", "-5s", "+5s", "5 s", " 5s", "5s ", "1h 30m", "30m1h", "1h1h", "5S", "5min", "5µs", ".5s",
    "1.s",
    "1.5", "1..5s", "1e3s", "٣s", "1\u{301}s", "1.2\u{301}s", "0.0000000001s", "36501d", "36500d1ms",
    "99999999999999999999s", "9223372036854775807w", "18446744073709551615ms",
  ])
  func `is refused when it is none`(_ text: String) {
    #expect(Duration(text: text) == nil)
  }

  @Test(arguments: [
    (Duration.zero, "0s"),
    (.seconds(5400), "1h30m"),
    (.milliseconds(1500), "1s500ms"),
    (.seconds(86_400 * 90), "90d"),
    (.milliseconds(7), "7ms"),
    (.microseconds(999), "0s"),
    (.seconds(-90), "-1m30s"),
    (.microseconds(1_999_999), "1s999ms"),
  ])
  func `is written short`(_ time: Duration, _ text: String) {
    #expect(time.text == text)
  }

  @Test func `is read back as it was written`() {
    for milliseconds in stride(from: Int64(0), through: 3_153_600_000_000, by: 7_654_321_987) {
      let time = Duration.milliseconds(milliseconds)
      #expect(Duration(text: time.text) == time)
    }
  }
}
