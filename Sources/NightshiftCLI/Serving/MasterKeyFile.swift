import Foundation
import Nightshift

/// Where this process has its master keys from.
enum MasterKeyFile {
  /// What the settings say, or what an earlier start has left in the data folder; none if there is neither.
  static func keys(_ settings: Settings) throws(CommandFailure) -> [MasterKey] {
    if let text = settings.text(.masterKey) { return try list(text, from: "NIGHTSHIFT_MASTER_KEY") }
    if let path = settings.text(.masterKeyFile) {
      guard let text = try read(path) else {
        throw CommandFailure(
          "The master key file \(path) is not there. Make it with: openssl rand -base64 32 > \(path)")
      }
      return try list(text, from: path)
    }
    let path = self.path(settings)
    return try read(path).map { text throws(CommandFailure) in try list(text, from: path) } ?? []
  }

  /// Makes a key at the first start, unless one is given or the store's secrets need one already.
  static func provide(_ settings: Settings, to engine: Engine, _ output: Output) async throws {
    guard try keys(settings).isEmpty, try await !engine.hasUsedMasterKey() else { return }
    let (key, text) = MasterKey.random()
    let path = self.path(settings)
    try PrivateFile.write(Array("\(text)\n".utf8), to: path)
    engine.provide(masterKeys: [key])
    output.note("The master key for secrets is in \(path). Keep a copy of it apart from the backups of the store.")
  }

  private static func path(_ settings: Settings) -> String { "\(settings.required(.data))/master-key" }

  private static func list(_ text: String, from place: String) throws(CommandFailure) -> [MasterKey] {
    do throws(SecretError) {
      return try MasterKey.list(text)
    } catch {
      throw CommandFailure("\(place) holds no master key: \(error)")
    }
  }

  /// `nil` if there is no such file.
  private static func read(_ path: String) throws(CommandFailure) -> String? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let data = FileManager.default.contents(atPath: path), data.count <= 4096 else {
      throw CommandFailure(
        "The master key file \(path) cannot be read. Check its owner; it holds one key in each line.")
    }
    return String(decoding: data, as: UTF8.self)
  }
}
