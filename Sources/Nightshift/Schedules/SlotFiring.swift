/// Fires the slots of some schedules within one transaction: a slot's row and its job come into being together, so that
/// any number of processes that try fire it once.
struct SlotFiring {
  /// At most so many slots of a schedule wait for earlier ones.
  static let mostWaiting = 100

  private let transaction: any WriteTransaction
  private let now: Timestamp
  /// All jobs are added at the end, at once.
  private var jobs: [(job: NewJob, schedule: String, slot: Timestamp)] = []
  /// Why jobs for an organization cannot be added, as it was found out for slots before.
  private var refusals: [String: SlotPlan.Refusal?] = [:]

  init(_ transaction: any WriteTransaction, now: Timestamp) {
    self.transaction = transaction
    self.now = now
  }

  /// - Returns: How many jobs were added.
  mutating func fire(_ plans: [SlotPlan]) throws(StoreError) -> Int {
    try ScheduleRecord.takeTurns(transaction)
    for plan in plans where try isCurrent(plan) { try fire(plan) }
    let outcomes = try transaction.insert(jobs.map(\.job), now: now)
    for (entry, outcome) in zip(jobs, outcomes) {
      guard case .duplicate(let holder) = outcome else { continue }
      try transaction.execute(
        "UPDATE nightshift_slots SET outcome = 'duplicate', job = ? WHERE schedule = ? AND at = ?",
        [SQLValue(holder), .text(entry.schedule), SQLValue(entry.slot)])
    }
    if !jobs.isEmpty { try transaction.session.noteEditors(ofSlotsFiredAt: now) }
    return jobs.count
  }

  /// Whether the schedule is still what the plan was made for. Another process may have fired it, or a person changed
  /// it, meanwhile.
  private func isCurrent(_ plan: SlotPlan) throws(StoreError) -> Bool {
    let rows = try transaction.query(
      "SELECT 1 FROM nightshift_schedules WHERE name = ? AND enabled = 1 AND fired_until = ? AND updated_at = ?",
      [.text(plan.record.name), SQLValue(plan.record.firedUntil), SQLValue(plan.record.updatedAt)])
    return !rows.isEmpty
  }

  private mutating func fire(_ plan: SlotPlan) throws(StoreError) {
    let name = plan.record.name
    var open = try openJobs(plan)
    for var slot in plan.slots {
      try refuse(&slot)
      switch plan.definition.overlap {
      case .skip where !open.isEmpty:
        try note(slot.at, name, .skipped, "the job of an earlier slot, \(open[0].id), was not over")
        continue
      case .queue:
        guard open.count(where: \.isWaiting) < Self.mostWaiting else {
          try note(slot.at, name, .skipped, "\(Self.mostWaiting) slots were waiting already")
          continue
        }
        if let last = open.last { slot.wait(for: last.id) }
      case .cancel:
        try cancel(open.map(\.id), name)
        open = []
      case .allow, .skip: break
      }
      try begin(slot, of: plan)
      if case .success(let job) = slot.job, plan.definition.overlap != .allow {
        open.append(OpenJob(id: job.id, isWaiting: !job.dependencies.isEmpty))
      }
    }
    try transaction.execute(
      """
      UPDATE nightshift_schedules SET fired_until = ?, next_at = ?, last_at = coalesce(?, last_at), problem = NULL
      WHERE name = ?
      """,
      [SQLValue(plan.firedUntil), SQLValue(plan.nextAt), SQLValue(plan.slots.last?.at), .text(plan.record.name)])
  }

  /// Refuses a job for an organization that was removed: the next one of its name would be shown it.
  private mutating func refuse(_ slot: inout SlotPlan.Slot) throws(StoreError) {
    guard case .success(let job) = slot.job, let name = job.organization else { return }
    if refusals[name] == nil {
      let message = try Organization.refusal(ofJobsFor: name, transaction)
      refusals.updateValue(message.map { SlotPlan.Refusal(message: "organization \($0)") }, forKey: name)
    }
    if case .some(.some(let refusal)) = refusals[name] { slot.job = .failure(refusal) }
  }

  /// Adds a slot's job, or notes why it cannot be added.
  private mutating func begin(_ slot: SlotPlan.Slot, of plan: SlotPlan) throws(StoreError) {
    let name = plan.record.name
    switch slot.job {
    case .failure(let refusal):
      try note(slot.at, name, .refused, refusal.message)
    case .success(let job):
      let isOpen = plan.definition.overlap != .allow
      guard try note(slot.at, name, .enqueued, nil, job: job.id, open: isOpen ? 1 : 0) else { return }
      jobs.append((job, name, slot.at))
    }
  }

  /// - Returns: `false` if the slot was fired before.
  @discardableResult
  private func note(
    _ slot: Timestamp, _ schedule: String, _ outcome: SlotRecord.Outcome, _ detail: String?, job: JobID? = nil,
    open: Int = 0
  ) throws(StoreError) -> Bool {
    try transaction.execute(
      """
      INSERT INTO nightshift_slots(schedule, at, fired_at, outcome, detail, job, open) VALUES(?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT(schedule, at) DO NOTHING
      """,
      [
        .text(schedule), SQLValue(slot), SQLValue(now), .text(outcome.rawValue), SQLValue(detail), SQLValue(job),
        SQLValue(open),
      ]) == 1
  }

  /// Jobs of earlier slots that are not over; those that are, are not looked at again.
  private func openJobs(_ plan: SlotPlan) throws(StoreError) -> [OpenJob] {
    guard plan.definition.overlap != .allow else { return [] }
    let rows = try transaction.query(
      """
      SELECT s.at, s.job, j.state FROM nightshift_slots s LEFT JOIN nightshift_jobs j ON j.id = s.job
      WHERE s.schedule = ? AND s.open > 0 ORDER BY s.at
      """, [.text(plan.record.name)])
    var open: [OpenJob] = []
    for row in rows {
      if let job = row.job(1), let state = row.integer(2).flatMap(JobState.init(code:)), !state.isTerminal {
        open.append(OpenJob(id: job, isWaiting: state == .blocked))
      } else {
        try transaction.execute(
          "UPDATE nightshift_slots SET open = 0 WHERE schedule = ? AND at = ?",
          [.text(plan.record.name), SQLValue(row.timestamp(0))])
      }
    }
    return open
  }

  /// Those that were added in this very transaction are left out again.
  private mutating func cancel(_ open: [JobID], _ schedule: String) throws(StoreError) {
    guard !open.isEmpty else { return }
    let reason = "a later slot of schedule \(schedule) has come"
    let new = Set(open).intersection(jobs.map(\.job.id))
    _ = try transaction.change(.cancel(reason: reason), of: open.filter { !new.contains($0) }, now: now)
    for entry in jobs where new.contains(entry.job.id) {
      try transaction.execute(
        "UPDATE nightshift_slots SET outcome = 'skipped', detail = ?, job = NULL, open = 0 WHERE schedule = ? AND at = ?",
        [.text("a later slot came at the same time"), .text(schedule), SQLValue(entry.slot)])
    }
    jobs.removeAll { new.contains($0.job.id) }
  }
}

/// The job of an earlier slot that is not over.
private struct OpenJob {
  var id: JobID
  /// Whether it waits for the one before it.
  var isWaiting: Bool
}

extension SlotPlan.Slot {
  /// Lets the job begin once another has ended, however that was.
  fileprivate mutating func wait(for other: JobID) {
    job = job.map { job in
      var job = job
      job.dependencies.append(NewDependency(other, onDeath: .goOn))
      return job
    }
  }
}
