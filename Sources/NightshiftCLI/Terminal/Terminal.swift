import Foundation

/// What the program's standard streams are connected to.
struct Terminal: Sendable {
  var isInputTerminal: Bool
  var isOutputTerminal: Bool
  var isErrorTerminal: Bool
  /// The columns that a table may take up; `nil` when the output goes to a program, which wants it whole.
  var width: Int?
  /// Whether the user allows colours at all.
  var allowsColor: Bool

  var colorsOutput: Bool { isOutputTerminal && allowsColor }
  var colorsErrors: Bool { isErrorTerminal && allowsColor }

  init(
    isInputTerminal: Bool = false, isOutputTerminal: Bool = false, isErrorTerminal: Bool = false,
    width: Int? = nil, allowsColor: Bool = true
  ) {
    self.isInputTerminal = isInputTerminal
    self.isOutputTerminal = isOutputTerminal
    self.isErrorTerminal = isErrorTerminal
    self.width = width
    self.allowsColor = allowsColor
  }

  /// What this process was started with.
  static func current(environment: [String: String]) -> Terminal {
    let isOutputTerminal = isatty(STDOUT_FILENO) == 1
    // https://no-color.org: any value that is not empty. A dumb terminal cannot show them.
    let allowsColor = (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    return Terminal(
      isInputTerminal: isatty(STDIN_FILENO) == 1, isOutputTerminal: isOutputTerminal,
      isErrorTerminal: isatty(STDERR_FILENO) == 1,
      width: environment["COLUMNS"].flatMap(columns) ?? (isOutputTerminal ? windowWidth() ?? 80 : nil),
      allowsColor: allowsColor)
  }

  private static func columns(_ text: String) -> Int? { Int(text).flatMap { $0 > 0 ? $0 : nil } }

  private static func windowWidth() -> Int? {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }
}
