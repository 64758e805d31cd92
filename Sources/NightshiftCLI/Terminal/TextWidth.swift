/// How many columns of a terminal a text takes up.
enum TextWidth {
  static func of(_ text: String) -> Int {
    // Nearly everything that is shown is ASCII, where a byte is a column.
    if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text.utf8.count }
    return text.reduce(0) { $0 + of($1) }
  }

  static func of(_ character: Character) -> Int {
    guard let first = character.unicodeScalars.first else { return 0 }
    let properties = first.properties
    switch properties.generalCategory {
    case .control, .format, .nonspacingMark, .enclosingMark: return 0
    default: break
    }
    let isEmoji = properties.isEmojiPresentation || character.unicodeScalars.contains("\u{FE0F}")
    return isEmoji || wide.contains { $0.contains(first.value) } ? 2 : 1
  }

  /// The blocks that Unicode's EastAsianWidth.txt marks as wide or full width.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
    0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
    0x20000...0x3FFFD,
  ]

  /// The text cut to so many columns, with "…" where something was cut off: after a word, if one ends near there.
  static func fit(_ text: String, to columns: Int) -> String {
    guard of(text) > columns else { return text }
    guard columns > 0 else { return "" }
    var kept = ""
    var used = 0
    for character in text {
      let width = of(character)
      guard used + width <= columns - 1 else { break }
      kept.append(character)
      used += width
    }
    let rest = text.dropFirst(kept.count)
    if rest.first != " ", let blank = kept.lastIndex(of: " "), of(String(kept[..<blank])) * 2 >= columns {
      kept = String(kept[..<blank])
    }
    while kept.last == " " { kept.removeLast() }
    return kept + "…"
  }

  /// The text in lines of at most so many columns, broken between words. A word that is longer stays whole: an id or a
  /// path that is cut cannot be copied.
  static func wrap(_ text: String, to columns: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      if line.isEmpty {
        line = String(word)
      } else if of(line) + 1 + of(String(word)) <= columns {
        line += " \(word)"
      } else {
        lines.append(line)
        line = String(word)
      }
    }
    return lines + [line]
  }

  /// The text in one line, without anything a terminal would obey: what jobs log is not ours to trust.
  static func singleLine(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    var line = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n", "\t", "\r": line.append(" ")
      case _ where isUnsafe(scalar): line.append("\u{FFFD}")
      default: line.unicodeScalars.append(scalar)
      }
    }
    return line
  }

  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
