/// Writes the Prometheus text format 0.0.4: all lines of a metric in one block, under its HELP and TYPE.
struct PrometheusText {
  enum Kind: String { case counter, gauge }

  /// Prometheus 3 refuses a scrape without it.
  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  private(set) var text = ""

  mutating func family(
    _ name: String, _ kind: Kind, _ help: String, _ samples: [(labels: [(String, String)], value: Double)]
  ) {
    guard !samples.isEmpty else { return }
    head(name, kind.rawValue, help)
    for sample in samples { self.sample(name, sample.labels, sample.value) }
  }

  mutating func head(_ name: String, _ kind: String, _ help: String) {
    text += "# HELP \(name) \(Self.escape(help, quotes: false))\n# TYPE \(name) \(kind)\n"
  }

  mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Double) {
    let labels = labels.map { "\($0)=\"\(Self.escape($1, quotes: true))\"" }.joined(separator: ",")
    text += "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(Self.number(value))\n"
  }

  mutating func value(_ name: String, _ kind: Kind, _ help: String, _ value: Double?) {
    family(name, kind, help, value.map { [([], $0)] } ?? [])
  }

  static func number(_ value: Double) -> String {
    Int64(exactly: value).map(String.init) ?? (value.isNaN ? "NaN" : "\(value)")
  }

  private static func escape(_ text: String, quotes: Bool) -> String {
    var escaped = ""
    for character in text.unicodeScalars {
      switch character {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(character)
      }
    }
    return escaped
  }
}
