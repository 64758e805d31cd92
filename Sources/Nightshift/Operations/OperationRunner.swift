import Logging

/// Does what operations want, a batch of jobs at a time: each batch and how far it has come are one transaction, so that
/// nothing is done twice or left out when the process dies.
final class OperationRunner: Sendable {
  private static let batch = 200

  private unowned let engine: Engine  // which owns this object
  private let signal = Signal()

  init(engine: Engine) { self.engine = engine }

  /// Somebody has begun an operation, or its process is gone.
  func lookAgain() { signal.signal() }

  func run() async {
    while !Task.isCancelled {
      do {
        try await workOff()
      } catch {
        // The housekeeper's next look around goes on with it, from where it had come.
        engine.logger.warning("an operation stopped at an error; it is tried again", metadata: ["error": "\(error)"])
      }
      await signal.wait()
    }
  }

  /// Works at all operations that nobody else works at, to their ends.
  func workOff() async throws {
    while !Task.isCancelled, let operation = try await next() { try await work(operation) }
  }

  /// The oldest operation that nobody works at who is still there. It is this process's then.
  private func next() async throws -> Operation? {
    let me = engine.workerID
    let isIdle = try await engine.store.read { transaction in
      guard try transaction.hasTables(of: Migration.deadLetters.step) else { return true }
      return try transaction.query("SELECT 1 FROM nightshift_operations WHERE state = 'running' LIMIT 1").isEmpty
    }
    guard !isIdle else { return nil }
    return try await engine.store.write { transaction in
      let rows = try transaction.query(
        """
        SELECT id FROM nightshift_operations WHERE state = 'running' AND (worker IS NULL OR worker = ?
          OR worker NOT IN (SELECT id FROM nightshift_workers WHERE ended_at IS NULL))
        ORDER BY id LIMIT 1
        """, [.integer(me.rawValue)])
      guard let id = rows.first?.integer(0) else { return nil }
      try transaction.lock("nightshift_operations", where: "id = ?", [.integer(id)])
      let taken = try transaction.execute(
        """
        UPDATE nightshift_operations SET worker = ? WHERE id = ? AND state = 'running' AND (worker IS NULL
          OR worker = ? OR worker NOT IN (SELECT id FROM nightshift_workers WHERE ended_at IS NULL))
        """, [.integer(me.rawValue), .integer(id), .integer(me.rawValue)])
      return try taken == 0 ? nil : Engine.operation(OperationID(rawValue: id), transaction)
    }
  }

  private func work(_ operation: Operation) async throws {
    var operation = operation
    while operation.state == .running, !Task.isCancelled {
      let (jobs, isLast) = try await jobs(of: operation)
      guard let next = try await change(jobs, isLast: isLast, operation) else { return }
      operation = next
    }
  }

  /// The next jobs, newest first, and whether they are the last.
  private func jobs(of operation: Operation) async throws -> (jobs: [JobID], isLast: Bool) {
    switch operation.subject {
    case .jobs(let ids):
      let rest = ids.sorted(by: >).filter { id in operation.position.map { id < $0 } ?? true }
      return (Array(rest.prefix(Self.batch)), rest.count <= Self.batch)
    case .filter(var filter):
      let states = operation.verb.states
      filter.states = filter.states.isEmpty ? states : filter.states.intersection(states)
      guard !filter.states.isEmpty else { return ([], true) }
      // A page may be empty and not the last: the search has a budget.
      var position = operation.position
      while !Task.isCancelled {
        let page = try await engine.jobs(filter, before: position, limit: Self.batch)
        if !page.jobs.isEmpty || page.next == nil { return (page.jobs.map(\.id), page.next == nil) }
        position = page.next
      }
      return ([], false)
    case .deadLetters(let fingerprint):
      let rows = try await engine.store.read { transaction in
        try transaction.query(
          """
          SELECT job FROM nightshift_dead_letters WHERE fingerprint = ? AND job < ? ORDER BY job DESC LIMIT \(Self.batch)
          """, [.text(fingerprint), .integer(operation.position?.rawValue ?? .max)])
      }
      return (rows.compactMap { $0.job(0) }, rows.count < Self.batch)
    }
  }

  /// - Returns: The operation as it is then; `nil` if somebody else has it now.
  private func change(_ jobs: [JobID], isLast: Bool, _ operation: Operation) async throws -> Operation? {
    let (me, now) = (engine.workerID, engine.clock.now)
    let id = SQLValue.integer(operation.id.rawValue)
    return try await engine.store.write { transaction in
      try transaction.lock("nightshift_operations", where: "id = ?", [id])
      let rows = try transaction.query(
        "SELECT \(Operation.columns), worker FROM nightshift_operations WHERE id = ?", [id])
      guard let row = rows.first, row.integer(16) == me.rawValue else { return nil }
      let current = try Operation(row)
      guard current.state == .running else { return current }
      let outcomes = try transaction.change(current.verb.change(current.reason), of: jobs, now: now)
      let changed = outcomes.count { if case .changed = $0 { true } else { false } }
      try transaction.execute(
        """
        UPDATE nightshift_operations SET changed = changed + ?, looked_at = looked_at + ?, position = ?, state = ?,
          ended_at = ? WHERE id = ?
        """,
        [
          SQLValue(changed), SQLValue(jobs.count), SQLValue((jobs.last ?? current.position)?.rawValue),
          .text(isLast ? Operation.State.completed.rawValue : Operation.State.running.rawValue),
          isLast ? SQLValue(now) : .null, id,
        ])
      if isLast {
        try transaction.audit(
          current.verb.rawValue, "\(current.changed + changed) jobs by \(current.id)", by: current.actor, at: now)
      }
      return try Engine.operation(operation.id, transaction)
    }
  }
}
