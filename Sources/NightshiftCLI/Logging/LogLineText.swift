import Foundation
import Logging
import Nightshift

/// How one log event is written down: always as one line, whatever is in it.
enum LogLineText {
  typealias Field = (name: String, value: Logger.MetadataValue)

  /// What every line has; a field of the same name would be a second one.
  private static let ownNames: Set<String> = ["ts", "level", "logger", "msg"]

  static func json(
    _ level: Logger.Level, _ message: String, _ fields: [Field], at date: Date, label: String
  ) -> String {
    // By hand and not from a dictionary, so that time, level and message come first for whoever reads along.
    var line = "{\"ts\":\"\(Timestamp(date).rfc3339)\",\"level\":\"\(level)\",\"logger\":\(quoted(label))"
    line += ",\"msg\":\(quoted(message))"
    for field in fields { line += ",\(quoted(name(field.name))):\(json(field.value))" }
    return line + "}"
  }

  static func logfmt(
    _ level: Logger.Level, _ message: String, _ fields: [Field], at date: Date, isColored: Bool
  ) -> String {
    var line = Style.dim.paint("ts=\(Timestamp(date).rfc3339)", ifColored: isColored)
    line += " " + style(level).paint("level=\(level)", ifColored: isColored)
    line += " msg=\(value(message))"
    for field in fields {
      let name = String(name(field.name).map { $0.isASCII && !" =\"".contains($0) && $0 > " " ? $0 : "_" })
      line += " \(Style.dim.paint("\(name)=", ifColored: isColored))\(value(text(field.value)))"
    }
    return line
  }

  private static func name(_ name: String) -> String {
    ownNames.contains(name) ? "field.\(name)" : name.isEmpty ? "_" : name
  }

  /// JSON's quoting is what logfmt readers understand; a plain word goes without.
  private static func value(_ text: String) -> String {
    let isPlain =
      !text.isEmpty && text.utf8.allSatisfy { (0x21..<0x7F).contains($0) && $0 != 0x22 && $0 != 0x3D }
    return isPlain ? text : quoted(text)
  }

  /// What has parts is written as JSON in logfmt, too.
  private static func text(_ value: Logger.MetadataValue) -> String {
    switch value {
    case .string(let text): text
    case .stringConvertible(let value): value.description
    case .array, .dictionary: json(value)
    }
  }

  private static func json(_ value: Logger.MetadataValue) -> String {
    switch value {
    case .string(let text): quoted(text)
    case .stringConvertible(let value): quoted(value.description)
    case .array(let items): "[\(items.map(json).joined(separator: ","))]"
    case .dictionary(let fields):
      "{"
        + fields.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(json($0.value))" }.joined(separator: ",") + "}"
    }
  }

  /// Beyond what JSON asks for, what a terminal might obey and what some readers take for the end of a line.
  private static func quoted(_ text: String) -> String {
    let json = JSONValue.string(text).description
    guard json.unicodeScalars.contains(where: isUnsafe) else { return json }
    var safe = ""
    for scalar in json.unicodeScalars {
      if isUnsafe(scalar) {
        let digits = String(scalar.value, radix: 16)
        safe += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        safe.unicodeScalars.append(scalar)
      }
    }
    return safe
  }

  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
  }

  private static func style(_ level: Logger.Level) -> Style {
    switch level {
    case .trace, .debug: .dim
    case .info, .notice: .green
    case .warning: .yellow
    case .error, .critical: .red
    }
  }
}
