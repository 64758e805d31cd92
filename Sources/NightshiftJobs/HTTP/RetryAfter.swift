import Foundation
import Nightshift

/// The header `Retry-After`: seconds, or a date as HTTP writes it.
enum RetryAfter {
  /// Longer than this nobody's word is taken for it.
  private static let limit = Duration.seconds(3600)

  /// The wait, between nothing and an hour; `nil` if the text is neither form.
  static func parse(_ text: String, now: Timestamp) -> Duration? {
    let text = text.trimmingCharacters(in: .whitespaces)
    if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      return Int(text).map { min(.seconds(min($0, 3600)), limit) } ?? limit
    }
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 0)
    // RFC 9110 wants the first one sent and all three understood.
    for format in [
      "EEE, dd MMM yyyy HH:mm:ss 'GMT'", "EEEE, dd-MMM-yy HH:mm:ss 'GMT'", "EEE MMM d HH:mm:ss yyyy",
    ] {
      formatter.dateFormat = format
      if let date = formatter.date(from: text) { return min(max(Timestamp(date) - now, .zero), limit) }
    }
    return nil
  }
}
