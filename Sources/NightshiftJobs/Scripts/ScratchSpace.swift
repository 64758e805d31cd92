import Foundation
import Nightshift
import Synchronization

/// Where the attempts of this process have their temporary folders.
///
/// Each process has a folder of its own and holds a lock on it as long as it lives, so that the next one can
/// clear away what a process has left that was killed.
package final class ScratchSpace: Sendable {
  /// This process's own folder.
  let folder: String
  private let lock: Int32
  private let state = Mutex(State())

  private struct State {
    var free: [ScratchFolder] = []
    var lastNumber = 0
  }

  /// Each keeps two descriptors open.
  private static let keptFolders = 64

  /// Makes this process's folder, and removes those of processes that are gone.
  ///
  /// - Parameters:
  ///   - root: Shared by all processes on one store.
  ///   - name: Different for each process: the worker's id.
  package init(root: String, name: String) throws {
    let folder = "\(root)/\(name)"
    lock = try Self.make(folder)
    self.folder = RealPath.of(folder)
    Self.clear(root, except: name)
  }

  /// Makes a folder and locks it. One that starts at the same moment may take it for a dead process's before it is
  /// locked, and remove it: then once more.
  private static func make(_ folder: String) throws -> Int32 {
    var code = ENOENT
    for _ in 0..<50 {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      if descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0, isSame(descriptor, folder) { return descriptor }
      code = errno
      if descriptor >= 0 { close(descriptor) }
      guard [ENOENT, EWOULDBLOCK].contains(code) else { break }
      usleep(2_000)
    }
    throw ScratchSpaceError(folder: folder, code: code)
  }

  /// Whether the folder that is open is still the one of that name.
  private static func isSame(_ descriptor: Int32, _ folder: String) -> Bool {
    var (opened, named) = (stat(), stat())
    errno = ENOENT
    return fstat(descriptor, &opened) == 0 && stat(folder, &named) == 0 && opened.st_ino == named.st_ino
  }

  deinit {
    state.withLock { $0.free = [] }
    Self.remove(folder)
    close(lock)
  }

  private static func clear(_ root: String, except own: String) {
    // Without a list there is nothing to clear; the folder above was made a moment ago.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    for name in names where name != own && WorkerID(name) != nil {
      let folder = "\(root)/\(name)"
      let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      // Its owner lives as long as the lock is held.
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { remove(folder) }
      close(descriptor)
    }
  }

  /// A temporary folder for one attempt, which hands it back when it is over.
  func take(for attempt: ScriptAttempt) throws -> ScratchFolder {
    let (free, number) = state.withLock { state in
      state.lastNumber += 1
      return (state.free.popLast(), state.lastNumber)
    }
    let taken = try free ?? ScratchFolder(at: "\(folder)/\(number)")
    try taken.writeContext(attempt.json.serialized())
    return taken
  }

  /// Takes a folder back. One in which nothing was left serves again: making and removing folders would cost
  /// more than starting a small program does, since each time the file system writes its journal.
  func giveBack(_ used: ScratchFolder) {
    guard used.isAsNew else { return used.remove() }
    let isKept = state.withLock { state in
      guard state.free.count < Self.keptFolders else { return false }
      state.free.append(used)
      return true
    }
    if !isKept { used.remove() }
  }

  /// Removes a folder with all that is in it. What cannot be removed is left to the next process.
  static func remove(_ folder: String) {
    try? FileManager.default.removeItem(atPath: folder)
  }
}

/// A temporary folder that could not be made.
struct ScratchSpaceError: Error, CustomStringConvertible {
  let folder: String
  let code: Int32

  var description: String {
    "The temporary folder \(folder) cannot be used: \(String(cString: strerror(code))). "
      + "It must be writable, and its disk must not be full."
  }
}
