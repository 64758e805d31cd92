/// Rows under headings, as wide as their contents and no wider than the terminal.
struct Table {
  struct Column {
    var title: String
    var isRightAligned = false
    /// Whether it gives up width before the others do. Ids, which people copy, do not.
    var isFlexible = false
    var isOptional = false

    static func text(_ title: String) -> Column { Column(title: title) }
    static func flexible(_ title: String) -> Column { Column(title: title, isFlexible: true) }
    /// Left out before any other where the terminal is narrow.
    static func optional(_ title: String) -> Column { Column(title: title, isOptional: true) }
    static func number(_ title: String) -> Column { Column(title: title, isRightAligned: true) }
  }

  struct Cell: ExpressibleByStringLiteral {
    var text: String
    var style: Style

    init(_ text: String, _ style: Style = .plain) {
      self.text = TextWidth.singleLine(text)
      self.style = style
    }

    init(stringLiteral value: String) { self.init(value) }
  }

  private let columns: [Column]
  private var rows: [[Cell]] = []
  private static let gap = 2
  private static let narrowest = 4
  /// A flexible column that would have to be narrower tells nothing any more.
  private static let readable = 8

  init(_ columns: [Column]) { self.columns = columns }

  var isEmpty: Bool { rows.isEmpty }

  mutating func add(_ cells: [Cell]) {
    precondition(cells.count == columns.count, "a row has a cell for each column")
    rows.append(cells)
  }

  func lines(width: Int?, isColored: Bool) -> [String] {
    let natural = columns.indices.map { index in
      rows.reduce(TextWidth.of(columns[index].title)) { max($0, TextWidth.of($1[index].text)) }
    }
    let shown = shown(natural, within: width)
    let widths = widths(natural, of: shown, within: width)
    let heading = columns.map { Cell($0.title, .dim) }
    return ([heading] + rows).map { line($0, shown, widths, isColored) }
  }

  /// Leaves out optional columns, and then flexible ones, the last first, where the rest could not be read otherwise.
  private func shown(_ natural: [Int], within limit: Int?) -> [Int] {
    var shown = Array(columns.indices)
    guard let limit else { return shown }
    func least(_ shown: [Int]) -> Int {
      shown.reduce(Self.gap * (shown.count - 1)) { sum, index in
        sum + (columns[index].isFlexible ? min(natural[index], Self.readable) : natural[index])
      }
    }
    for isLess in [\Column.isOptional, \Column.isFlexible] {
      while least(shown) > limit, let last = shown.dropFirst().last(where: { columns[$0][keyPath: isLess] }) {
        shown.removeAll { $0 == last }
      }
    }
    return shown
  }

  /// Takes width from the widest flexible column first, and from the others only when that is not enough.
  private func widths(_ natural: [Int], of shown: [Int], within limit: Int?) -> [Int] {
    var widths = natural
    guard let limit else { return widths }
    var excess = shown.reduce(Self.gap * (shown.count - 1)) { $0 + natural[$1] } - limit
    for isFlexible in [true, false] {
      let indices = shown.filter { columns[$0].isFlexible == isFlexible }
      while excess > 0, let widest = indices.max(by: { widths[$0] < widths[$1] }),
        widths[widest] > Self.narrowest
      {
        widths[widest] -= 1
        excess -= 1
      }
    }
    return widths
  }

  private func line(_ cells: [Cell], _ shown: [Int], _ widths: [Int], _ isColored: Bool) -> String {
    var line = ""
    for index in shown {
      let cell = cells[index]
      let text = TextWidth.fit(cell.text, to: widths[index])
      let padding = String(repeating: " ", count: widths[index] - TextWidth.of(text))
      let painted = cell.style.paint(text, ifColored: isColored)
      let isLast = index == shown.last
      line += columns[index].isRightAligned ? padding + painted : isLast ? painted : painted + padding
      if !isLast { line += String(repeating: " ", count: Self.gap) }
    }
    // An empty last cell would leave blanks at the end, which shows when the line is copied.
    while line.last == " " { line.removeLast() }
    return line
  }
}
