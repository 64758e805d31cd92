/// One job's wait for another, as far as it has to be decided about.
struct OpenDependency: Sendable {
  var job: JobID
  var dependsOn: JobID
  var ref: String?
  var policy: NewDependency.Policy
  /// Whether the other has died before, and the job is on hold for it.
  var isHeld = false
}

extension StoreSession {
  /// Tells those that wait for jobs which have ended.
  ///
  /// Nobody can join them meanwhile: whoever wants to depend on a job locks its row, which this transaction has changed.
  func settleDependencies(on ends: [EndedJob]) throws(StoreError) {
    // The last one counts: a job may be cancelled, retried and cancelled again in one transaction.
    let ended = Dictionary(ends.map { ($0.id, $0) }) { $1 }
    let ids = ended.keys.sorted()
    var waiting: [OpenDependency] = []
    for list in SQLList.lists(of: ids) {
      waiting += try query(
        """
        SELECT job, depends_on, ref, on_death, outcome FROM nightshift_dependencies
        WHERE state = 0 AND depends_on IN (\(list.marks))
        """, list.values
      ).map(OpenDependency.init)
    }
    // Before anything is counted: of two that end at once, the second then sees what the first has written.
    try lockJobs(Set(waiting.map(\.job)))
    try mark(ids.filter { ended[$0]?.state == .completed }, outcome: .completed, staysOpen: nil)
    for state in [JobState.dead, .cancelled] {
      try mark(ids.filter { ended[$0]?.state == state }, outcome: state, staysOpen: .hold)
    }
    try decide(waiting, ended.mapValues(\.state), now: ends.map(\.at).max()!)
  }

  private func mark(
    _ ids: [JobID], outcome: JobState, staysOpen policy: NewDependency.Policy?
  ) throws(StoreError) {
    for list in SQLList.lists(of: ids) {
      try execute(
        """
        UPDATE nightshift_dependencies SET outcome = ?, state = CASE WHEN on_death = ? THEN 0 ELSE 1 END
        WHERE state = 0 AND depends_on IN (\(list.marks))
        """, [.integer(outcome.code), .integer(policy?.rawValue ?? -1)] + list.values)
    }
  }

  /// In the order of their ids, so that two transactions that meet wait for each other and do not deadlock.
  func lockJobs(_ ids: Set<JobID>) throws(StoreError) {
    for list in SQLList.lists(of: ids.sorted()) {
      try lock("nightshift_jobs", where: "id IN (\(list.marks)) ORDER BY id", list.values)
    }
  }

  /// What becomes of the jobs that waited, once the ends of the others are written down.
  func decide(
    _ waiting: [OpenDependency], _ ended: [JobID: JobState], now: Timestamp
  ) throws(StoreError) {
    var released: Set<JobID> = []
    var held: Set<JobID> = []
    // Whether one of those that the job waits for has died, for jobs that wait for a death.
    var starts: [JobID: Bool] = [:]
    for wait in waiting {
      let isBad = ended[wait.dependsOn] != .completed
      switch wait.policy {
      case .cancel where isBad: try cancelDependant(wait, ended[wait.dependsOn] ?? .dead, now: now)
      case .hold where isBad: held.insert(wait.job)
      case .start: starts[wait.job, default: false] = starts[wait.job] == true || ended[wait.dependsOn] == .dead
      case .cancel, .hold, .goOn: released.insert(wait.job)
      }
    }
    for (job, isDead) in starts.sorted(by: { $0.key < $1.key }) { try startAfterDeath(job, isDead: isDead, now: now) }
    try hold(held, now: now)
    if waiting.contains(where: \.isHeld) { try endHolds(released, now: now) }
    try release(released, now: now)
  }

  private func cancelDependant(_ wait: OpenDependency, _ state: JobState, now: Timestamp) throws(StoreError) {
    guard let row = try jobRow(wait.job), row.state == .blocked else { return }
    _ = try cancel(row, "its dependency \(wait.name) \(state == .dead ? "died" : "was cancelled")", now: now)
  }

  private func startAfterDeath(_ job: JobID, isDead: Bool, now: Timestamp) throws(StoreError) {
    guard !isDead else {
      try forgetDependencies(of: job)
      return try release([job], now: now)
    }
    guard let row = try jobRow(job), row.state == .blocked, try !hasOpenDependencies(job) else { return }
    _ = try cancel(row, "nothing that it waited for died", now: now)
  }

  private func hasOpenDependencies(_ job: JobID) throws(StoreError) -> Bool {
    try !query("SELECT 1 FROM nightshift_dependencies WHERE job = ? AND state = 0 LIMIT 1", [SQLValue(job)]).isEmpty
  }

  private func hold(_ jobs: Set<JobID>, now: Timestamp) throws(StoreError) {
    for list in SQLList.lists(of: jobs.sorted()) {
      let rows = try query(
        """
        UPDATE nightshift_jobs SET hold = 3, hold_until = NULL, version = version + 1
        WHERE id IN (\(list.marks)) AND state = 4 AND hold = 0
        RETURNING id, queue, kind, attempt, version
        """, list.values)
      for row in rows { moved(MovedJob(row), from: .blocked, to: .blocked, at: now) }
    }
  }

