import Foundation
import Nightshift

/// A moment as pages show it: roughly, with the exact one beside it. The partial `time` shows it.
struct TimeView: Sendable {
  let iso: String
  let exact: String
  let about: String

  init(_ moment: Timestamp, now: Timestamp) {
    iso = moment.rfc3339
    exact = Self.exact(moment)
    about = Self.about(moment - now)
  }

  init?(_ moment: Timestamp?, now: Timestamp) {
    guard let moment else { return nil }
    self.init(moment, now: now)
  }

  /// `2026-11-21 14:03:22 UTC`.
  static func exact(_ moment: Timestamp) -> String {
    let text = moment.rfc3339
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) UTC"
  }

  /// As `time.js` says it too, once it has loaded.
  static func about(_ distance: Duration) -> String {
    let seconds = distance.seconds
    let size = abs(seconds)
    if size < 5 { return "just now" }
    let (count, unit): (Double, String) =
      switch size {
      case ..<60: (size, "s")
      case ..<3_600: (size / 60, "min")
      case ..<172_800: (size / 3_600, "h")  // Two days are soon enough over to count their hours.
      case ..<(86_400 * 60): (size / 86_400, "d")
      default: (size / (86_400 * 30.44), "mo")
      }
    let text = "\(Int(count)) \(unit)"
    return seconds < 0 ? "\(text) ago" : "in \(text)"
  }
}

extension Duration {
  /// For people, to about two digits: `340 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`.
  var forPeople: String {
    let all = seconds
    switch abs(all) {
    case ..<0.001: return all == 0 ? "0 s" : "\(microseconds) µs"
    case ..<1: return "\(Int(all * 1000)) ms"
    case ..<10: return "\((all * 10).rounded() / 10) s"
    case ..<60: return "\(Int(all)) s"
    case ..<3_600: return Self.pair(Int(all) / 60, "min", Int(all) % 60, "s")
    case ..<86_400: return Self.pair(Int(all) / 3_600, "h", Int(all) % 3_600 / 60, "min")
    default: return Self.pair(Int(all) / 86_400, "d", Int(all) % 86_400 / 3_600, "h")
    }
  }

  private static func pair(_ large: Int, _ unit: String, _ small: Int, _ part: String) -> String {
    small == 0 ? "\(large) \(unit)" : "\(large) \(unit) \(small) \(part)"
  }
}

extension Int {
  /// With its digits in groups: `12,345,678`.
  var grouped: String {
    var text = ""
    let digits = String(magnitude)
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.count - place).isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return self < 0 ? "-\(text)" : text
  }
}
