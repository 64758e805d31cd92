extension Engine {
  /// Sets a limit, in place of the one with the same name if there is one. It holds on every node from now on; what
  /// runs already goes on.
  ///
  /// - Throws: ``LimitError`` with everything that is wrong with it.
  public func set(_ limit: Limit) async throws { try await set(limit, by: .system) }

  /// Removes a limit; what it has kept back may go on. `false` if there is none of this name.
  @discardableResult
  public func removeLimit(_ name: String) async throws -> Bool { try await removeLimit(name, by: .system) }

  /// - Returns: Whether there was none of this name before.
  @discardableResult
  package func set(_ limit: Limit, by actor: Actor) async throws -> Bool {
    let faults = limit.faults
    guard faults.isEmpty else { throw LimitError(faults: faults) }
    let now = clock.now
    let isNew = try await store.write { transaction in
      let session = transaction.session
      try session.requireLimits()
      let former = try session.gateRow(.limit, limit.name)
      try session.put(limit, inPlaceOf: former, by: actor, at: now)
      let change = AuditedChange(from: former.flatMap(GateReader.limit)?.definition, to: limit.definition)
      try transaction.audit(
        "set-limit", "limit \(limit.name)", by: actor, at: now, detail: change.detail(and: limit.definition))
      return former == nil
    }
    try await refresh()
    return isNew
  }

  package func removeLimit(_ name: String, by actor: Actor) async throws -> Bool {
    let now = clock.now
    let existed = try await store.write { transaction in
      let session = transaction.session
      try session.requireLimits()
      guard let former = try session.gateRow(.limit, name), let id = former.integer(0) else { return false }
      try session.close(gate: id, at: now)
      try session.wakeHeld(now: now)
      let change = AuditedChange(from: GateReader.limit(former)?.definition, to: nil)
      try transaction.audit("remove-limit", "limit \(name)", by: actor, at: now, detail: change.detail())
      return true
    }
    if existed { try await refresh() }
    return existed
  }

  /// How much a limit is used; `nil` if there is none of this name.
  package func limit(_ name: String) async throws(StoreError) -> LimitStatus? { try await limits(name).first }

  /// All limits with how much they are used, or the one of this name.
  package func limits(_ name: String? = nil) async throws(StoreError) -> [LimitStatus] {
    try await store.read { transaction in
      guard try transaction.hasTables(of: Migration.limits.step) else { return [] }
      let rows = try transaction.query(
        """
        SELECT \(GateReader.columns) FROM nightshift_gates WHERE gone_at IS NULL AND type = 'limit' ORDER BY name
        """)
      let running = try Self.runningByPool(transaction)
      return try rows.compactMap { row in
        guard let limit = GateReader.limit(row), let id = row.integer(0) else { return nil }
        guard name == nil || limit.name == name else { return nil }
        let pools = running.filter { Pool($0.key)?.gate == id }
        return LimitStatus(
          limit: limit, id: id, running: pools.values.reduce(0, +), busyKeys: pools.count,
          held: try Self.held(by: id, transaction), updatedAt: row.timestamp(5)!, updatedBy: row.text(6)!)
      }
    }
  }

  package static func runningByPool(_ transaction: any ReadTransaction) throws(StoreError) -> [String: Int] {
    var running: [String: Int] = [:]
    let rows = try transaction.query(
      "SELECT lane, count(*) FROM nightshift_jobs WHERE state = 1 AND lane IS NOT NULL GROUP BY lane")
    for row in rows {
      for pool in row.text(0)!.split(separator: "\n") { running[String(pool), default: 0] += Int(row.integer(1)!) }
    }
    return running
  }

  static func held(by gate: Int64, _ transaction: any ReadTransaction) throws(StoreError) -> Int {
    let rows = try transaction.query(
      """
      SELECT count(*) FROM (
        SELECT 1 FROM nightshift_jobs
        WHERE hold >= 4 AND (held_by = ? OR (held_by >= ? AND held_by < ?)) LIMIT ?) AS h
      """,
      [.text("\(gate)"), .text("\(gate):"), .text("\(gate);"), SQLValue(LimitStatus.mostCounted)])
    return Int(rows[0].integer(0) ?? 0)
  }
}

/// A limit and how much it is used.
package struct LimitStatus: Sendable {
  /// Held jobs are counted up to here.
  package static let mostCounted = 10_000

  package var limit: Limit
  /// The number of its row, by which held jobs name it.
  package var id: Int64
  /// Jobs that run within it.
  package var running: Int
  /// Values of the key of which jobs run.
  package var busyKeys: Int
  /// Jobs that it keeps back at the moment; ``mostCounted`` stands for as many or more.
  package var held: Int
  package var updatedAt: Timestamp
  package var updatedBy: String
}
