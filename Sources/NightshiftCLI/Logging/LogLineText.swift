import Foundation
import Logging
import Nightshift

/// How one log event is written down.
enum LogLineText {
  typealias Field = (name: String, value: String)

  static func json(
    _ level: Logger.Level, _ message: String, _ fields: [Field], at date: Date, label: String
  ) -> String {
    // By hand and not from a dictionary, so that time, level and message come first for whoever reads along.
    var line = "{\"ts\":\"\(Timestamp(date).rfc3339)\",\"level\":\"\(level)\",\"logger\":\(quoted(label))"
    line += ",\"msg\":\(quoted(message))"
    for field in fields { line += ",\(quoted(field.name)):\(quoted(field.value))" }
    return line + "}"
  }

  static func logfmt(
    _ level: Logger.Level, _ message: String, _ fields: [Field], at date: Date, isColored: Bool
  ) -> String {
    var line = Style.dim.paint("ts=\(Timestamp(date).rfc3339)", ifColored: isColored)
    line += " " + style(level).paint("level=\(level)", ifColored: isColored)
    line += " msg=\(value(message))"
    for field in fields {
      line += " \(Style.dim.paint("\(field.name)=", ifColored: isColored))\(value(field.value))"
    }
    return line
  }

  /// JSON's quoting is what logfmt readers understand; a plain word goes without.
  private static func value(_ text: String) -> String {
    let isPlain =
      !text.isEmpty && text.utf8.allSatisfy { (0x21..<0x7F).contains($0) && $0 != 0x22 && $0 != 0x3D }
    return isPlain ? text : quoted(text)
  }

  private static func quoted(_ text: String) -> String { JSONValue.string(text).description }

  private static func style(_ level: Logger.Level) -> Style {
    switch level {
    case .trace, .debug: .dim
    case .info, .notice: .green
    case .warning: .yellow
    case .error, .critical: .red
    }
  }
}
