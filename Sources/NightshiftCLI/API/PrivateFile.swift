import Foundation

/// Writes small files so that a reader sees all of the old one or all of the new one, whatever happens between.
enum PrivateFile {
  static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o600) throws(CommandFailure) {
    let temporary = "\(path).\(getpid()).new"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
    guard file >= 0 else { throw failure(path) }
    defer { close(file) }
    // Set apart from `open`, where the umask takes from it.
    let isWritten = fchmod(file, mode) == 0 && write(bytes, to: file) && fsync(file) == 0
    guard isWritten, rename(temporary, path) == 0 else {
      let failure = failure(path)
      unlink(temporary)
      throw failure
    }
  }

  private static func write(_ bytes: [UInt8], to file: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private static func failure(_ path: String) -> CommandFailure {
    let cause = String(cString: strerror(errno))
    return CommandFailure(
      "\(path) cannot be written: \(cause). Check the folder's owner, its mode and the free space.")
  }
}
