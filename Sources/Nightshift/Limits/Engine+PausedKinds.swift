public import Foundation

extension Engine {
  /// Lets no job of a kind begin on any node, until ``resume(kind:)`` or a moment; what runs already goes on.
  public func pause(kind: JobKind, until end: Date? = nil, reason: String? = nil) async throws {
    try await pause(kind: kind, until: end.map { Timestamp($0) }, reason: reason, by: .system)
  }

  /// Ends the pause of a kind.
  public func resume(kind: JobKind) async throws { _ = try await resume(kind: kind, by: .system) }

  /// As ``pause(kind:until:reason:)``, on behalf of somebody.
  package func pause(
    kind: JobKind, until end: Timestamp? = nil, reason: String? = nil, by actor: Actor
  ) async throws {
    let now = clock.now
    try await store.write { transaction in
      let session = transaction.session
      try session.requireLimits()
      let former = try session.gateRow(.pause, kind.rawValue)
      if let id = former?.integer(0) { try session.close(gate: id, at: now) }
      try session.execute(
        """
        INSERT INTO nightshift_gates(
          type, name, definition, created_at, updated_at, updated_by, closed_at, closed_until, reason, trips)
        VALUES('pause', ?, '{}', ?, ?, ?, ?, ?, ?, 0)
        """,
        [
          .text(kind.rawValue), SQLValue(now), SQLValue(now), .text(actor.id), SQLValue(now), SQLValue(end),
          SQLValue(reason),
        ])
      // Those that the former pause has kept back come under this one.
      try session.wakeHeld(now: now)
      let pause = Pause(since: now, by: actor.id, until: end, reason: reason)
      let change = AuditedChange(from: Pause(ofKind: former)?.audited, to: pause.audited)
      try transaction.audit("pause", "kind \(kind)", by: actor, at: now, detail: change.detail(and: pause.detail))
    }
    try await refresh()
  }

  /// Ends the pause of a kind. `false` if it is not paused.
  package func resume(kind: JobKind, by actor: Actor) async throws -> Bool {
    let now = clock.now
    let existed = try await store.write { transaction in
      let session = transaction.session
      try session.requireLimits()
      guard let former = try session.gateRow(.pause, kind.rawValue), let id = former.integer(0) else { return false }
      try session.close(gate: id, at: now)
      try session.wakeHeld(now: now)
      let change = AuditedChange(from: Pause(ofKind: former)?.audited, to: nil)
      try transaction.audit("resume", "kind \(kind)", by: actor, at: now, detail: change.detail())
      return true
    }
    if existed { try await refresh() }
    return existed
  }

  /// The kinds that are paused.
  package func pausedKinds() async throws(StoreError) -> [String: PausedKind] {
    let now = clock.now
    return try await store.read { transaction in
      guard try transaction.hasTables(of: Migration.limits.step) else { return [:] }
      let rows = try transaction.query(
        "SELECT \(GateReader.columns) FROM nightshift_gates WHERE gone_at IS NULL AND type = 'pause'")
      var paused: [String: PausedKind] = [:]
      for row in rows {
        let until = row.timestamp(8)
        if let until, until <= now { continue }
        paused[row.text(2)!] = PausedKind(
          since: row.timestamp(7)!, until: until, reason: row.text(9), by: row.text(6)!)
      }
      return paused
    }
  }
}

/// The pause of a kind.
package struct PausedKind: Sendable, Hashable {
  package var since: Timestamp
  package var until: Timestamp?
  package var reason: String?
  package var by: String
}
