import Foundation

/// `DIR/admin-token`: what lets whoever may read the folder use the API.
enum AdminTokenFile {
  static func path(in folder: String) -> String { "\(folder)/admin-token" }

  static func read(from folder: String) -> String? {
    guard let data = FileManager.default.contents(atPath: path(in: folder)) else { return nil }
    let token = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return token.isEmpty ? nil : token
  }

  static func write(_ token: String, to folder: String) throws(CommandFailure) {
    try PrivateFile.write(Array("\(token)\n".utf8), to: path(in: folder))
  }
}
