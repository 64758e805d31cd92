import Foundation

/// Writes a Swift file that holds other files: `embed-files OUTPUT INPUT…`. They must be UTF-8.
///
/// String literals, since an array literal of their bytes, as SwiftPM's `.embedInCode` makes one, takes the compiler half a
/// minute for 150 kB, and these take it no time.
@main enum EmbedFilesTool {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard let output = arguments.first else { fatalError("usage: embed-files OUTPUT INPUT...") }
    var text = "enum EmbeddedFiles {\n  static let all: [(name: String, text: StaticString)] = [\n"
    for path in arguments.dropFirst() {
      let file = URL(filePath: path)
      let contents = try String(contentsOf: file, encoding: .utf8)
      text += "    (\"\(file.lastPathComponent)\", \"\(escaped(contents))\"),\n"
    }
    text += "  ]\n}\n"
    try text.write(to: URL(filePath: output), atomically: true, encoding: .utf8)
  }

  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      case " "..."~": escaped.unicodeScalars.append(scalar)
      default: escaped += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return escaped
  }
}
