/// Rows under headings, as wide as their contents and no wider than the terminal.
struct Table {
  struct Column {
    var title: String
    var isRightAligned = false
    /// Whether it gives up width before columns are left out. Ids, which people copy, do not.
    var isFlexible = false
    var isOptional = false
    /// Whether its texts go on below where they are too long, instead of being cut.
    var wraps = false

    static func text(_ title: String) -> Column { Column(title: title) }
    static func flexible(_ title: String) -> Column { Column(title: title, isFlexible: true) }
    static func number(_ title: String) -> Column { Column(title: title, isRightAligned: true) }
    static func wrapping(_ title: String) -> Column { Column(title: title, isFlexible: true, wraps: true) }

    /// The same, left out where the terminal is narrow: before the others, the last one first.
    var optional: Column {
      var column = self
      column.isOptional = true
      return column
    }
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
  /// A flexible column that would have to be narrower tells nothing any more.
  private static let readable = 12
  /// And it shall not be narrower than this for the sake of an optional one.
  private static let comfortable = 24

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
    guard let shown = shown(natural, within: width) else { return records(width ?? .max, isColored) }
    let widths = widths(natural, of: shown, within: width)
    let heading = columns.map { Cell($0.title, .dim) }
    return ([heading] + rows).flatMap { row in
      wrapped(row, widths).map { line($0, shown, widths, isColored) }
    }
  }

  /// A row in as many as its longest wrapping cell needs.
  private func wrapped(_ cells: [Cell], _ widths: [Int]) -> [[Cell]] {
    let pieces = columns.indices.map { index in
      columns[index].wraps ? TextWidth.wrap(cells[index].text, to: widths[index]) : [cells[index].text]
    }
    let count = pieces.map(\.count).max() ?? 1
    return (0..<count).map { place in
      columns.indices.map { Cell(pieces[$0].indices.contains(place) ? pieces[$0][place] : "", cells[$0].style) }
    }
  }

  /// The columns that fit: optional ones are left out first, the last of them first, and come back where there is room
  /// after all. `nil` when not even the others can be read.
  private func shown(_ natural: [Int], within limit: Int?) -> [Int]? {
    let all = Array(columns.indices)
    guard let limit else { return all }
    func fits(_ shown: [Int], _ flexibleWidth: Int) -> Bool {
      let least = shown.map { index in
        let (column, natural) = (columns[index], natural[index])
        return column.isFlexible ? min(natural, max(flexibleWidth, TextWidth.of(column.title))) : natural
      }
      return least.reduce(Self.gap * (shown.count - 1), +) <= limit
    }
    var shown = all.filter { !columns[$0].isOptional }
    guard fits(shown, Self.readable) else { return nil }
    for index in all where columns[index].isOptional {
      let more = (shown + [index]).sorted()
      if fits(more, Self.comfortable) { shown = more }
    }
    return shown
  }

  /// Takes width from the widest flexible column first.
  private func widths(_ natural: [Int], of shown: [Int], within limit: Int?) -> [Int] {
    var widths = natural
    guard let limit else { return widths }
    var excess = shown.reduce(Self.gap * (shown.count - 1)) { $0 + natural[$1] } - limit
    let flexible = shown.filter { columns[$0].isFlexible }
    while excess > 0, let widest = flexible.max(by: { widths[$0] < widths[$1] }) {
      widths[widest] -= 1
      excess -= 1
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

  /// Each row as a block of lines `HEADING  value`, for terminals on which the columns cannot stand side by side.
  private func records(_ width: Int, _ isColored: Bool) -> [String] {
    let indent = (columns.map { TextWidth.of($0.title) }.max() ?? 0) + Self.gap
    let blocks = rows.map { row in
      zip(columns, row).filter { !$1.text.isEmpty }.flatMap { column, cell in
        let title = column.title + String(repeating: " ", count: indent - TextWidth.of(column.title))
        let lines = TextWidth.wrap(cell.text, to: max(Self.readable, width - indent))
        return lines.enumerated().map { place, text in
          (place == 0 ? Style.dim.paint(title, ifColored: isColored) : String(repeating: " ", count: indent))
            + cell.style.paint(text, ifColored: isColored)
        }
      }
    }
    return Array(blocks.joined(separator: [""]))
  }
}
