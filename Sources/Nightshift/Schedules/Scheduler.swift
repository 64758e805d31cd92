import Logging

/// Fires schedules when they are due. Every process does so, and the store sees to it that each slot is fired once.
///
/// Sleeps until the next slot, and is told of changes.
final class Scheduler: Sendable {
  /// At most so many schedules are looked at together.
  static let batch = 1_000
  /// At most so many jobs in one transaction, unless one schedule alone has more.
  private static let slots = 1_000

  private unowned let engine: Engine  // which owns this object
  private let alarm: Alarm

  init(engine: Engine) {
    self.engine = engine
    alarm = Alarm(clock: engine.clock)
  }

  /// Says that schedules may have changed.
  func lookAgain() { alarm.lookAgain() }

  func run() async { await alarm.run(look) }

  private func look() async -> Timestamp? {
    do {
      return try await fire()
    } catch {
      engine.logger.warning("schedules could not be fired", metadata: ["error": "\(error)"])
      return engine.clock.now + .seconds(1)
    }
  }

  /// Fires all that is due.
  ///
  /// - Returns: When the next one is due.
  func fire() async throws -> Timestamp? {
    // On a schema that is yet to be migrated there are none; whoever migrates it is noticed, or the next look finds it.
    let step = Migration.schedules.step
    guard try await engine.store.read({ try $0.hasTables(of: step) }) else { return engine.clock.now + .seconds(60) }
    while !Task.isCancelled {
      let now = engine.clock.now
      let due = try await engine.store.read { transaction in
        try transaction.query(
          """
          SELECT name, source, declared, overridden, fired_until, next_at, last_at, created_at, updated_at, problem
          FROM nightshift_schedules WHERE enabled = 1 AND next_at <= ? ORDER BY next_at, name LIMIT ?
          """, [SQLValue(now), SQLValue(Self.batch)]
        ).map(ScheduleRecord.init)
      }
      guard !due.isEmpty else { break }
      try await fire(due, at: now)
    }
    return try await engine.store.read { transaction in
      try transaction.query("SELECT min(next_at) FROM nightshift_schedules WHERE enabled = 1").first?.timestamp(0)
    }
  }

  private func fire(_ due: [ScheduleRecord], at now: Timestamp) async throws {
    var plans: [SlotPlan] = []
    for record in due {
      do {
        plans.append(try await engine.plan(record, at: now))
      } catch let error as ScheduleError {
        try await giveUp(record, error)
      }
      if plans.reduce(0, { $0 + $1.slots.count }) >= Self.slots {
        try await fire(plans, at: now)
        plans = []
      }
    }
    if !plans.isEmpty { try await fire(plans, at: now) }
  }

  private func fire(_ plans: [SlotPlan], at now: Timestamp) async throws {
    do {
      try await write(plans, at: now)
    } catch let error as StoreError
      where [.unavailable, .overloaded, .full, .readOnly, .overtaken].contains(error.code)
    {
      throw error
    } catch {
      guard plans.count > 1 else {
        return try await giveUp(plans[0].record, ScheduleError(.invalid, [.init("#", "could not be fired: \(error)")]))
      }
      // One of them may be to blame, and must not stop the others.
      for plan in plans { try await fire([plan], at: now) }
    }
  }

  private func write(_ plans: [SlotPlan], at now: Timestamp) async throws {
    let count = try await engine.store.write { transaction in
      var firing = SlotFiring(transaction, now: now)
      return try firing.fire(plans)
    }
    for plan in plans {
      for slot in plan.slots {
        guard case .failure(let refusal) = slot.job else { continue }
        engine.logger.error(
          "the job of a schedule was refused",
          metadata: ["schedule": "\(plan.record.name)", "slot": "\(slot.at.rfc3339)", "error": "\(refusal.message)"])
      }
    }
    if count > 0 { engine.logger.debug("schedules fired", metadata: ["jobs": "\(count)"]) }
  }

  /// A schedule that cannot be fired is looked at again once somebody has changed it.
  private func giveUp(_ record: ScheduleRecord, _ error: ScheduleError) async throws {
    engine.logger.error(
      "a schedule cannot be fired; edit it", metadata: ["schedule": "\(record.name)", "error": "\(error)"])
    let problem = error.description.truncatedUTF8(to: 1_000)
    _ = try await engine.store.write { transaction in
      try transaction.execute(
        "UPDATE nightshift_schedules SET next_at = NULL, problem = ? WHERE name = ? AND updated_at = ?",
        [.text(problem), .text(record.name), SQLValue(record.updatedAt)])
    }
  }
}
