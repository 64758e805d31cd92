import Nightshift

/// How a piece of text looks on a terminal.
enum Style: String, Sendable {
  case plain = ""
  case bold = "1"
  case dim = "2"
  case red = "31"
  case green = "32"
  case yellow = "33"
  case blue = "34"
  case cyan = "36"

  func paint(_ text: String, ifColored isColored: Bool) -> String {
    guard isColored, self != .plain, !text.isEmpty else { return text }
    return "\u{1B}[\(rawValue)m\(text)\u{1B}[0m"
  }

  /// The colour in which a job's state is shown everywhere.
  static func of(state: String) -> Style {
    switch JobState(rawValue: state) {
    case .completed: .green
    case .running: .cyan
    case .ready, .scheduled, .blocked: .plain
    case .waiting: .yellow
    case .dead: .red
    case .cancelled, nil: .dim
    }
  }
}
