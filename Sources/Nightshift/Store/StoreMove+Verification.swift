import Crypto

/// What the counters of a store count.
struct JobCounter: Hashable, Sendable {
  var queue: String
  var state: Int64
}

extension StoreMove {
  /// Reads every row on both sides and compares numbers and checksums.
  ///
  /// - Returns: What was compared, and the counters as they are to be in the target.
  func verify(
    _ plan: [Table], _ report: (Progress) throws -> Void
  ) async throws -> (tables: [Table], counters: [JobCounter: Int64]) {
    var tables: [Table] = []
    var counters: [JobCounter: Int64] = [:]
    for (table, planned) in zip(MovedTable.all, plan) {
      // Side by side: each waits for its own disk.
      async let expected = digest(of: table, in: source, isSource: true)
      async let found = digest(of: table, in: target, isSource: false)
      let (there, here) = (try await expected, try await found)
      guard there.table == here.table else { throw StoreMoveError.different(there.table, here.table) }
      counters.merge(here.counters) { $0 + $1 }
      tables.append(here.table)
      try report(
        Progress(phase: .verifying, table: table.name, rows: here.table.rows, total: max(planned.rows, here.table.rows))
      )
    }
    return (tables, counters)
  }

  private func digest(
    of table: MovedTable, in store: any Store, isSource: Bool
  ) async throws(StoreError) -> (table: Table, counters: [JobCounter: Int64]) {
    var hash = SHA256()
    var count: Int64 = 0
    var counters: [JobCounter: Int64] = [:]
    var last: [SQLValue]?
    while true {
      let after = last
      let rows = try await store.read { try table.rows(after: after, $0) }
      guard let key = rows.last?.values.prefix(table.key.count) else { break }
      last = Array(key)
      for row in rows.map({ isSource ? table.asMoved($0) : $0 }) {
        for value in row.values { hash.update(value) }
        if let counter = table.counter(of: row) { counters[counter, default: 0] += 1 }
      }
      count += Int64(rows.count)
    }
    let digest = hash.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    return (Table(name: table.name, rows: count, checksum: digest), counters)
  }
}

extension SHA256 {
  /// Each value with its kind and length, so that no two rows look the same.
  fileprivate mutating func update(_ value: SQLValue) {
    switch value {
    case .null: update(0, [])
    case .integer(let integer): withUnsafeBytes(of: integer.littleEndian) { update(1, $0) }
    case .text(var text): text.withUTF8 { update(2, UnsafeRawBufferPointer($0)) }
    case .bytes(let bytes): bytes.withUnsafeBytes { update(3, $0) }
    }
  }

  private mutating func update(_ kind: UInt8, _ bytes: UnsafeRawBufferPointer) {
    withUnsafeBytes(of: (Int64(bytes.count) << 2 | Int64(kind)).littleEndian) { update(bufferPointer: $0) }
    update(bufferPointer: bytes)
  }

  private mutating func update(_ kind: UInt8, _ nothing: [UInt8]) { nothing.withUnsafeBytes { update(kind, $0) } }
}

// MARK: Rows on their way

extension MovedTable {
  /// A row as it is written to the target.
  func asMoved(_ row: SQLRow) -> SQLRow {
    var row = row
    for (index, value) in row.values.enumerated() {
      // SQLite keeps it in a text, PostgreSQL does not.
      if case .text(let text) = value, text.utf8.contains(0) {
        row.values[index] = .text(text.replacing("\0", with: "\u{FFFD}"))
      }
    }
    if name == "jobs" { endAttempt(&row) }
    return row
  }

  /// A job whose worker is gone is ready again, or cancelled if that was asked for. The attempt stays: it is the fence.
  private func endAttempt(_ row: inout SQLRow) {
    func index(_ column: String) -> Int { columns.firstIndex(of: column)! }
    guard row.integer(index("state")) == JobState.running.code else { return }
    let cancelled = row.timestamp(index("cancel_requested_at"))
    row.values[index("state")] = .integer((cancelled == nil ? JobState.ready : .cancelled).code)
    row.values[index("finished_at")] = SQLValue(cancelled)
    row.values[index("version")] = SQLValue((row.integer(index("version")) ?? 0) + 1)
    for column in ["worker", "started_at", "stuck_at"] { row.values[index(column)] = .null }
  }

  fileprivate func counter(of row: SQLRow) -> JobCounter? {
    guard name == "jobs" else { return nil }
    return JobCounter(
      queue: row.text(columns.firstIndex(of: "queue")!) ?? "", state: row.integer(columns.firstIndex(of: "state")!) ?? 0
    )
  }
}
