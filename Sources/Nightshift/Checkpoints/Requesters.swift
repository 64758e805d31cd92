extension Migration {
  /// Who asked for jobs that are another's.
  static let requesters = Migration(
    module: "core", number: 7, name: "requesters",
    statements: [
      """
      CREATE TABLE nightshift_requesters(job {int} NOT NULL, actor {text} NOT NULL, PRIMARY KEY(job, actor)) {clustered}
      """,
      // Who has changed at run time what the jobs of a schedule are to do.
      """
      CREATE TABLE nightshift_schedule_editors(
        schedule {text} NOT NULL, actor {text} NOT NULL, PRIMARY KEY(schedule, actor)) {clustered}
      """,
    ])
}

// Most jobs are their requester's own, and their row says so: only what differs from it costs a row here.

extension ReadTransaction {
  /// Everybody who had a hand in what a job is to do: its owner, whoever enqueued it for them, changed its schedule or
  /// ran that by hand, forked it, or gave it another payload.
  func requesters(of job: JobID) throws(StoreError) -> [String] {
    let owners = try query("SELECT owner FROM nightshift_payloads WHERE id = ?", [SQLValue(job)])
    let owner = owners.first?.text(0).map { [$0] } ?? []
    guard try hasTables(of: Migration.requesters.step) else { return owner }
    let others = try query("SELECT actor FROM nightshift_requesters WHERE job = ? ORDER BY actor", [SQLValue(job)])
    return owner + others.compactMap { $0.text(0) }
  }
}

extension StoreSession {
  /// Writes down who asked for jobs. The program itself asks on behalf of the owner that it names.
  func noteRequester(_ actor: Actor, of jobs: [JobID]) throws(StoreError) {
    guard actor != .system, !jobs.isEmpty, try hasTaken(Migration.requesters.step) else { return }
    for list in SQLList.lists(of: jobs) {
      try execute(
        """
        INSERT INTO nightshift_requesters(job, actor) SELECT id, ? FROM nightshift_jobs WHERE id IN (\(list.marks))
        ON CONFLICT(job, actor) DO NOTHING
        """, [.text(actor.id)] + list.values)
    }
  }

  /// Whoever asked for a job has asked for what it brings about as well.
  func copyRequesters(of job: JobID, to other: JobID) throws(StoreError) {
    guard try hasTaken(Migration.requesters.step) else { return }
    try execute(
      """
      INSERT INTO nightshift_requesters(job, actor) SELECT j.id, r.actor FROM nightshift_requesters r
      JOIN nightshift_jobs j ON j.id = ? WHERE r.job = ? ON CONFLICT(job, actor) DO NOTHING
      """, [SQLValue(other), SQLValue(job)])
  }
}

// MARK: Schedules

extension StoreSession {
  /// Writes down who has changed what a schedule's jobs are to do.
  func noteEditor(_ actor: Actor, of schedule: String) throws(StoreError) {
    guard actor != .system, try hasTaken(Migration.requesters.step) else { return }
    try execute(
      "INSERT INTO nightshift_schedule_editors(schedule, actor) VALUES(?, ?) ON CONFLICT(schedule, actor) DO NOTHING",
      [.text(schedule), .text(actor.id)])
  }

  /// What was changed counts no more.
  func forgetEditors(of schedule: String) throws(StoreError) {
    guard try hasTaken(Migration.requesters.step) else { return }
    try execute("DELETE FROM nightshift_schedule_editors WHERE schedule = ?", [.text(schedule)])
  }

  /// Who has changed a schedule has asked for its jobs: for those that were added at a moment.
  func noteEditors(ofSlotsFiredAt moment: Timestamp) throws(StoreError) {
    guard try hasTaken(Migration.requesters.step) else { return }
    // One statement, however many schedules were due; nearly always nobody has changed any.
    guard try !query("SELECT 1 FROM nightshift_schedule_editors LIMIT 1").isEmpty else { return }
    try execute(
      """
      INSERT INTO nightshift_requesters(job, actor)
      SELECT s.job, e.actor FROM nightshift_slots s JOIN nightshift_schedule_editors e ON e.schedule = s.schedule
      WHERE s.fired_at = ? AND s.job IS NOT NULL AND s.outcome IN ('enqueued', 'manual')
      ON CONFLICT(job, actor) DO NOTHING
      """, [SQLValue(moment)])
  }
}

extension Actor {
  /// Whether a name in a job or a rule means them. A token's name stands for it as well.
  func isCalled(_ name: String) -> Bool { name == id || "token:\(name)" == id }
}
