/// What is to be done for one schedule, worked out before the transaction that does it.
struct SlotPlan: Sendable {
  struct Slot: Sendable {
    var at: Timestamp
    /// The job to be added, or why it was refused.
    var job: Result<NewJob, Refusal>
  }

  struct Refusal: Error, Sendable {
    var message: String
  }

  var record: ScheduleRecord
  var definition: ScheduleDefinition
  /// New slots, oldest first.
  var slots: [Slot] = []
  /// The slots until then are dealt with afterwards.
  var firedUntil: Timestamp
  var nextAt: Timestamp?
}

extension Engine {
  /// At most so many slots of one schedule in one transaction.
  static let slotBatch = 200

  /// What is to be done for a schedule that is due.
  ///
  /// - Throws: ``ScheduleError`` if what is stored cannot be read, ``StoreError``.
  func plan(_ record: ScheduleRecord, at now: Timestamp) async throws -> SlotPlan {
    let definition = try ScheduleDefinition(json: record.json, timelines)
    let due = definition.due(after: record.firedUntil, at: now)
    let slots = due.prefix(Self.slotBatch)
    var plan = SlotPlan(record: record, definition: definition, firedUntil: now)
    if slots.count < due.count, let last = slots.last {
      // The rest comes in a transaction of its own, at once.
      plan.firedUntil = last
      plan.nextAt = now
    } else {
      // The clock may have been put back since.
      plan.firedUntil = max(now, record.firedUntil)
      plan.nextAt = definition.next(after: plan.firedUntil)?.timestamp
    }
    for slot in slots { plan.slots.append(try await planned(slot, record.name, definition)) }
    return plan
  }

  private func planned(
    _ slot: Timestamp, _ schedule: String, _ definition: ScheduleDefinition
  ) async throws -> SlotPlan.Slot {
    var draft = definition.draft(schedule, slot: slot)
    // A key that says when its job is due counts from now.
    if !draft.options.hasDueTimeOfKey {
      draft.options.runAt = .at((slot + definition.delay(of: slot, in: schedule)).date)
    }
    do {
      return .init(at: slot, job: .success(try await prepare([draft], isTyped: false, idempotency: nil)[0]))
    } catch let error as StoreError {
      throw error
    } catch {
      // Its kind, its payload, or what middleware has against it: the other schedules go on.
      return .init(at: slot, job: .failure(SlotPlan.Refusal(message: "\(error)".truncatedUTF8(to: 1_000))))
    }
  }
}

extension ScheduleDefinition {
  /// The job of a slot, or of a run by hand.
  func draft(_ schedule: String, slot: Timestamp?) -> JobDraft {
    var draft = JobDraft(kind: kind, payload: payload.serialized(), options: options)
    draft.options.tags += SlotTag.tags(of: schedule, slot: slot)
    return draft
  }
}
