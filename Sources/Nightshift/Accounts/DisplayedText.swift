/// Text that stands for somebody or something in lists, logs and terminals: on one line, and just as it was written.
package enum DisplayedText {
  /// What it must be, for messages.
  package static let rule =
    "text on one line, without control characters and without characters that change the direction of writing"

  /// Whether nothing in it hides or rearranges what stands beside it: no line breaks, tabs, escape sequences, and none of
  /// the marks (such as U+202E) by which a name would be read backwards.
  package static func isValid(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: false
      default: !scalar.properties.isBidiControl
      }
    }
  }

  static func check(_ text: String?, field: String) throws(AccountError) {
    guard let text, !isValid(text) else { return }
    // What cannot be seen is written out.
    let found = text.truncatedUTF8(to: 40).unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
    throw AccountError(.invalid(field: field), "must be \(rule); got \"\(found)\"")
  }
}
