import Foundation
import Nightshift

/// How long ago or ahead something is, short enough for a table: `3m ago`, `in 2h`.
enum RelativeTime {
  static func text(_ moment: Date, now: Date) -> String {
    let seconds = moment.timeIntervalSince(now)
    let amount = amount(abs(seconds))
    if amount == "0s" { return "now" }
    return seconds > 0 ? "in \(amount)" : "\(amount) ago"
  }

  /// A length of time in its largest whole unit.
  static func amount(_ seconds: Double) -> String {
    switch seconds {
    case ..<60: "\(Int(seconds))s"
    case ..<3600: "\(Int(seconds / 60))m"
    case ..<(48 * 3600): "\(Int(seconds / 3600))h"
    default: "\(Int(seconds / 86_400))d"
    }
  }

  /// How long something took, with the precision that its size deserves.
  static func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<0.00995: String(format: "%.1fms", seconds * 1000)
    case ..<0.9995: String(format: "%.0fms", seconds * 1000)
    case ..<59.95: String(format: "%.1fs", seconds)
    default: Duration.seconds(Int(seconds.rounded())).text
    }
  }
}
