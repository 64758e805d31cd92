import CSQLite
import Foundation
package import Nightshift

/// Copies a database's file, checks one, and puts a copy back.
package enum SQLiteBackup {
  /// Makes a consistent copy while others go on reading and writing, and checks it.
  ///
  /// - Throws: ``StoreError``: code `conflict` if `file` is there already. After an error no file is left.
  package static func backup(of path: String, to file: String) throws(StoreError) {
    try requireDatabase(path)
    guard !exists(file) else {
      throw StoreError(.conflict, "\(file) is there already. Name a new file, or move that one away first.")
    }
    // Under another name until it is whole, so that nobody takes half a backup for one.
    let partial = "\(file).\(getpid()).part"
    do throws(StoreError) {
      try copy(path, to: partial)
      try requireSound(partial, "the backup")
      try makeDurable(partial)
    } catch {
      unlink(partial)
      throw error
    }
    // `link`, unlike `rename`, does not replace what somebody has put there meanwhile.
    guard link(partial, file) == 0 else {
      let error = systemError("The backup cannot be named \(file).")
      unlink(partial)
      throw error
    }
    unlink(partial)
    try makeDurable(folder(of: file))
  }

  /// Replaces the database by a backup. The replaced one is kept beside it.
  ///
  /// - Returns: Where the replaced database is now; `nil` if there was none.
  /// - Throws: ``StoreError``: code `unavailable` while a process uses the database. Then nothing was changed.
  @discardableResult
  package static func restore(from file: String, to path: String) throws(StoreError) -> String? {
    try requireDatabase(file)
    try requireSound(file, file)
    // Whoever opens the store takes a turn first, so that nobody comes in between the check and the exchange.
    let turn = try TurnLock(besides: path)
    turn.take()
    defer { turn.leave() }
    if let pid = user(of: path) {
      throw StoreError(
        .unavailable, "Process \(pid) uses the database \(path). Stop it first; nothing was changed.")
    }
    let partial = "\(path).\(getpid()).restored"
    do throws(StoreError) {
      try copy(file, to: partial)
      try makeDurable(partial)
    } catch {
      unlink(partial)
      throw error
    }
    let aside = try moveAside(path)
    guard rename(partial, path) == 0 else {
      throw systemError("The restored database \(partial) cannot be named \(path). Rename it by hand.")
    }
    try makeDurable(folder(of: path))
    return aside
  }

  /// What SQLite finds wrong with the file, in its words; empty when all is well.
  package static func check(_ path: String) throws(StoreError) -> [String] {
    try requireDatabase(path)
    do throws(StoreError) {
      let connection = try SQLiteConnection(path: path, mode: .reader)
      let rows = try connection.query("PRAGMA integrity_check(100)", [])
      return rows.compactMap { $0.text(0) }.filter { $0 != "ok" }
    } catch {
      // So damaged that SQLite cannot even look for what is wrong.
      guard error.code == .corrupt else { throw error }
      return [error.cause ?? error.message]
    }
  }
}

// MARK: Parts

extension SQLiteBackup {
  private static func copy(_ path: String, to file: String) throws(StoreError) {
    // Made before SQLite does, since it holds payloads, and SQLite would let everybody read it.
    let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw systemError("\(file) cannot be written. Check the folder and its mode.")
    }
    close(descriptor)
    let connection = try SQLiteConnection(path: path, mode: .reader)
    // `VACUUM INTO` reads one snapshot, so writers go on; and the copy has no free pages.
    let quoted = file.replacing("'", with: "''")
    try connection.execute("PRAGMA query_only=OFF")
    try connection.execute("VACUUM INTO '\(quoted)'")
  }

  /// A process that has the database open.
  ///
  /// Each connection to a file with a write-ahead log holds a shared lock on byte 128 of its shared memory
  /// (https://sqlite.org/walformat.html#wal_locks). Unlike a question to SQLite, this can be asked of a damaged file.
  private static func user(of path: String) -> pid_t? {
    let file = open(path + "-shm", O_RDWR | O_CLOEXEC)
    guard file >= 0 else { return nil }  // nobody has it open in this mode
    defer { close(file) }
    var lock = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 128, l_len: 1, l_pid: 0)
    guard fcntl(file, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK) else { return nil }
    return lock.l_pid
  }

  /// The replaced file goes with its log, which may hold transactions that are not in the file yet.
  private static func moveAside(_ path: String) throws(StoreError) -> String? {
    guard exists(path) else { return nil }
    let stamp = Timestamp(Date()).rfc3339.filter { $0.isNumber || $0 == "T" }
    let aside = "\(path).replaced-\(stamp)"
    for suffix in ["-wal", "-shm", ""] where exists(path + suffix) {
      guard rename(path + suffix, aside + suffix) == 0 else {
        throw systemError("\(path + suffix) cannot be moved aside. Check the folder's owner and mode.")
      }
    }
    return aside
  }

  private static func requireDatabase(_ path: String) throws(StoreError) {
    guard exists(path) else {
      throw StoreError(.unavailable, "There is no database at \(path). Check the path.")
    }
  }

  private static func requireSound(_ path: String, _ name: String) throws(StoreError) {
    let problems = try check(path)
    guard problems.isEmpty else {
      throw StoreError(
        .corrupt, "\(name) is damaged; nothing was replaced. Use another backup.",
        cause: problems.prefix(3).joined(separator: "; "))
    }
  }

  private static func makeDurable(_ path: String) throws(StoreError) {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw systemError("\(path) cannot be opened to make it durable.") }
    defer { close(file) }
    guard fsync(file) == 0 else { throw systemError("\(path) cannot be made durable. Check the disk.") }
  }

  private static func folder(of path: String) -> String {
    let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
    return folder.isEmpty ? "." : folder
  }

  private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  private static func systemError(_ message: String) -> StoreError {
    StoreError(errno == ENOSPC ? .full : .unavailable, message, cause: String(cString: strerror(errno)))
  }
}
