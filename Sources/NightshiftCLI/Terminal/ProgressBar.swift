import Nightshift

/// One line that shows how far a job has come.
enum ProgressBar {
  /// `▕█████▌    ▏  55 %  packing`, cut to the terminal's width.
  static func line(fraction: Double, message: String?, width: Int, isColored: Bool) -> String {
    let fraction = min(max(fraction, 0), 1)
    let cells = min(30, max(5, width / 3))
    let bar = Style.cyan.paint(blocks(fraction, cells: cells), ifColored: isColored)
    let percent = String(Int((fraction * 100).rounded(.down)))
    let padded = String(repeating: " ", count: 3 - percent.count) + percent + " %"
    let room = width - cells - 2 - padded.count - 4
    let text = TextWidth.fit(TextWidth.singleLine(message ?? ""), to: max(0, room))
    let line = "▕\(bar)▏ \(padded)"
    return text.isEmpty ? line : "\(line)  \(text)"
  }

  /// The same for a pipe or a file: a line of its own.
  static func plainLine(fraction: Double, message: String?) -> String {
    let percent = Int((min(max(fraction, 0), 1) * 100).rounded(.down))
    return message.map { "progress \(percent)% \(TextWidth.singleLine($0))" } ?? "progress \(percent)%"
  }

  private static func blocks(_ fraction: Double, cells: Int) -> String {
    let eighths = Int(fraction * Double(cells * 8))
    let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    let full = String(repeating: "█", count: eighths / 8)
    let part = parts[eighths % 8]
    return full + part + String(repeating: " ", count: cells - eighths / 8 - (part.isEmpty ? 0 : 1))
  }
}
