import Foundation
import Nightshift

/// The query parameters of a request.
struct Query: Sendable {
  static let nulRule = "must not contain the character NUL (U+0000)"

  private let pairs: [(name: String, value: String)]

  /// Reads what follows the `?`.
  init(parsing text: Substring?) throws(Problem) {
    var pairs: [(name: String, value: String)] = []
    for part in (text ?? "").split(separator: "&") {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let pair = (name: try Self.decode(sides[0]), value: try Self.decode(sides.count > 1 ? sides[1] : ""))
      // A database would cut a text there, and find other things than those that were asked for.
      guard !pair.name.utf8.contains(0), !pair.value.utf8.contains(0) else {
        throw .invalid([.init(parameter: pair.name, Self.nulRule)])
      }
      pairs.append(pair)
    }
    self.pairs = pairs
  }

  private static func decode(_ text: Substring) throws(Problem) -> String {
    guard let decoded = FormFields.decode(text) else {
      throw .badRequest(
        "malformed_query", "The query holds a `%` that does not begin an escaped UTF-8 character.")
    }
    return decoded
  }

  var names: [String] { pairs.map(\.name) }

  /// Refuses parameters that a route does not know, since ignoring a filter would show the wrong jobs.
  func check(known: [String]) throws(Problem) {
    let faults = names.filter { !known.contains($0) }.map { name in
      let nearest = Spelling.nearest(to: name, among: known).map { ": did you mean `\($0)`?" }
      let all = known.isEmpty ? ": this route has none" : "; known are \(known.joined(separator: ", "))"
      return Problem.Fault(parameter: name, "is not known" + (nearest ?? all))
    }
    guard faults.isEmpty else { throw .invalid(faults) }
  }

  /// The value of a parameter that may occur once; `nil` if it is missing or empty.
  func value(_ name: String) throws(Problem) -> String? {
    let values = pairs.filter { $0.name == name }.map(\.value)
    guard values.count <= 1 else { throw .invalid([.init(parameter: name, "must occur only once")]) }
    return values.first.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// All values of a parameter that may be repeated, or hold several with commas between.
  func values(_ name: String) -> [String] {
    pairs.filter { $0.name == name }.flatMap { $0.value.split(separator: ",").map(String.init) }
  }

  /// A parameter that `read` understands; else it is refused with `rule`, which says what it must be.
  func value<Value>(_ name: String, _ rule: String, _ read: (String) -> Value?) throws(Problem) -> Value? {
    guard let text = try value(name) else { return nil }
    guard let value = read(text) else {
      throw .invalid([.init(parameter: name, "must be \(rule); got \"\(text.truncatedUTF8(to: 40))\"")])
    }
    return value
  }

  /// A moment in RFC 3339.
  func moment(_ name: String) throws(Problem) -> Timestamp? {
    // An unescaped "+" of a time zone has been read as a space; no other space can occur in a moment.
    try value(name, "a moment such as 2026-12-01T08:00:00Z") { text in
      RFC3339.parse(text.replacingOccurrences(of: " ", with: "+")).map { Timestamp($0) }
    }
  }
}
