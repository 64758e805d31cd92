import Foundation
import Nightshift

/// `DIR/server.json`: where the server of this store listens, for as long as it runs.
struct ServerFile: Sendable, Equatable {
  var url: String
  var pid: Int32
  var startedAt: Timestamp

  static func path(in folder: String) -> String { "\(folder)/server.json" }

  /// The server of the folder; `nil` when none runs. A file without anybody in the server's seat is what a crash left
  /// behind: the process that it names may be gone, waiting to be buried, or by now another program.
  static func running(in folder: String) -> ServerFile? {
    // No file, or one that is no JSON, is no server.
    guard let data = FileManager.default.contents(atPath: path(in: folder)),
      let json = try? JSONValue(parsing: data), let url = json["url"]?.stringValue,
      let pid = json["pid"]?.intValue.flatMap({ Int32(exactly: $0) }), pid > 0,
      let startedAt = json["startedAt"]?.stringValue.flatMap(RFC3339.parse), ServerSeat.isTaken(in: folder)
    else { return nil }
    return ServerFile(url: url, pid: pid, startedAt: Timestamp(startedAt))
  }

  func write(in folder: String) throws(CommandFailure) {
    let json: JSONValue = [
      "url": .string(url), "pid": .integer(Int64(pid)), "startedAt": .string(startedAt.rfc3339),
    ]
    try PrivateFile.write(
      json.serialized(pretty: true) + [UInt8(ascii: "\n")], to: Self.path(in: folder), mode: 0o644)
  }

  /// Removes the file, unless another server has replaced it meanwhile.
  func remove(from folder: String) {
    guard let data = FileManager.default.contents(atPath: Self.path(in: folder)),
      let json = try? JSONValue(parsing: data), json["pid"]?.intValue == Int(pid)
    else { return }
    unlink(Self.path(in: folder))
  }
}
