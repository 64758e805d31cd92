import Foundation
import Nightshift

/// The right to be the server that `DIR/server.json` names. Of several servers on one folder one has it, and when that
/// one ends, however it ends, the next takes it.
///
/// A lock on the folder and not the process id in the file: after a crash that number may be another program's.
struct ServerSeat: ~Copyable {
  private let folder: Int32
  private let file: ServerFile
  private let path: String

  /// Takes the seat and writes the file; `nil` while another server has it.
  static func take(in path: String, for file: ServerFile) throws(CommandFailure) -> ServerSeat? {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return nil }
    guard flock(folder, LOCK_EX | LOCK_NB) == 0 else {
      close(folder)
      return nil
    }
    // From here on the folder is closed, and the file removed, by the seat's end.
    let seat = ServerSeat(folder: folder, file: file, path: path)
    try file.write(in: path)
    return seat
  }

  /// Whether a server has the seat; also `true` where that cannot be known, so that it is asked and not passed by.
  static func isTaken(in path: String) -> Bool {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return true }
    defer { close(folder) }
    // Shared, so that others who only ask do not take each other for a server. One that begins at this moment finds the
    // seat taken, and looks again a second later.
    return flock(folder, LOCK_SH | LOCK_NB) != 0
  }

  private init(folder: Int32, file: ServerFile, path: String) {
    self.folder = folder
    self.file = file
    self.path = path
  }

  deinit {
    file.remove(from: path)
    close(folder)
  }
}
