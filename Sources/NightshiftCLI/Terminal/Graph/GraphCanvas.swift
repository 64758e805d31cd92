/// Rows of characters on which lines meet: where several do, the character that joins them is chosen.
struct GraphCanvas {
  /// Where a line leaves a character.
  struct Ends: OptionSet, Hashable {
    let rawValue: Int
    static let up = Ends(rawValue: 1)
    static let down = Ends(rawValue: 2)
    static let left = Ends(rawValue: 4)
    static let right = Ends(rawValue: 8)
  }

  private struct Cell {
    var ends: Ends = []
    /// Lines that pass here go behind this one, which is not joined to them.
    var isCrossed = false
    var text: Character?
    var style = Style.dim
  }

  private static let characters: [Ends: Character] = [
    [.up, .down]: "│", [.up]: "│", [.down]: "│", [.left, .right]: "─", [.left]: "─", [.right]: "─",
    [.down, .right]: "┌", [.down, .left]: "┐", [.up, .right]: "└", [.up, .left]: "┘",
    [.up, .down, .right]: "├", [.up, .down, .left]: "┤", [.down, .left, .right]: "┬", [.up, .left, .right]: "┴",
    [.up, .down, .left, .right]: "┼",
  ]

  private let width: Int
  private var rows: [[Cell]] = []

  init(width: Int) { self.width = width }

  /// Adds empty rows and tells the number of the first.
  mutating func addRows(_ count: Int) -> Int {
    rows += Array(repeating: Array(repeating: Cell(), count: width + 1), count: count)
    return rows.count - count
  }

  mutating func line(_ row: Int, _ column: Int, _ ends: Ends) { rows[row][column].ends.formUnion(ends) }

  mutating func text(_ text: String, row: Int, column: Int, _ style: Style) {
    for (place, character) in text.enumerated() where column + place < width {
      rows[row][column + place].text = character
      rows[row][column + place].style = style
    }
  }

  mutating func box(row: Int, column: Int, width: Int) {
    let right = column + width - 1
    for x in column...right {
      let sides: Ends = x == column ? .right : x == right ? .left : [.left, .right]
      line(row, x, x == column || x == right ? sides.union(.down) : sides)
      line(row + 3, x, x == column || x == right ? sides.union(.up) : sides)
    }
    for y in [row + 1, row + 2] { for x in [column, right] { line(y, x, [.up, .down]) } }
  }

  /// A line across that joins columns from above with columns below.
  mutating func bus(row: Int, from above: [Int], to below: [Int]) {
    let all = above + below
    guard let first = all.min(), let last = all.max() else { return }
    for x in first...last {
      if x > first { line(row, x, .left) }
      if x < last { line(row, x, .right) }
    }
    for x in above { line(row, x, .up) }
    for x in below { line(row, x, .down) }
  }

  /// A line that goes down through a row; one that goes across there goes on behind it, unless they are joined.
  mutating func pass(_ row: Int, _ column: Int) {
    let ends = rows[row][column].ends
    if !ends.isEmpty, ends.isDisjoint(with: [.up, .down]) { rows[row][column].isCrossed = true }
    line(row, column, [.up, .down])
  }

  func lines(isColored: Bool) -> [String] {
    rows.map { row in
      var line = ""
      var run = ""
      var style = Style.plain
      for cell in row {
        let character = cell.text ?? (cell.isCrossed ? "│" : Self.characters[cell.ends] ?? " ")
        if cell.style != style {
          line += style.paint(run, ifColored: isColored)
          (run, style) = ("", cell.style)
        }
        run.append(character)
      }
      while run.last == " " { run.removeLast() }
      line += style.paint(run, ifColored: isColored)
      return line
    }
  }
}
