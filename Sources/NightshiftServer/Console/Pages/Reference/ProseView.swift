/// A description as the API's file has it: paragraphs with an empty line between them, names in backticks.
struct ProseView: Sendable {
  struct Paragraph: Sendable {
    let pieces: [Piece]
  }

  /// One of both.
  struct Piece: Sendable {
    let words: String?
    let code: String?
  }

  let paragraphs: [Paragraph]

  init(_ text: String) {
    var lines: [[Substring]] = [[]]
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty { lines.append([]) } else { lines[lines.count - 1].append(line) }
    }
    // Lines end where the file's width does, which means nothing here.
    paragraphs = lines.filter { !$0.isEmpty }.map { Paragraph(pieces: Self.pieces($0.joined(separator: " "))) }
  }

  private static func pieces(_ text: String) -> [Piece] {
    text.split(separator: "`", omittingEmptySubsequences: false).enumerated().compactMap { place, part in
      guard !part.isEmpty else { return nil }
      return place.isMultiple(of: 2) ? Piece(words: String(part), code: nil) : Piece(words: nil, code: String(part))
    }
  }
}
