/// A transaction in which a store's verbs run.
///
/// The verbs that are not hot are written once, here, in portable SQL; what has to be fast is each store's own.
package protocol StoreSession: AnyObject, WriteTransaction {
  /// What the transaction adds up to so far.
  var tally: GroupTally { get set }
  /// Steps of the schema that are known to have been taken: they stay taken.
  var takenSteps: Set<Migration.Step> { get set }
}

extension StoreSession {
  package var session: any StoreSession { self }

  /// Notes a change of state for the counters, for workers and for listeners.
  package func moved(_ job: MovedJob, from old: JobState?, to new: JobState, at moment: Timestamp) {
    tally.move(job.queue, from: old, to: new)
    guard tally.collectsTransitions else { return }
    tally.notice.transitions.append(
      Transition(
        job: job.id, version: job.version, state: new, kind: job.kind, queue: job.queue, attempt: job.attempt,
        at: moment))
  }
}

/// What a change of state has to know of its job.
package struct MovedJob: Sendable {
  package var id: JobID
  package var queue: String
  package var kind: String
  package var attempt: Int
  package var version: Int64

  package init(id: JobID, queue: String, kind: String, attempt: Int, version: Int64) {
    self.id = id
    self.queue = queue
    self.kind = kind
    self.attempt = attempt
    self.version = version
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
