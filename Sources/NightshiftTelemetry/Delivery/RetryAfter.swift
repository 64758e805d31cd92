import Foundation
import Nightshift

/// The header `Retry-After`: seconds, or a date as HTTP writes it.
enum RetryAfter {
  /// Longer than this nobody's word is taken for it.
  static let limit = Duration.seconds(3600)

  static func parse(_ text: String?, now: Timestamp) -> Duration? {
    guard let text = text?.trimmingCharacters(in: .whitespaces), !text.isEmpty else { return nil }
    if let seconds = Double(text), seconds.isFinite { return min(.seconds(max(0, min(seconds, 3600))), limit) }
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 0)
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    return formatter.date(from: text).map { min(max(Timestamp($0) - now, .zero), limit) }
  }
}
