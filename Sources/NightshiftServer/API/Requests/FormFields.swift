import Foundation
import Nightshift

/// The fields of an HTML form, as `application/x-www-form-urlencoded` has them.
struct FormFields: Sendable {
  /// No form of ours has more; a stranger's must not make the server sort through millions.
  static let limit = 1_000

  private let pairs: [(name: String, value: String)]

  init() { pairs = [] }

  init(parsing text: Substring) throws(Problem) {
    var pairs: [(name: String, value: String)] = []
    for part in text.split(separator: "&") {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decode(sides[0]), let value = Self.decode(sides.count > 1 ? sides[1] : "") else {
        throw .badRequest("malformed_form", "The form holds a `%` that does not begin an escaped UTF-8 character.")
      }
      guard pairs.count < Self.limit else {
        throw .badRequest("malformed_form", "The form has more than \(Self.limit) fields.")
      }
      guard !name.utf8.contains(0), !value.utf8.contains(0) else {
        throw .invalid([.init(parameter: name, Query.nulRule)])
      }
      pairs.append((name, value))
    }
    self.pairs = pairs
  }

  /// The field without white space around it; `nil` if it is missing or empty.
  subscript(name: String) -> String? {
    guard let text = raw(name)?.trimmingCharacters(in: .whitespacesAndNewlines), !text.isEmpty else { return nil }
    return text
  }

  /// The field as it was sent: for passwords, and for texts whose white space means something. Browsers send line ends
  /// as CR LF.
  func raw(_ name: String) -> String? { pairs.first { $0.name == name }?.value }

  /// All values of a field that may occur more than once, such as check boxes of the same name.
  func values(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

  /// All fields, in the order in which they were sent.
  var all: [(name: String, value: String)] { pairs }

  /// Undoes the encoding of a name or a value; `nil` if it is not well-formed. A plus is a space.
  static func decode(_ text: Substring) -> String? {
    text.replacingOccurrences(of: "+", with: " ").removingPercentEncoding
  }
}
