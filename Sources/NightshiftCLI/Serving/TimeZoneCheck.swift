import Foundation

/// Whether time zones work in this binary.
///
/// A linker that builds a static binary drops Foundation's international part when nothing calls into it, and then
/// every zone but GMT is silently missing.
enum TimeZoneCheck {
  static var isFine: Bool {
    if TimeZone(identifier: "America/New_York") != nil { return true }
    // The call that keeps the international part in the binary. Nobody ever wants its text, and it would fill several
    // megabytes of every process's memory.
    return Date(timeIntervalSince1970: 0).formatted(date: .long, time: .omitted).isEmpty
  }

  static let remedy =
    "install the system's time zones (apt-get install tzdata), or report a defect of this build"
}
