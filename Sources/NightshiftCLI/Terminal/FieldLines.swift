import Foundation
import Nightshift

/// Fields with their names before them, each as many lines as the terminal makes of it.
struct FieldLines {
  /// The columns that the names take up.
  let nameWidth: Int
  var indent = 2
  /// The columns there are; `nil` when the output goes to a program, which wants each field in one line.
  let width: Int?
  let isColored: Bool
  /// A terminal that leaves less for the values gets longer lines: it breaks them itself.
  private static let readable = 12

  init(nameWidth: Int, indent: Int = 2, width: Int?, isColored: Bool) {
    self.nameWidth = nameWidth
    self.indent = indent
    self.width = width
    self.isColored = isColored
  }

  /// One field; nothing if it is empty.
  func text(_ name: String, _ value: String, _ style: Style = .plain) -> [String] {
    let value = TextWidth.singleLine(value).trimmingCharacters(in: .whitespaces)
    return value.isEmpty ? [] : lines(name, style) { TextWidth.wrap(value, to: $0) }
  }

  /// A field that is JSON, broken behind commas.
  func json(_ name: String, _ value: JSONValue) -> [String] {
    let text = TextWidth.singleLine(value.stringValue ?? value.description)
    guard value.stringValue == nil else { return self.text(name, text) }
    return lines(name, .plain) { TextWidth.wrapJSON(text, to: $0) }
  }

  private func lines(_ name: String, _ style: Style, _ wrap: (Int) -> [String]) -> [String] {
    let start = indent + max(nameWidth, TextWidth.of(name) + 1)
    let room = width.map { max(Self.readable, $0 - start) } ?? .max
    let blank = String(repeating: " ", count: indent)
    let wrapped = wrap(room)
    // A digest or a path that is too long to stand beside its name may fit below it.
    if let width, wrapped.contains(where: { TextWidth.of($0) > room }) {
      let below = wrap(max(Self.readable, width - indent - 2))
      if below.allSatisfy({ TextWidth.of($0) <= width - indent - 2 }) {
        return [blank + Style.dim.paint(name, ifColored: isColored)]
          + below.map { "\(blank)  \(style.paint($0, ifColored: isColored))" }
      }
    }
    return wrapped.enumerated().map { place, text in
      let title = place == 0 ? name : ""
      let padded = title + String(repeating: " ", count: start - indent - TextWidth.of(title))
      return blank + Style.dim.paint(padded, ifColored: isColored) + style.paint(text, ifColored: isColored)
    }
  }
}

extension TextWidth {
  /// JSON in lines of at most so many columns, broken behind commas and between words.
  fileprivate static func wrapJSON(_ text: String, to columns: Int) -> [String] {
    guard of(text) > columns else { return [text] }
    var lines = [""]
    for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
      let isFirst = lines == [""]
      if !isFirst { lines[lines.count - 1] += "," }
      // One column is left for the comma.
      if isFirst || of(lines[lines.count - 1]) + of(String(piece)) < columns {
        lines[lines.count - 1] += piece
      } else {
        lines.append(String(piece))
      }
    }
    return lines.flatMap { wrap($0, to: columns) }
  }
}
