import CSQLite
import Nightshift

/// One connection to a database file. It has no lock of its own: one thread uses it.
final class SQLiteConnection {
  enum Mode { case writer, reader }

  let handle: OpaquePointer
  private var cached: [String: SQLiteStatement] = [:]

  init(path: String, mode: Mode, autoVacuum: AutoVacuum = .none) throws(StoreError) {
    var pointer: OpaquePointer?
    let access = mode == .reader ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
    let status = sqlite3_open_v2(path, &pointer, access | SQLITE_OPEN_NOMUTEX, nil)
    guard let pointer else { throw StoreError(.unavailable, "SQLite has no memory to open \(path).") }
    handle = pointer
    guard status == SQLITE_OK else {
      let error = StoreError.sqlite(handle, status, doing: "open \(path)")
      sqlite3_close_v2(handle)
      throw error
    }
    sqlite3_extended_result_codes(handle, 1)
    // Only a writer outside Nightshift can make us wait here; our own processes take turns by `TurnLock`.
    sqlite3_busy_timeout(handle, 10_000)
    for pragma in Self.pragmas(mode, autoVacuum) { try execute(pragma) }
    try addTextFunction()
  }

  /// `nightshift_text(bytes)`: bytes of UTF-8 as text, under the name that it has on every database.
  private func addTextFunction() throws(StoreError) {
    let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY
    let status = sqlite3_create_function_v2(
      handle, "nightshift_text", 1, flags, nil,
      { context, _, values in
        guard let value = values?[0], let bytes = sqlite3_value_text(value) else { return sqlite3_result_null(context) }
        nightshift_result_text(context, bytes, sqlite3_value_bytes(value))
      }, nil, nil, nil)
    guard status == SQLITE_OK else { throw StoreError.sqlite(handle, status, doing: "add nightshift_text") }
  }

  private static func pragmas(_ mode: Mode, _ autoVacuum: AutoVacuum) -> [String] {
    switch mode {
    case .writer:
      [
        // Takes effect only while the file is empty, and has to come before everything that writes.
        "PRAGMA auto_vacuum=\(autoVacuum.rawValue)", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
        "PRAGMA cache_size=-16384", "PRAGMA wal_autocheckpoint=1000", "PRAGMA temp_store=MEMORY",
        "PRAGMA foreign_keys=OFF",
        // After a burst the log is cut back to this at the next checkpoint.
        "PRAGMA journal_size_limit=67108864",
      ]
    case .reader: ["PRAGMA query_only=ON", "PRAGMA cache_size=-2048", "PRAGMA temp_store=MEMORY"]
    }
  }

  deinit {
    cached.removeAll()
    sqlite3_close_v2(handle)
  }

  /// Runs statements without parameters.
  func execute(_ sql: String) throws(StoreError) {
    let status = sqlite3_exec(handle, sql, nil, nil, nil)
    guard status == SQLITE_OK else { throw StoreError.sqlite(handle, status, doing: sql) }
  }

  func prepare(_ sql: String) throws(StoreError) -> SQLiteStatement { try SQLiteStatement(self, sql) }

  /// A prepared statement for portable SQL, kept for the next time.
  func statement(_ sql: String) throws(StoreError) -> SQLiteStatement {
    if let statement = cached[sql] { return statement }
    // The portable statements are constants in the source; lists of varying length are what could fill this.
    if cached.count > 200 { cached.removeAll() }
    let statement = try prepare(sql)
    cached[sql] = statement
    return statement
  }

  var changes: Int { Int(sqlite3_changes64(handle)) }

  /// Changes when another connection has committed, and never by this one's own commits. Reads shared memory only.
  func dataVersion() throws(StoreError) -> Int64 {
    let statement = try statement("PRAGMA data_version")
    defer { statement.reset() }
    return try statement.step() ? statement.integer(0) : 0
  }

  func releaseMemory() { sqlite3_db_release_memory(handle) }
}

extension SQLiteConnection {
  func query(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> [SQLRow] {
    try query(statement(sql), values)
  }

  func query(_ statement: SQLiteStatement, _ values: [SQLValue]) throws(StoreError) -> [SQLRow] {
    defer { statement.reset() }
    try statement.bind(values)
    var rows: [SQLRow] = []
    while try statement.step() { rows.append(statement.row()) }
    return rows
  }

  func run(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> Int { try run(statement(sql), values) }

  func run(_ statement: SQLiteStatement, _ values: [SQLValue]) throws(StoreError) -> Int {
    defer { statement.reset() }
    try statement.bind(values)
    while try statement.step() {}
    return changes
  }
}

/// How the file gives back space that pruning has freed; fixed when the file is made.
package enum AutoVacuum: String, Sendable, CaseIterable {
  case none = "NONE"
  case incremental = "INCREMENTAL"
}
