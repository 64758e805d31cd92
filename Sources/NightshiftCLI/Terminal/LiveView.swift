import Foundation
import Nightshift

/// Shows a job while it runs: a bar and its log on a terminal, plain lines elsewhere. All on standard error, so that
/// the result alone goes to standard output.
struct LiveView {
  private let terminal: Terminal
  private var hasBar = false
  private var lastPercent = -1
  private var bar: String?

  init(terminal: Terminal) { self.terminal = terminal }

  private var width: Int { terminal.width ?? 80 }

  mutating func progress(_ fraction: Double, _ message: String?) {
    guard terminal.isErrorTerminal else {
      let percent = Int(fraction * 100)
      // Each percent once: a log file is no film.
      guard percent != lastPercent else { return }
      lastPercent = percent
      return Self.write(ProgressBar.plainLine(fraction: fraction, message: message) + "\n")
    }
    bar = ProgressBar.line(
      fraction: fraction, message: message, width: width, isColored: terminal.colorsErrors)
    clearBar()
    drawBar()
  }

  mutating func log(_ level: String, _ message: String) {
    clearBar()
    for line in message.split(separator: "\n", omittingEmptySubsequences: false) {
      let text = TextWidth.singleLine(String(line))
      Self.write((level == "info" ? text : Self.label(level, terminal.colorsErrors) + text) + "\n")
    }
    drawBar()
  }

  mutating func note(_ text: String) {
    clearBar()
    Self.write(Style.dim.paint(TextWidth.singleLine(text), ifColored: terminal.colorsErrors) + "\n")
    drawBar()
  }

  /// What is not obvious from progress and log: that it begins, or has to begin again.
  mutating func state(_ state: String, attempt: Int) {
    switch JobState(rawValue: state) {
    case .running where attempt > 1: note("running, attempt \(attempt)")
    case .running: note("running")
    case .scheduled: note("attempt \(attempt) is over; the job will be run again")
    case .waiting: note("waiting")
    default: break
    }
  }

  /// Takes the bar away for good.
  mutating func end() {
    clearBar()
    bar = nil
  }

  private mutating func clearBar() {
    guard hasBar else { return }
    Self.write("\r\u{1B}[2K")
    hasBar = false
  }

  private mutating func drawBar() {
    guard let bar, terminal.isErrorTerminal else { return }
    Self.write(bar)
    hasBar = true
  }

  private static func label(_ level: String, _ isColored: Bool) -> String {
    let style: Style =
      switch level {
      case "warning": .yellow
      case "error", "critical": .red
      default: .dim
      }
    return style.paint("\(level): ", ifColored: isColored)
  }

  private static func write(_ text: String) { Output.write(text, to: STDERR_FILENO) }
}
