import CSQLite
import Nightshift

extension StoreError {
  /// Says in our words what SQLite's code means and what to do about it.
  static func sqlite(_ handle: OpaquePointer, _ status: Int32, doing what: String) -> StoreError {
    let cause = "SQLite \(status): \(String(cString: sqlite3_errmsg(handle))); while trying to \(what.prefix(300))"
    switch status & 0xff {
    case SQLITE_FULL:
      return StoreError(.full, "No space is left on the database's disk. Free some; nothing was written.", cause: cause)
    case SQLITE_READONLY, SQLITE_PERM:
      return StoreError(
        .readOnly, "The database may not be written to. Check the owner and mode of its file and folder.", cause: cause)
    case SQLITE_CORRUPT, SQLITE_NOTADB:
      return StoreError(
        .corrupt, "The database's file is damaged. Run `nightshift db check`, and restore a backup if it confirms it.",
        cause: cause)
    case SQLITE_CANTOPEN:
      return StoreError(
        .unavailable, "The database's file cannot be opened. Check that its folder exists and may be written to.",
        cause: cause)
    case SQLITE_BUSY, SQLITE_LOCKED:
      return StoreError(
        .unavailable, "Another program holds the database's write lock. End its transaction, or try again.",
        cause: cause)
    case SQLITE_IOERR:
      // A write that cannot be extended on a full disk is reported as an I/O error.
      return StoreError(
        .unavailable, "The database's disk reported an error. Check the disk and its free space.", cause: cause)
    case SQLITE_CONSTRAINT:
      return StoreError(.conflict, "A row like this is there already.", cause: cause)
    default:
      return StoreError(.invalid, "The database refused a statement.", cause: cause)
    }
  }
}