  /// Ends the holds of jobs none of whose dependencies is dead any more.
  private func endHolds(_ jobs: Set<JobID>, now: Timestamp) throws(StoreError) {
    for list in SQLList.lists(of: jobs.sorted()) {
      let rows = try query(
        """
        UPDATE nightshift_jobs SET hold = 0, version = version + 1
        WHERE id IN (\(list.marks)) AND state = 4 AND hold = 3 AND NOT EXISTS (
          SELECT 1 FROM nightshift_dependencies d
          WHERE d.job = nightshift_jobs.id AND d.state = 0 AND d.outcome IS NOT NULL)
        RETURNING id, queue, kind, attempt, version
        """, list.values)
      for row in rows { moved(MovedJob(row), from: .blocked, to: .blocked, at: now) }
    }
  }

  /// Lets those run that wait for nothing any more. They are due from now on: they were not while they were blocked.
  private func release(_ jobs: Set<JobID>, now: Timestamp) throws(StoreError) {
    for list in SQLList.lists(of: jobs.sorted()) {
      let rows = try query(
        """
        UPDATE nightshift_jobs
        SET state = CASE WHEN run_at > ? THEN 2 ELSE 0 END, run_at = CASE WHEN run_at > ? THEN run_at ELSE ? END,
          hold = CASE WHEN hold = 3 THEN 0 ELSE hold END, version = version + 1
        WHERE id IN (\(list.marks)) AND state = 4
          AND NOT EXISTS (SELECT 1 FROM nightshift_dependencies d WHERE d.job = nightshift_jobs.id AND d.state = 0)
        RETURNING id, queue, kind, attempt, version, state, run_at
        """, [SQLValue(now), SQLValue(now), SQLValue(now)] + list.values)
      for row in rows {
        let state = JobState(code: row.integer(5)!) ?? .ready
        moved(MovedJob(row), from: .blocked, to: state, at: now)
        if state == .scheduled { tally.due(at: row.timestamp(6)!) }
      }
    }
  }
}

// MARK: What people do

extension StoreSession {
  /// Lets a job wait for nothing any more; what it waited for is not told of it.
  func forgetDependencies(of job: JobID) throws(StoreError) {
    try execute("UPDATE nightshift_dependencies SET state = 1 WHERE job = ? AND state = 0", [SQLValue(job)])
  }

  /// Counts the dead dependencies of a job as ended, now that a person has released it. It may wait for others still.
  func acceptDeaths(of job: JobID, now: Timestamp) throws(StoreError) -> JobState {
    try execute(
      "UPDATE nightshift_dependencies SET state = 1 WHERE job = ? AND state = 0 AND outcome IS NOT NULL",
      [SQLValue(job)])
    try release([job], now: now)
    return try jobRow(job)?.state ?? .blocked
  }

  /// Deletes what is known of an ended job's dependencies. A workflow stays readable as long as any of its jobs is there,
  /// and goes with the last one.
  func pruneDependencies(of job: JobID, ended state: JobState) throws(StoreError) {
    // Of two that prune its last jobs at once, the second must see that there is none left.
    try lock(
      "nightshift_workflows", where: "id IN (SELECT workflow FROM nightshift_workflow_jobs WHERE job = ?) ORDER BY id",
      [SQLValue(job)])
    let places = try execute(
      "UPDATE nightshift_workflow_jobs SET outcome = ? WHERE job = ? AND outcome IS NULL",
      [.integer(state.code), SQLValue(job)])
    guard places > 0 else {
      try execute("DELETE FROM nightshift_dependencies WHERE job = ?", [SQLValue(job)])
      return
    }
    let emptied = try query(
      """
      SELECT DISTINCT m.workflow FROM nightshift_workflow_jobs m WHERE m.job = ? AND NOT EXISTS (
        SELECT 1 FROM nightshift_workflow_jobs o WHERE o.workflow = m.workflow AND o.outcome IS NULL)
      """, [SQLValue(job)])
    for row in emptied {
      try execute(
        """
        DELETE FROM nightshift_dependencies
        WHERE job IN (SELECT job FROM nightshift_workflow_jobs WHERE workflow = ?)
        """, [row.values[0]])
      try execute("DELETE FROM nightshift_workflow_jobs WHERE workflow = ?", [row.values[0]])
      try execute("DELETE FROM nightshift_workflows WHERE id = ?", [row.values[0]])
    }
  }
}

extension OpenDependency {
  /// For a reason that people read.
  fileprivate var name: String { ref.map { "\($0) (\(dependsOn))" } ?? "\(dependsOn)" }

  fileprivate init(_ row: SQLRow) {
    self.init(
      job: row.job(0)!, dependsOn: row.job(1)!, ref: row.text(2),
      policy: NewDependency.Policy(rawValue: row.integer(3)!) ?? .cancel, isHeld: row.integer(4) != nil)
  }
}

extension MovedJob {
  /// From id, queue, kind, attempt and version.
  fileprivate init(_ row: SQLRow) {
    self.init(
      id: row.job(0)!, queue: row.text(1)!, kind: row.text(2)!, attempt: Int(row.integer(3)!),
      version: row.integer(4)!)
  }
}
