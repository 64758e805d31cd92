import Foundation

extension Settings {
  /// Reads all sources, the files from the current folder.
  static func load(
    flags: [SettingKey: (name: String, value: String)],
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(CommandFailure) -> Settings {
    let named = environment["NIGHTSHIFT_CONFIG"]
    let path = named ?? "nightshift.yaml"
    let yaml = try text(of: path)
    if named != nil, yaml == nil {
      throw CommandFailure(
        "NIGHTSHIFT_CONFIG names \(path), which is not there. Correct it or make the file.")
    }
    return try Settings(
      flags: flags, environment: environment, dotEnv: try text(of: ".env"), yaml: yaml.map { (path, $0) })
  }

  private static func text(of path: String) throws(CommandFailure) -> String? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw CommandFailure("\(path) cannot be read. Check its owner and mode.")
    }
    guard let text = String(data: bytes, encoding: .utf8) else {
      throw CommandFailure("\(path) is not UTF-8 text. Save it as such.")
    }
    return text
  }
}
