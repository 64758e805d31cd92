/// Carries everything from one store to another, in batches that never fill the memory.
///
/// Nothing is changed in the source. The target says in its settings that a move into it is under way, until all is
/// there and has been verified; no engine opens it before. A move that was cut off goes on where it was when it is
/// begun again: rows are added in the order of their keys, and one that is there already stays.
package struct StoreMove: Sendable {
  /// How far it has come.
  package struct Progress: Sendable, Equatable {
    package enum Phase: String, Sendable { case copying, verifying }

    package var phase: Phase
    package var table: String
    package var rows: Int64
    package var total: Int64
  }

  /// What was carried over of one table.
  package struct Table: Sendable, Equatable {
    package var name: String
    package var rows: Int64
    /// SHA-256 over all rows in the order of their keys; `nil` in a plan.
    package var checksum: String?
  }

  let source: any Store
  let target: any Store
  /// How the source is named in the target, so that a move which was cut off is recognised.
  let sourceName: String
  /// Whether workers that are listed as alive are taken for dead.
  let ignoresWorkers: Bool

  package init(from source: any Store, named sourceName: String, to target: any Store, ignoresWorkers: Bool = false) {
    self.source = source
    self.sourceName = sourceName
    self.target = target
    self.ignoresWorkers = ignoresWorkers
  }

  /// What there is to be moved, by counting it.
  package static func plan(_ source: any Store) async throws(StoreError) -> [Table] {
    try await source.read { transaction in
      try MovedTable.all.map { Table(name: $0.name, rows: try $0.count(transaction)) }
    }
  }

  /// Moves all, verifies it, and then opens the target for engines.
  ///
  /// - Parameter report: Called after each batch. What it throws ends the move, which can be taken up again.
  /// - Throws: ``StoreMoveError`` if the databases are not fit for it, or the target is not what the source is.
  package func run(_ report: (Progress) throws -> Void = { _ in }) async throws -> [Table] {
    if !ignoresWorkers { try await Self.refuseWorkers(on: source, "source") }
    try await Self.refuseWorkers(on: target, "target")
    try await target.migrate()
    try await refuseOtherSchema()
    try await begin()
    let plan = try await Self.plan(source)
    for (table, planned) in zip(MovedTable.all, plan) { try await copy(table, planned.rows, report) }
    let (tables, counters) = try await verify(plan, report)
    if !ignoresWorkers { try await Self.refuseWorkers(on: source, "source") }
    try await end(counters)
    return tables
  }

  private func copy(_ table: MovedTable, _ total: Int64, _ report: (Progress) throws -> Void) async throws {
    var last = try await target.read { try table.lastKey($0) }
    var moved = last == nil ? 0 : try await target.read { try table.count($0) }
    while true {
      let after = last
      let rows = try await source.read { try table.rows(after: after, $0) }
      guard let key = rows.last?.values.prefix(table.key.count) else { return }
      last = Array(key)
      let changed = rows.map { table.asMoved($0) }
      try await target.write { transaction in
        try holdMarker(transaction)
        try table.insert(changed, transaction)
      }
      moved += Int64(rows.count)
      try report(Progress(phase: .copying, table: table.name, rows: moved, total: max(moved, total)))
    }
  }
}

// MARK: The mark in the target

extension StoreMove {
  /// Marks an empty target, or finds the mark of the same move.
  private func begin() async throws {
    let name = sourceName
    try await target.write { transaction in
      let mark = try Self.mark(transaction)
      if mark == name { return }
      if let mark { throw StoreMoveError.otherMove(from: mark) }
      for table in MovedTable.all {
        let count = try table.count(transaction)
        guard count == 0 else { throw StoreMoveError.targetInUse(table: table.fullName, rows: count) }
      }
      try transaction.execute(
        "INSERT INTO nightshift_settings(name, value) VALUES(?, ?)", [.text(MovedTable.marker), .text(name)])
    }
  }

  private static func mark(_ transaction: any ReadTransaction) throws(StoreError) -> String? {
    try transaction.query("SELECT value FROM nightshift_settings WHERE name = ?", [.text(MovedTable.marker)])
      .first?.text(0)
  }

  /// Lets a second process with the same move wait for this batch, and ends this one when the other has finished.
  private func holdMarker(_ transaction: any WriteTransaction) throws {
    try transaction.lock("nightshift_settings", where: "name = ?", [.text(MovedTable.marker)])
    guard try Self.mark(transaction) == sourceName else { throw StoreMoveError.finishedElsewhere }
  }

  private func end(_ counters: [JobCounter: Int64]) async throws {
    try await target.write { transaction in
      try holdMarker(transaction)
      try transaction.execute("DELETE FROM nightshift_counters")
      for (counter, count) in counters {
        try transaction.execute(
          "INSERT INTO nightshift_counters(queue, state, n) VALUES(?, ?, ?)",
          [.text(counter.queue), .integer(counter.state), .integer(count)])
      }
      for table in MovedTable.numbered { try transaction.continueNumbering(of: "nightshift_\(table)") }
      try transaction.execute("DELETE FROM nightshift_settings WHERE name = ?", [.text(MovedTable.marker)])
    }
  }

  /// For whoever is about to use a store: half of the jobs may be missing.
  static func refuseUnfinished(_ transaction: any ReadTransaction) throws(StoreError) {
    guard let mark = try mark(transaction) else { return }
    throw StoreError(
      .wrongVersion,
      "A move of \(mark) into this database has not been finished. Run the same `nightshift db move` again, or make "
        + "the database anew.")
  }
}

// MARK: What it is to be refused for

extension StoreMove {
  private static func refuseWorkers(on store: any Store, _ role: String) async throws {
    let rows = try await store.read { transaction in
      try transaction.query(
        """
        SELECT host, boot, pid_namespace, pid, process_start, name FROM nightshift_workers
        WHERE ended_at IS NULL ORDER BY started_at, id
        """)
    }
    let me = ProcessIdentity.current()
    let alive = rows.filter { row in
      let identity = ProcessIdentity(
        host: row.text(0)!, boot: row.text(1)!, pidNamespace: row.text(2)!, pid: Int(row.integer(3)!),
        start: Int(row.integer(4)!))
      return switch me.life(of: identity) {
      case .alive, .unknown: true
      case .dead, .rebooted: false
      }
    }
    guard !alive.isEmpty else { return }
    let names = alive.prefix(5).map { "\($0.text(5)!) on \($0.text(0)!), pid \($0.integer(3)!)" }
    throw StoreMoveError.workersAlive(on: role, names, count: alive.count)
  }

  /// A feature's tables that are not known here would be left behind.
  private func refuseOtherSchema() async throws {
    func steps(_ store: any Store) async throws(StoreError) -> [String] {
      try await store.read { transaction in
        try transaction.query(
          """
          SELECT module, number FROM nightshift_migrations WHERE module NOT IN ('sqlite', 'postgres')
          ORDER BY module, number
          """
        ).map { "\($0.text(0)!) \($0.integer(1)!)" }
      }
    }
    let (here, there) = (try await steps(source), try await steps(target))
    guard here != there else { return }
    throw StoreMoveError.otherSchema(
      source: here.filter { !there.contains($0) }, target: there.filter { !here.contains($0) })
  }
}
