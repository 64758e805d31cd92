/// Fires the slots of some schedules within one transaction: a slot's row and its job come into being together, so that
/// any number of processes that try fire it once.
struct SlotFiring {
  /// At most so many slots of a schedule wait for earlier ones.
  static let mostWaiting = 100
  /// How often a slot that waits is looked at.
  static let patience = Duration.seconds(1)

  private let transaction: any WriteTransaction
  private let now: Timestamp
  /// All jobs are added at the end, at once.
  private var jobs: [(job: NewJob, schedule: String, slot: Timestamp)] = []

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
    var waiting = plan.definition.overlap == .queue ? try waitingCount(name) : 0
    if let slot = plan.waiting, open.isEmpty, waiting > 0 {
      try begin(slot, of: plan, isNew: false)
      waiting -= 1
      if case .success(let job) = slot.job { open.append(job.id) }
    }
    for slot in plan.slots {
      switch plan.definition.overlap {
      case .skip where !open.isEmpty:
        try note(slot.at, name, .skipped, "the job of an earlier slot, \(open[0]), was not over")
        continue
      case .queue where !open.isEmpty || waiting > 0:
        guard waiting < Self.mostWaiting else {
          try note(slot.at, name, .skipped, "\(Self.mostWaiting) slots were waiting already")
          continue
        }
        try note(slot.at, name, .waiting, nil, open: 2)
        waiting += 1
        continue
      case .cancel:
        try cancel(open, name)
        open = []
      case .allow, .skip, .queue: break
      }
      try begin(slot, of: plan, isNew: true)
      if case .success(let job) = slot.job, plan.definition.overlap != .allow { open.append(job.id) }
    }
    try finish(plan, isWaiting: waiting > 0)
  }

  private func finish(_ plan: SlotPlan, isWaiting: Bool) throws(StoreError) {
    let again = isWaiting ? now + Self.patience : nil
    try transaction.execute(
      """
      UPDATE nightshift_schedules SET fired_until = ?, next_at = ?, last_at = coalesce(?, last_at), problem = NULL
      WHERE name = ?
      """,
      [
        SQLValue(plan.firedUntil), SQLValue([plan.nextAt, again].compactMap { $0 }.min()),
        SQLValue(plan.slots.last?.at), .text(plan.record.name),
      ])
  }

  /// Adds a slot's job, or notes why it cannot be added.
  private mutating func begin(_ slot: SlotPlan.Slot, of plan: SlotPlan, isNew: Bool) throws(StoreError) {
    let name = plan.record.name
    if !isNew {
      try transaction.execute(
        "DELETE FROM nightshift_slots WHERE schedule = ? AND at = ?", [.text(name), SQLValue(slot.at)])
    }
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

  private func waitingCount(_ schedule: String) throws(StoreError) -> Int {
    let rows = try transaction.query(
      "SELECT count(*) FROM nightshift_slots WHERE schedule = ? AND open > 0 AND open = 2", [.text(schedule)])
    return Int(rows[0].integer(0) ?? 0)
  }

  /// Jobs of earlier slots that are not over; those that are, are not looked at again.
  private func openJobs(_ plan: SlotPlan) throws(StoreError) -> [JobID] {
    guard plan.definition.overlap != .allow else { return [] }
    let rows = try transaction.query(
      """
      SELECT s.at, s.job, j.state FROM nightshift_slots s LEFT JOIN nightshift_jobs j ON j.id = s.job
      WHERE s.schedule = ? AND s.open > 0 AND s.open = 1 ORDER BY s.at
      """, [.text(plan.record.name)])
    var open: [JobID] = []
    for row in rows {
      if let job = row.job(1), let state = row.integer(2).flatMap(JobState.init(code:)), !state.isTerminal {
        open.append(job)
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
