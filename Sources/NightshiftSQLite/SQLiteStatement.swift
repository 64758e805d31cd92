import CSQLite
import Nightshift

/// A prepared statement. Parameters count from 1 and columns from 0, as in SQLite.
final class SQLiteStatement {
  private let handle: OpaquePointer
  // The connection outlives its statements: it owns the cache they are in, and the sessions that hold others. Its
  // handle and not itself, which each run of a statement would have to retain.
  private let connection: OpaquePointer
  /// Whether it writes to the table of jobs.
  let changesJobs: Bool

  init(_ connection: SQLiteConnection, _ sql: String) throws(StoreError) {
    var pointer: OpaquePointer?
    let status = sqlite3_prepare_v3(
      connection.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &pointer, nil)
    guard status == SQLITE_OK, let pointer else {
      throw StoreError.sqlite(connection.handle, status, doing: "prepare: \(sql)")
    }
    handle = pointer
    self.connection = connection.handle
    changesJobs = sqlite3_stmt_readonly(pointer) == 0 && sql.contains("nightshift_jobs")
  }

  deinit { sqlite3_finalize(handle) }

  @inline(__always)
  func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(handle, index, value) }

  @inline(__always)
  func bind(_ index: Int32, _ value: Int64?) {
    if let value { sqlite3_bind_int64(handle, index, value) } else { sqlite3_bind_null(handle, index) }
  }

  func bind(_ index: Int32, _ value: String) {
    var value = value
    value.withUTF8 { bytes in
      if let base = bytes.baseAddress {
        _ = nightshift_bind_text(handle, index, base, Int32(bytes.count))
      } else {
        _ = nightshift_bind_text(handle, index, "", 0)
      }
    }
  }

  func bind(_ index: Int32, _ value: String?) {
    if let value { bind(index, value) } else { sqlite3_bind_null(handle, index) }
  }

  func bind(_ index: Int32, _ value: [UInt8]) {
    value.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress, bytes.count > 0 {
        _ = nightshift_bind_blob(handle, index, base, Int32(bytes.count))
      } else {
        sqlite3_bind_zeroblob(handle, index, 0)
      }
    }
  }

  func bind(_ values: [SQLValue]) throws(StoreError) {
    let expected = Int(sqlite3_bind_parameter_count(handle))
    guard expected == values.count else {
      let sql = String(cString: sqlite3_sql(handle))
      throw StoreError(.invalid, "The statement has \(expected) parameters and got \(values.count) values: \(sql)")
    }
    for (offset, value) in values.enumerated() {
      let index = Int32(offset + 1)
      switch value {
      case .null: sqlite3_bind_null(handle, index)
      case .integer(let integer): bind(index, integer)
      case .text(let text): bind(index, text)
      case .bytes(let bytes): bind(index, bytes)
      }
    }
  }

  /// Moves to the next row; `false` when there is none.
  @inline(__always)
  func step() throws(StoreError) -> Bool {
    let status = sqlite3_step(handle)
    if status == SQLITE_ROW { return true }
    if status == SQLITE_DONE { return false }
    let error = StoreError.sqlite(connection, status, doing: String(cString: sqlite3_sql(handle)))
    sqlite3_reset(handle)
    throw error
  }

  @inline(__always)
  func reset() { sqlite3_reset(handle) }

  /// Runs a statement that returns no rows, and tells how many rows it changed.
  @discardableResult
  func run() throws(StoreError) -> Int {
    while try step() {}
    sqlite3_reset(handle)
    return Int(sqlite3_changes64(connection))
  }

  @inline(__always)
  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

  func optionalInteger(_ column: Int32) -> Int64? {
    sqlite3_column_type(handle, column) == SQLITE_NULL ? nil : sqlite3_column_int64(handle, column)
  }

  func text(_ column: Int32) -> String {
    guard let start = sqlite3_column_text(handle, column) else { return "" }
    let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    return String(decoding: bytes, as: UTF8.self)
  }

  func optionalText(_ column: Int32) -> String? {
    sqlite3_column_type(handle, column) == SQLITE_NULL ? nil : text(column)
  }

  func bytes(_ column: Int32) -> [UInt8] { withBytes(column) { Array($0) } }

  /// Gives the bytes of a column where SQLite keeps them.
  func withBytes<Result>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let start = sqlite3_column_blob(handle, column)
    return body(
      UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(handle, column))))
  }

  func row() -> SQLRow {
    SQLRow(
      (0..<sqlite3_column_count(handle)).map { column in
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: .integer(integer(column))
        case SQLITE_TEXT: .text(text(column))
        case SQLITE_BLOB: .bytes(bytes(column))
        default: .null
        }
      })
  }
}
