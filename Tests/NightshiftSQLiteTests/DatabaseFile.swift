import CSQLite
import Foundation
import Nightshift
import NightshiftSQLite

/// A folder with a database in it, removed with this object.
final class DatabaseFile: Sendable {
  let folder: URL
  var path: String { folder.appendingPathComponent("jobs.db").path }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("nightshift-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit {
    // A folder that is left behind in the temporary folder harms nobody.
    try? FileManager.default.removeItem(at: folder)
  }

  func open() throws(StoreError) -> SQLiteStore { try SQLiteStore(path: path, migrations: Migration.core) }
}

/// A connection that knows nothing of Nightshift, as the host program of a transactional enqueue has it.
final class ForeignConnection {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private let handle: OpaquePointer

  init(_ path: String) throws {
    var pointer: OpaquePointer?
    guard sqlite3_open_v2(path, &pointer, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK, let pointer else {
      throw Failure(description: "cannot open \(path)")
    }
    handle = pointer
    sqlite3_busy_timeout(handle, 10_000)
  }

  deinit { sqlite3_close_v2(handle) }

  /// Runs one statement and returns its rows, each column as text.
  @discardableResult
  func run(_ sql: String, _ values: [Statement.Value] = []) throws -> [[String]] {
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else { throw failure(sql) }
    defer { sqlite3_finalize(statement) }
    for (index, value) in values.enumerated() { bind(value, Int32(index + 1), statement) }
    var rows: [[String]] = []
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW:
        rows.append(
          (0..<sqlite3_column_count(statement)).map { column in
            sqlite3_column_text(statement, column).map { String(cString: $0) } ?? "NULL"
          })
      case SQLITE_DONE: return rows
      default: throw failure(sql)
      }
    }
  }

  private func bind(_ value: Statement.Value, _ index: Int32, _ statement: OpaquePointer?) {
    switch value {
    case .null: sqlite3_bind_null(statement, index)
    case .integer(let integer): sqlite3_bind_int64(statement, index, integer)
    case .text(let text): _ = nightshift_bind_text(statement, index, text, Int32(text.utf8.count))
    case .bytes(let bytes): _ = nightshift_bind_blob(statement, index, bytes, Int32(bytes.count))
    }
  }

  private func failure(_ sql: String) -> Failure {
    Failure(description: "\(String(cString: sqlite3_errmsg(handle))): \(sql)")
  }
}
