import Foundation
import Nightshift

/// Short ways to take out of the API's JSON what a table shows. What is missing shows as nothing.
extension JSONValue {
  func text(_ key: String) -> String { self[key]?.stringValue ?? "" }

  func number(_ key: String) -> Int { self[key]?.intValue ?? 0 }

  func moment(_ key: String) -> Date? { self[key]?.stringValue.flatMap(RFC3339.parse) }

  func texts(_ key: String) -> [String] { self[key]?.arrayValue?.compactMap(\.stringValue) ?? [] }

  func items(_ key: String) -> [JSONValue] { self[key]?.arrayValue ?? [] }

  /// When it is or was, seen from now.
  func relative(_ key: String, now: Date) -> String {
    moment(key).map { RelativeTime.text($0, now: now) } ?? ""
  }
}
