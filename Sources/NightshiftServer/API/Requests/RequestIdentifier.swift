import Foundation
import HTTPTypes

/// Names one request in the answer, in the log, and in what the caller reports.
enum RequestIdentifier {
  static let field = HTTPField.Name("X-Request-ID")!

  /// The caller's own id if it is harmless in a log line, else a new one.
  static func take(from headers: HTTPFields) -> String {
    guard let given = headers[field], (1...64).contains(given.utf8.count), given.utf8.allSatisfy(isHarmless)
    else {
      return UUID().uuidString.lowercased()
    }
    return given
  }

  private static func isHarmless(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}
