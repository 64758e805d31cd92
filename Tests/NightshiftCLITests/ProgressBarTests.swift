import Foundation
import Testing

@testable import NightshiftCLI

@Suite struct `A progress bar` {
  @Test(arguments: [
    (0.0, "▕          ▏   0 %"), (0.5, "▕█████     ▏  50 %"), (0.555, "▕█████▌    ▏  55 %"),
    (1.0, "▕██████████▏ 100 %"), (-3.0, "▕          ▏   0 %"), (7.0, "▕██████████▏ 100 %"),
  ])
  func `fills with the work`(_ fraction: Double, _ line: String) {
    #expect(ProgressBar.line(fraction: fraction, message: nil, width: 30, isColored: false) == line)
  }

  @Test(arguments: [20, 30, 80, 200])
  func `never exceeds the terminal`(_ width: Int) {
    let message = String(repeating: "packing 日本 ", count: 30)
    let line = ProgressBar.line(fraction: 0.3, message: message, width: width, isColored: false)
    #expect(TextWidth.of(line) <= width)
  }

  @Test func `is a plain line in a pipe`() {
    #expect(ProgressBar.plainLine(fraction: 0.42, message: "packing") == "progress 42% packing")
    #expect(ProgressBar.plainLine(fraction: 0.42, message: nil) == "progress 42%")
  }
}

@Suite struct `A relative time` {
  @Test(arguments: [
    (0.0, "now"), (-5.0, "5s ago"), (-90.0, "1m ago"), (-7200.0, "2h ago"), (-259_200.0, "3d ago"),
    (300.0, "in 5m"),
  ])
  func `is short`(_ offset: Double, _ text: String) {
    let now = Date(timeIntervalSince1970: 1_800_000_000)
    #expect(RelativeTime.text(now + offset, now: now) == text)
  }

  @Test(arguments: [
    (0.0023, "2.3ms"), (0.0123, "12ms"), (0.5, "500ms"), (2.04, "2.0s"), (59.99, "1m"), (3700.0, "1h1m40s"),
  ])
  func `tells a duration with fitting precision`(_ seconds: Double, _ text: String) {
    #expect(RelativeTime.duration(seconds) == text)
  }
}
