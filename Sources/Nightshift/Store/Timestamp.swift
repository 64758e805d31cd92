package import Foundation

/// A moment as it is stored: microseconds since 1970-01-01 UTC.
package struct Timestamp: Hashable, Comparable, Sendable {
  package var microseconds: Int64

  package init(microseconds: Int64) { self.microseconds = microseconds }

  package init(_ date: Date) {
    self.init(microseconds: Int64((date.timeIntervalSince1970 * 1_000_000).rounded()))
  }

  package var date: Date { Date(timeIntervalSince1970: Double(microseconds) / 1_000_000) }

  package static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

  package static func + (moment: Timestamp, time: Duration) -> Timestamp {
    Timestamp(microseconds: moment.microseconds + time.microseconds)
  }

  package static func - (moment: Timestamp, time: Duration) -> Timestamp {
    Timestamp(microseconds: moment.microseconds - time.microseconds)
  }

  package static func - (left: Timestamp, right: Timestamp) -> Duration {
    .microseconds(left.microseconds - right.microseconds)
  }

  /// RFC 3339 with milliseconds, in UTC: how moments are written in the API, the logs and on the terminal.
  package var rfc3339: String {
    date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }
}

extension Duration {
  /// Whole microseconds, the fraction cut off.
  package var microseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
  }

  /// The length in seconds.
  package var seconds: Double { Double(microseconds) / 1_000_000 }
}
