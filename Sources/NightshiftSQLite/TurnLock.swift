import Foundation
import Nightshift

/// Lets the processes that share one database file write in turn.
///
/// SQLite's own busy handler sleeps and tries again, so that a process which commits all the time starves the others.
/// Two `flock` files queue them instead: a process takes the waiting room, then the desk, and then leaves the waiting
/// room to the next, so nobody overtakes more than one.
final class TurnLock {
  private let room: Int32
  private let desk: Int32

  init(besides path: String) throws(StoreError) {
    room = try Self.open(path + "-turn-a")
    do throws(StoreError) {
      desk = try Self.open(path + "-turn-b")
    } catch {
      close(room)
      throw error
    }
  }

  deinit {
    close(room)
    close(desk)
  }

  func take() {
    Self.lock(room, LOCK_EX)
    Self.lock(desk, LOCK_EX)
    Self.lock(room, LOCK_UN)
  }

  func leave() { Self.lock(desk, LOCK_UN) }

  private static func open(_ path: String) throws(StoreError) -> Int32 {
    let file = Foundation.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      let cause = String(cString: strerror(errno))
      let code: StoreError.Code = errno == ENOSPC ? .full : errno == EROFS || errno == EACCES ? .readOnly : .unavailable
      throw StoreError(code, "The lock file \(path) cannot be opened. Check the folder's owner and mode.", cause: cause)
    }
    return file
  }

  private static func lock(_ file: Int32, _ operation: Int32) {
    while flock(file, operation) != 0 && errno == EINTR {}
  }
}
