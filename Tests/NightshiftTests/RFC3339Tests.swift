import Foundation
import Nightshift
import Testing

@Suite struct `An RFC 3339 date-time` {
  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0),
      ("1985-04-12T23:20:50.52Z", 482_196_050.52),
      ("1996-12-19T16:39:57-08:00", 851_042_397),
      ("1937-01-01T12:00:27.87+00:20", -1_041_337_172.13),
      ("2026-03-01t09:30:00z", 1_772_357_400),
      ("2024-02-29T00:00:00-00:00", 1_709_164_800),
      ("2000-02-29T00:00:00Z", 951_782_400),
      ("0000-01-01T00:00:00Z", -62_167_219_200),
      ("9999-12-31T23:59:59.999999999999Z", 253_402_300_799.999999),
      ("1990-12-31T23:59:60Z", 662_688_000),
      ("1990-12-31T15:59:60-08:00", 662_688_000),
    ] as [(String, Double)])
  func `is read`(_ text: String, _ seconds: Double) throws {
    let date = try #require(RFC3339.parse(text))
    #expect(abs(date.timeIntervalSince1970 - seconds) < 0.000_05)
  }

  @Test(arguments: [
    "", "2026-03-01", "2026-03-01T09:30:00", "2026-03-01 09:30:00Z", "2026-03-01T09:30Z",
    "2026-3-01T09:30:00Z",
    "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
    "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-03-01T24:00:00Z",
    "2026-03-01T09:60:00Z", "2026-03-01T09:30:61Z", "2026-03-01T09:30:60Z", "2026-03-01T09:30:00.Z",
    "2026-03-01T09:30:00+24:00", "2026-03-01T09:30:00+01:60", "2026-03-01T09:30:00+0100",
    "2026-03-01T09:30:00+01",
    "2026-03-01T09:30:00Z ", " 2026-03-01T09:30:00Z", "٢026-03-01T09:30:00Z", "12026-03-01T09:30:00Z",
    "-2026-03-01T09:30:00Z", "2026-03-01T09:30:00ZZ",
  ])
  func `is refused when it is none`(_ text: String) {
    #expect(RFC3339.parse(text) == nil)
  }

  @Test func `counts every day of eight hundred years`() {
    let months = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    var day = -135_140  // 1600-01-01
    for year in 1600..<2400 {
      let isLeapYear = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      for month in 1...12 {
        let text = "\(year)-\(month < 10 ? "0" : "")\(month)-01T00:00:00Z"
        #expect(RFC3339.parse(text)?.timeIntervalSince1970 == Double(day) * 86_400)
        day += months[month - 1] + (month == 2 && isLeapYear ? 1 : 0)
      }
    }
  }

  @Test func `has a day that may stand alone`() {
    #expect(RFC3339.isDay("2024-02-29"))
    #expect(!RFC3339.isDay("2023-02-29"))
    #expect(!RFC3339.isDay("2024-02-29T"))
    #expect(!RFC3339.isDay("2024-2-29"))
  }
}
