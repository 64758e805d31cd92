/// Where a setting's value came from, the strongest first.
enum SettingOrigin: Sendable, Equatable, CustomStringConvertible {
  case flag(String)
  case environment(String)
  case file(String, line: Int)
  case standard

  var description: String {
    switch self {
    case .flag(let name): "flag \(name)"
    case .environment(let name): "environment \(name)"
    case .file(let name, let line): "\(name) line \(line)"
    case .standard: "default"
    }
  }
}
