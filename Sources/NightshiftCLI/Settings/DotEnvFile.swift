import Foundation

/// The `.env` file: one `NAME=value` a line, as shells and other programs read it.
struct DotEnvFile: Sendable {
  struct Entry: Sendable, Equatable {
    var name: String
    var value: String
    var line: Int
  }

  var entries: [Entry]

  init(parsing text: String, name file: String = ".env") throws(CommandFailure) {
    entries = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      var line = line.trimmingCharacters(in: .whitespaces)
      guard !line.isEmpty, !line.hasPrefix("#") else { continue }
      if line.hasPrefix("export ") { line = String(line.dropFirst(7)) }
      guard let equals = line.firstIndex(of: "="), equals != line.startIndex else {
        throw CommandFailure("\(file) line \(index + 1) is not NAME=value. Correct it, or begin it with #.")
      }
      let name = line[..<equals].trimmingCharacters(in: .whitespaces)
      guard let value = Self.value(String(line[line.index(after: equals)...])) else {
        throw CommandFailure(
          "\(file) line \(index + 1): the quote around the value of \(name) is not closed.")
      }
      entries.append(Entry(name: name, value: value, line: index + 1))
    }
  }

  /// Takes quotes off; without them a `#` after a blank begins a comment.
  private static func value(_ text: String) -> String? {
    let text = text.trimmingCharacters(in: .whitespaces)
    guard let quote = text.first, quote == "\"" || quote == "'" else {
      let comment = text.range(of: " #")?.lowerBound ?? text.endIndex
      return text[..<comment].trimmingCharacters(in: .whitespaces)
    }
    var value = ""
    var isEscaped = false
    for character in text.dropFirst() {
      if isEscaped {
        value.append(character == "n" ? "\n" : character)
        isEscaped = false
      } else if quote == "\"", character == "\\" {
        isEscaped = true
      } else if character == quote {
        return value
      } else {
        value.append(character)
      }
    }
    return nil
  }
}
