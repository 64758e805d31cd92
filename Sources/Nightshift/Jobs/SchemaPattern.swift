import Foundation

/// A regular expression of a schema, with a bound on what it may cost.
///
/// `NSRegularExpression` rather than `Regex`: it is `Sendable`, so it is compiled once, and it reports how
/// far it is, so that a search which backtracks without end can be given up.
struct SchemaPattern: Sendable {
  enum Outcome { case matches, differs, tooLong, tooCostly }

  /// 64 KiB: patterns are for names and codes, and their cost grows with the text, some with its square.
  static let lengthLimit = 64 << 10
  /// What all searches of one check may cost together, else a list of slow texts would run on all the same.
  /// ICU reports every 10,000 steps or so, and 1,000 reports take about 0.15 s. A pattern that reads 64 KiB
  /// once needs under 20.
  private static let reportLimit = 1_000

  /// The pattern as the schema has it.
  let text: String
  private let expression: NSRegularExpression

  /// `nil` if this is no regular expression.
  init?(_ text: String) {
    // The error underneath says no more than that.
    guard let expression = try? NSRegularExpression(pattern: Self.translated(text)) else { return nil }
    self.text = text
    self.expression = expression
  }

  /// Looks for the pattern anywhere in the text, as JSON Schema has it.
  ///
  /// - Parameter reports: What the searches of this check have cost so far; it grows by the cost of this one.
  func search(_ subject: String, reports: inout Int) -> Outcome {
    guard subject.utf8.count <= Self.lengthLimit else { return .tooLong }
    var outcome = Outcome.differs
    var total = reports
    let range = NSRange(location: 0, length: subject.utf16.count)
    let options: NSRegularExpression.MatchingOptions = [.reportProgress, .reportCompletion]
    expression.enumerateMatches(in: subject, options: options, range: range) { match, flags, stop in
      if flags.contains(.progress) { total += 1 }
      if match != nil {
        outcome = .matches
        stop.pointee = true
      } else if flags.contains(.internalError) || total > Self.reportLimit {
        outcome = .tooCostly
        stop.pointee = true
      }
    }
    reports = total
    return outcome
  }

  /// The pattern in ICU's words. ECMA-262 differs where it matters to a check: `$` is only the very end
  /// (ICU's also stands before a last line break), `\d` and `\w` are ASCII, and `[` and `&` in a class are
  /// only characters.
  private static func translated(_ pattern: String) -> String {
    var result = ""
    var isInClass = false
    var scalars = pattern.unicodeScalars.makeIterator()
    while let scalar = scalars.next() {
      switch scalar {
      case "\\": result += escape(scalars.next(), isInClass: isInClass)
      case "[":
        result += isInClass ? "\\[" : "["
        isInClass = true
      case "]":
        result += "]"
        isInClass = false
      case "$" where !isInClass: result += "\\z"
      case "&" where isInClass: result += "\\&"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func escape(_ scalar: Unicode.Scalar?, isInClass: Bool) -> String {
    switch scalar {
    case "d": isInClass ? "0-9" : "[0-9]"
    case "D": "[^0-9]"
    case "w": isInClass ? "A-Za-z0-9_" : "[A-Za-z0-9_]"
    case "W": "[^A-Za-z0-9_]"
    case let scalar?: "\\\(scalar)"
    case nil: "\\"
    }
  }
}
