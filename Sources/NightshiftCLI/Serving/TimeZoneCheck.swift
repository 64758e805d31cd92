import Foundation

/// Whether time zones work in this binary.
///
/// A linker that builds a static binary drops Foundation's international part when nothing calls into it, and then
/// every zone but GMT is silently missing.
enum TimeZoneCheck {
  static var isFine: Bool {
    // The call that keeps the international part in the binary; its text is of no interest.
    let written = Date(timeIntervalSince1970: 0).formatted(date: .long, time: .omitted)
    return !written.isEmpty && TimeZone(identifier: "America/New_York") != nil
  }

  static let remedy =
    "install the system's time zones (apt-get install tzdata), or report a defect of this build"
}
