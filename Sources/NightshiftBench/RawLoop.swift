import CSQLite
import Nightshift
import NightshiftSQLite

/// What stands for the raw limit: the statements of a store in a bare loop, one connection, one thread.
protocol RawLimit {
  /// Enqueues `count` jobs and nothing else.
  func enqueue(_ count: Int, from first: Int64) throws
  /// Claims and completes what is ready, at most `limit` jobs, and tells how many that were.
  @discardableResult
  func drain(limit: Int) throws -> Int
  func close()
  /// Jobs in a transaction.
  var batch: Int { get }
}

extension RawLimit {
  func drain() throws { try drain(limit: .max) }

  /// Whole lives: each batch is enqueued, claimed and completed before the next, three transactions a batch.
  func lives(_ count: Int, from first: Int64) throws {
    var done = 0
    while done < count {
      let size = min(batch, count - done)
      try enqueue(size, from: first + Int64(done))
      done += try drain(limit: size)
    }
  }
}

/// The raw limit on SQLite: the statements of the store in a bare loop over SQLite's C API, one thread, one transaction a batch,
/// `synchronous=FULL`. What is between it and the engine is what Nightshift costs.
struct SQLiteRawLoop: RawLimit {
  private let handle: OpaquePointer
  let batch: Int
  private let payload: [UInt8]

  /// Opens a database whose schema a store has made.
  init(path: String, batch: Int, payload: [UInt8]) throws(BenchmarkError) {
    var pointer: OpaquePointer?
    guard sqlite3_open_v2(path, &pointer, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nil) == SQLITE_OK, let pointer
    else { throw BenchmarkError("cannot open \(path)") }
    handle = pointer
    self.batch = batch
    self.payload = payload
    for pragma in ["journal_mode=WAL", "synchronous=FULL", "cache_size=-16384", "wal_autocheckpoint=1000"] {
      try execute("PRAGMA \(pragma)")
    }
  }

  func close() { sqlite3_close_v2(handle) }

  private func execute(_ sql: String) throws(BenchmarkError) {
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure(sql) }
  }

  private func failure(_ what: String) -> BenchmarkError {
    BenchmarkError("\(what.prefix(80)): \(String(cString: sqlite3_errmsg(handle)))")
  }

  private func prepare(_ sql: String) throws(BenchmarkError) -> OpaquePointer {
    var statement: OpaquePointer?
    guard sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil) == SQLITE_OK,
      let statement
    else { throw failure(sql) }
    return statement
  }

  private func inTransaction(_ body: () throws(BenchmarkError) -> Void) throws(BenchmarkError) {
    try execute("BEGIN IMMEDIATE")
    try body()
    try execute("COMMIT")
  }

  private func step(_ statement: OpaquePointer) throws(BenchmarkError) {
    guard sqlite3_step(statement) == SQLITE_DONE else { throw failure("step") }
    sqlite3_reset(statement)
  }
}

extension SQLiteRawLoop {
  /// Enqueues `count` jobs and nothing else.
  func enqueue(_ count: Int, from first: Int64) throws(BenchmarkError) {
    let (job, payload, counter) = try (
      prepare(SQLiteStatements.insertJob), prepare(SQLiteStatements.insertPayload), prepare(SQLiteStatements.count)
    )
    defer { for statement in [job, payload, counter] { sqlite3_finalize(statement) } }
    var id = first
    let end = first + Int64(count)
    while id < end {
      try inTransaction { () throws(BenchmarkError) in
        let batchEnd = min(id + Int64(batch), end)
        try counted(counter, 0, batchEnd - id)
        while id < batchEnd {
          try insert(id, job, payload)
          id += 1
        }
      }
    }
  }

  private func insert(_ id: Int64, _ job: OpaquePointer, _ write: OpaquePointer) throws(BenchmarkError) {
    sqlite3_bind_int64(job, 1, id)
    _ = nightshift_bind_text(job, 2, "default", 7)
    _ = nightshift_bind_text(job, 3, "bench", 5)
    sqlite3_bind_int64(job, 4, 0)
    sqlite3_bind_int64(job, 5, 2)
    sqlite3_bind_int64(job, 6, id)
    sqlite3_bind_int64(job, 7, 4)
    sqlite3_bind_int64(job, 8, 0)
    try step(job)
    sqlite3_bind_int64(write, 1, id)
    payload.withUnsafeBytes { _ = nightshift_bind_blob(write, 2, $0.baseAddress, Int32($0.count)) }
    try step(write)
  }

  private func counted(_ statement: OpaquePointer, _ state: Int64, _ count: Int64) throws(BenchmarkError) {
    _ = nightshift_bind_text(statement, 1, "default", 7)
    sqlite3_bind_int64(statement, 2, state)
    sqlite3_bind_int64(statement, 3, count)
    try step(statement)
  }

  /// Claims and completes what is ready, at most `limit` jobs, and tells how many that were: each batch is claimed in
  /// one transaction and completed in the next.
  @discardableResult
  func drain(limit: Int) throws(BenchmarkError) -> Int {
    let (claim, read, complete, counter) = try (
      prepare(SQLiteStatements.claim), prepare(SQLiteStatements.payload), prepare(SQLiteStatements.complete),
      prepare(SQLiteStatements.count)
    )
    defer { for statement in [claim, read, complete, counter] { sqlite3_finalize(statement) } }
    var drained = 0
    while drained < limit {
      var ids: [Int64] = []
      try inTransaction { () throws(BenchmarkError) in
        ids = try claimed(claim, read)
        try moved(counter, from: 0, to: 1, ids.count)
      }
      guard !ids.isEmpty else { break }
      try inTransaction { () throws(BenchmarkError) in
        for id in ids { try completed(id, complete) }
        try moved(counter, from: 1, to: 5, ids.count)
      }
      drained += ids.count
    }
    return drained
  }

  private func moved(
    _ counter: OpaquePointer, from old: Int64, to new: Int64, _ count: Int
  ) throws(BenchmarkError) {
    try counted(counter, old, -Int64(count))
    try counted(counter, new, Int64(count))
  }

  private func claimed(_ claim: OpaquePointer, _ read: OpaquePointer) throws(BenchmarkError) -> [Int64] {
    sqlite3_bind_int64(claim, 1, 1)
    sqlite3_bind_int64(claim, 2, 1)
    _ = nightshift_bind_text(claim, 3, "default", 7)
    sqlite3_bind_int64(claim, 4, Int64(batch))
    var ids: [Int64] = []
    while sqlite3_step(claim) == SQLITE_ROW { ids.append(sqlite3_column_int64(claim, 0)) }
    sqlite3_reset(claim)
    for id in ids {
      sqlite3_bind_int64(read, 1, id)
      guard sqlite3_step(read) == SQLITE_ROW else { throw failure("payload") }
      sqlite3_reset(read)
    }
    return ids
  }

  private func completed(_ id: Int64, _ complete: OpaquePointer) throws(BenchmarkError) {
    sqlite3_bind_int64(complete, 1, 1)
    sqlite3_bind_int64(complete, 2, 2)
    sqlite3_bind_int64(complete, 3, id)
    sqlite3_bind_int64(complete, 4, 1)
    sqlite3_bind_int64(complete, 5, 1)
    try step(complete)
  }
}

/// A measurement that could not be made.
package struct BenchmarkError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
