import Foundation

/// `DIR`: the store, the admin token and what the running server notes down.
struct DataFolder: Sendable {
  var path: String

  /// Makes the folder if it is not there, and makes sure that it can be written to. Others must not look in: it
  /// holds payloads and a token.
  func prepare() throws(CommandFailure) {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      guard isFolder.boolValue else {
        throw CommandFailure("\(path) is a file, and the data needs a folder. Name another one with --data.")
      }
    } else {
      do {
        try FileManager.default.createDirectory(
          atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      } catch {
        throw CommandFailure(
          "The data folder \(path) cannot be made: \(Self.reason(error)). Name another one with --data.")
      }
    }
    guard let remedy = Self.remedy(path) else { return }
    throw CommandFailure(
      "The data folder \(path) cannot be written to by user \(NSUserName()): \(remedy), or name another one with "
        + "--data.")
  }

  /// What to do about a folder that cannot be written to; `nil` for one that can.
  static func remedy(_ path: String) -> String? {
    guard access(path, W_OK | X_OK) != 0 else { return nil }
    return errno == EROFS
      ? "its file system is read-only; mount it for writing" : "chown it to \(NSUserName()), or run as its owner"
  }

  /// The folder of the engine's own notes about what is under way.
  var recorderFolder: String { "\(path)/run" }

  /// Foundation's own texts are whole sentences.
  private static func reason(_ error: any Error) -> String {
    switch (error as? CocoaError)?.code {
    case .fileWriteNoPermission: "user \(NSUserName()) may not write there"
    case .fileWriteOutOfSpace: "no space is left"
    case .fileWriteVolumeReadOnly: "the file system is read-only"
    default: error.localizedDescription
    }
  }
}
