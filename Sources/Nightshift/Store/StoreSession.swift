/// A transaction in which a store's verbs run.
///
/// The verbs that are not hot are written once, here, in portable SQL; what has to be fast is each store's own.
package protocol StoreSession: AnyObject, WriteTransaction {
  /// What the transaction adds up to so far.
  var tally: GroupTally { get set }
  /// Steps of the schema that are known to have been taken: they stay taken.
  var takenSteps: Set<Migration.Step> { get set }

  /// What keeps jobs from being claimed, as this process knows it.
  var gates: GateSet { get set }

  /// Those of the jobs for whose end somebody waits. Called after the statement that has ended them, so that whoever
  /// came before it is seen; whoever comes after it sees the end.
  func awaited(among jobs: [JobID]) throws(StoreError) -> Set<JobID>

  /// Hands out so many turns in each lane, and tells the last one of each.
  func nextTurns(_ wanted: [TurnLane: Int], now: Timestamp) throws(StoreError) -> [TurnLane: Int64]

  /// How many jobs run in each of these pools, no two of which are the same.
  func running(in pools: [Pool]) throws(StoreError) -> [Int]

  /// Puts claimed jobs back that a gate does not let through, or whose turn it is not.
  func putBack(_ jobs: [HeldBack]) throws(StoreError)

  /// Writes on jobs which pools they are in.
  func writeLanes(_ lanes: [(job: JobID, lane: String)]) throws(StoreError)

  /// Lets the first held jobs of each pool go on, and tells how many those were.
  func release(_ rooms: [PoolRoom]) throws(StoreError) -> [String: Int]
}

extension StoreSession {
  package var session: any StoreSession { self }

  /// Notes a change of state for the counters, for workers and for listeners.
  package func moved(_ job: MovedJob, from old: JobState?, to new: JobState, at moment: Timestamp) {
    tally.move(job.queue, from: old, to: new)
    if new.isTerminal { tally.ends.append(EndedJob(id: job.id, state: new, at: moment)) }
    if !gates.isEmpty { noteGated(job, from: old, to: new, at: moment) }
    guard tally.collectsTransitions else { return }
    tally.notice.transitions.append(
      Transition(
        job: job.id, version: job.version, state: new, kind: job.kind, queue: job.queue, attempt: job.attempt,
        at: moment))
  }
}

extension StoreSession {
  /// What there is to be done before the commit about jobs that have left their pools, or get a turn.
  private func noteGated(_ job: MovedJob, from old: JobState?, to new: JobState, at moment: Timestamp) {
    tally.now = max(tally.now, moment)
    if old == .running, new != .running {
      guard gates.limits(queue: job.queue) else { return }
      tally.left(job.queue, job.kind, job.lane)
    } else if new == .ready, let old, old != .ready, gates.fairness(in: job.queue) != nil {
      tally.unturned.append(job.id)
    }
  }

  /// Everything that follows from what a transaction has done; each store calls it right before its commit.
  package func finish() throws(StoreError) {
    try judgeCalls(now: tally.now)
    try followEnds()
    try giveTurns(now: tally.now)
    try noteFreed(now: tally.now)
  }
}

/// What a change of state has to know of its job.
package struct MovedJob: Sendable {
  package var id: JobID
  package var queue: String
  package var kind: String
  package var attempt: Int
  package var version: Int64
  /// The pools of gates that it is in, where it is known.
  package var lane: String?

  package init(id: JobID, queue: String, kind: String, attempt: Int, version: Int64, lane: String? = nil) {
    self.id = id
    self.queue = queue
    self.kind = kind
    self.attempt = attempt
    self.version = version
    self.lane = lane
  }
}

/// A job's row as the slower verbs need it.
package struct JobRow: Sendable {
  package var id: JobID
  package var queue: String
  package var kind: String
  package var state: JobState
  package var attempt: Int
  package var failures: Int
  package var crashes: Int
  package var version: Int64
  package var cancelRequested: Bool
  package var runAt: Timestamp

  /// The job as it is after one more change.
  package var next: MovedJob { MovedJob(id: id, queue: queue, kind: kind, attempt: attempt, version: version + 1) }
}

extension StoreSession {
  package static var jobRowColumns: String {
    "id, queue, kind, state, attempt, failures, crashes, version, cancel_requested_at, run_at"
  }

  package func jobRow(_ id: JobID) throws(StoreError) -> JobRow? {
    try query("SELECT \(Self.jobRowColumns) FROM nightshift_jobs WHERE id = ?", [.integer(id.rawValue)])
      .first.map(Self.jobRow)
  }

  package static func jobRow(_ row: SQLRow) -> JobRow {
    JobRow(
      id: row.job(0)!, queue: row.text(1)!, kind: row.text(2)!, state: JobState(code: row.integer(3)!)!,
      attempt: Int(row.integer(4)!), failures: Int(row.integer(5)!), crashes: Int(row.integer(6)!),
      version: row.integer(7)!, cancelRequested: row.integer(8) != nil, runAt: row.timestamp(9)!)
  }
}
