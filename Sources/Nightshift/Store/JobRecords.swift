/// A job as it enters the store.
package struct NewJob: Sendable, Hashable {
  package var id: JobID
  package var kind: JobKind
  package var queue: QueueName
  package var priority: Priority = .normal
  /// When it is due. Later than `now` makes it `scheduled`, else it is `ready`.
  package var runAt: Timestamp
  package var payload: [UInt8]
  package var maxAttempts: Int = 4
  package var timeout: Duration?
  package var tags: [String] = []
  package var organization: String?
  package var owner: String?
  package var traceparent: String?
  package var hold: Hold?
  /// A key that must be free (uniqueness), or that lets other jobs stand for this one.
  package var key: KeyClaim?
  /// The caller's `Idempotency-Key`.
  package var idempotency: KeyClaim?
  /// The jobs that it waits for. With any it is `blocked` at first.
  package var dependencies: [NewDependency] = []
  /// What ``LimitKey/key`` tells jobs apart by.
  package var limitKey: String?
  /// The pools that it is in, as ``GateSet/lane(queue:kind:_:)`` writes them.
  package var lane: String?

  package init(id: JobID, kind: JobKind, queue: QueueName = .default, runAt: Timestamp, payload: [UInt8]) {
    self.id = id
    self.kind = kind
    self.queue = queue
    self.runAt = runAt
    self.payload = payload
  }
}

/// A claim on a key in the table that uniqueness, `Idempotency-Key`, debounce and throttle share.
package struct KeyClaim: Sendable, Hashable {
  package var scope: String
  package var key: String
  /// When the key is free again; `nil` when its job has ended.
  package var expiresAt: Timestamp?
  /// What the same key must come with. A difference is a conflict.
  package var fingerprint: String?
  package var onConflict: Unique.Conflict = .drop
  package var rule = KeyRule.unique

  package init(
    scope: String, key: String, expiresAt: Timestamp? = nil, fingerprint: String? = nil,
    onConflict: Unique.Conflict = .drop
  ) {
    self.scope = scope
    self.key = key
    self.expiresAt = expiresAt
    self.fingerprint = fingerprint
    self.onConflict = onConflict
  }
}

/// What became of a job that was to be added.
package enum InsertOutcome: Sendable, Hashable {
  case inserted(JobState)
  /// Its key is held by this job; nothing was added. The other job took over what `onConflict` says.
  case duplicate(of: JobID)
  /// Its idempotency key came before with other contents; nothing was added.
  case keyReused(by: JobID)
}

/// Why a ready job is kept from running.
package struct Hold: Sendable, Hashable {
  package enum Reason: Int64, Sendable, Hashable, CaseIterable {
    /// Claimed before, by a worker that does not know the kind.
    case noWorker = 1
    /// Kept for the process that enqueued it, which claims it by its id.
    case foreground = 2
    /// Blocked, and a job that it depends on has died: a person decides.
    case dependencyDied = 3
    // From here on held back by a gate, which the indexes of the stores know by the number.
    /// A limit has no room.
    case limit = 4
    /// Its kind is paused.
    case kindPaused = 5
    /// A circuit breaker is open.
    case breakerOpen = 6
  }

  package var reason: Reason
  package var until: Timestamp?
  /// The pool of the gate that holds it back.
  package var pool: String?
  /// When that gate may let it go on, at the earliest.
  package var earliest: Timestamp?

  package init(_ reason: Reason, until: Timestamp? = nil, pool: String? = nil, earliest: Timestamp? = nil) {
    self.reason = reason
    self.until = until
    self.pool = pool
    self.earliest = earliest
  }
}

/// The identity of one process, made anew at each start.
package struct WorkerID: Hashable, Sendable, CustomStringConvertible {
  package let rawValue: Int64

  package init(rawValue: Int64) { self.rawValue = rawValue }

  package init?(_ text: String) {
    guard let rawValue = Identifier.parse(text, prefix: "wrk") else { return nil }
    self.rawValue = rawValue
  }

  package var description: String { Identifier.text(rawValue, prefix: "wrk") }
}

/// What a worker asks for.
package struct ClaimRequest: Sendable {
  package struct Lane: Sendable {
    package var queue: QueueName
    package var limit: Int

    package init(_ queue: QueueName, limit: Int) {
      self.queue = queue
      self.limit = limit
    }
  }

  package var worker: WorkerID
  package var now: Timestamp
  /// The queues, in the order in which they are served.
  package var lanes: [Lane]
  /// At most so many over all lanes.
  package var limit: Int
  /// Kinds that the worker has met and does not have: their jobs are left to others.
  package var lacking: [String]
  /// Instead of lanes: this one job, held or not.
  package var only: JobID?

  package init(
    worker: WorkerID, now: Timestamp, lanes: [Lane], limit: Int, lacking: [String] = [], only: JobID? = nil
  ) {
    self.worker = worker
    self.now = now
    self.lanes = lanes
    self.limit = limit
    self.lacking = lacking
    self.only = only
  }
}

/// A job that was leased to a worker, with all that its handler needs.
package struct ClaimedJob: Sendable {
  package var id: JobID
  package var kind: String
  package var queue: String
  package var priority: Priority
  /// The number of this attempt, counted from 1: the fence of every write about it.
  package var attempt: Int
  package var failures: Int
  package var crashes: Int
  package var maxAttempts: Int
  package var runAt: Timestamp
  /// A piece of the bytes of all jobs of one claim, so that a claim allocates once. Whoever runs the job copies its
  /// piece: memory that one thread allocates and another frees makes both wait for the allocator's lock.
  package var payload: ArraySlice<UInt8>
  package var timeout: Duration?
  package var tags: [String]
  package var organization: String?
  package var owner: String?
  package var traceparent: String?
  /// The pools of gates that it is in.
  package var lane: String?

  package init(
    id: JobID, kind: String, queue: String, priority: Priority, attempt: Int, failures: Int, crashes: Int,
    maxAttempts: Int, runAt: Timestamp, payload: ArraySlice<UInt8>, timeout: Duration?, tags: [String],
    organization: String?, owner: String?, traceparent: String?
  ) {
    self.id = id
    self.kind = kind
    self.queue = queue
    self.priority = priority
    self.attempt = attempt
    self.failures = failures
    self.crashes = crashes
    self.maxAttempts = maxAttempts
    self.runAt = runAt
    self.payload = payload
    self.timeout = timeout
    self.tags = tags
    self.organization = organization
    self.owner = owner
    self.traceparent = traceparent
  }
}

/// How one attempt ended.
package struct Settlement: Sendable {
  package enum Outcome: Sendable {
    case completed(result: [UInt8]?)
    /// Out of this attempt, but not over: a retry (with its failure), a snooze, a shutdown.
    case runAgain(at: Timestamp, RunAgain)
    case dead(Failure)
    case cancelled(reason: String)
    /// Ready again at once, but kept from running.
    case held(Hold)
    /// Waits for something, without a worker.
    case parked([WaitDraft])
  }

  package enum RunAgain: Sendable {
    case retry(Failure)
    case snooze(reason: String?)
    case shutdown
    /// It could not be run alone in time, as a job that was under way when its process died must be.
    case notAlone
  }

  package var id: JobID
  package var attempt: Int
  package var kind: String
  package var queue: String
  package var runAt: Timestamp
  package var worker: WorkerID
  /// When the handler began; `nil` if it never did.
  package var startedAt: Timestamp?
  package var endedAt: Timestamp
  package var outcome: Outcome
  /// The pools of gates that its job is in, as the claim told.
  package var lane: String?
  /// Whether the handler did its work, as circuit breakers see it; `nil` where that says nothing about what it needs.
  package var succeeded: Bool?
  /// How the calls went that it made under the eyes of circuit breakers, by their names.
  package var calls: [String: CallCount] = [:]
  /// The `traceparent` of whoever enqueued its job.
  package var trace: String?
  /// After a failure: what is hidden of what the attempt was given, for whoever tells of it outside. `nil` if nobody does,
  /// or nothing is.
  package var hidden: Set<String>?

  package init(
    _ job: ClaimedJob, worker: WorkerID, startedAt: Timestamp?, endedAt: Timestamp, outcome: Outcome
  ) {
    id = job.id
    attempt = job.attempt
    kind = job.kind
    queue = job.queue
    runAt = job.runAt
    lane = job.lane
    trace = job.traceparent
    self.worker = worker
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.outcome = outcome
  }

  /// Gives back what no handler has begun, at its old place in the queue.
  package init(
    givingBack id: JobID, attempt: Int, kind: String, queue: String, runAt: Timestamp, worker: WorkerID,
    at now: Timestamp
  ) {
    self.id = id
    self.attempt = attempt
    self.kind = kind
    self.queue = queue
    self.runAt = runAt
    self.worker = worker
    endedAt = now
    outcome = .runAgain(at: runAt, .shutdown)
  }
}

package enum SettleOutcome: Sendable, Hashable {
  case settled
  /// A later attempt has begun, or the job was taken back: nothing was changed.
  case stale
}

package struct Promotion: Sendable {
  package var promoted: Int
  /// When the next scheduled job is due, or the next hold ends; `nil` if there is neither.
  package var nextDue: Timestamp?

  package init(promoted: Int, nextDue: Timestamp?) {
    self.promoted = promoted
    self.nextDue = nextDue
  }
}

/// What a person does to a job.
package enum JobChange: Sendable {
  /// Ends it; a running one is asked to stop and ends when its handler has returned.
  case cancel(reason: String)
  /// Runs a dead or cancelled job again, at once, with its failures forgotten; perhaps with another payload (the old
  /// one is kept).
  case retry(payload: [UInt8]?)
  /// Deletes an ended job.
  case discard
  /// Ends a hold.
  case release(Hold.Reason)
  /// Notes that a cancelled handler has not returned.
  case markStuck(attempt: Int)
}

package enum ChangeOutcome: Sendable, Hashable {
  case changed(JobState)
  /// The job's state does not allow it; nothing was changed.
  case refused(JobState)
  case missing
}

/// What others ask of a worker.
package struct WorkerOrders: Sendable, Hashable {
  /// Running jobs of this worker whose cancellation was asked for.
  package var cancel: [JobID]
  /// Whether it should run, be stopped, or drain.
  package var mode: WorkerMode

  package init(cancel: [JobID] = [], mode: WorkerMode = .running) {
    self.cancel = cancel
    self.mode = mode
  }
}

/// What a worker was told to do; kept in the store, so that it survives a restart.
package enum WorkerMode: String, Sendable, Codable, CaseIterable {
  /// Claims and runs jobs.
  case running
  /// Claims nothing; what is under way goes on.
  case stopped
  /// Claims nothing, and ends its process once nothing is under way.
  case draining
}

/// How a lost worker's jobs are taken back.
package struct Reclaim: Sendable {
  package var worker: WorkerID
  package var now: Timestamp
  package var reason: String
  /// The beat that stood still. A worker that has beaten since is not touched. `nil` when it is known to be dead.
  package var beat: Int64?
  /// The jobs whose handlers had begun when the worker's process died by its own hand: a crash each.
  package var crashed: Set<JobID>
  /// So many crashes make a job dead.
  package var crashLimit: Int

  package init(
    worker: WorkerID, now: Timestamp, reason: String, beat: Int64? = nil, crashed: Set<JobID> = [],
    crashLimit: Int = 3
  ) {
    self.worker = worker
    self.now = now
    self.reason = reason
    self.beat = beat
    self.crashed = crashed
    self.crashLimit = crashLimit
  }
}

/// One change of a job's state, as subscribers receive it.
package struct Transition: Sendable, Hashable {
  package var job: JobID
  package var version: Int64
  package var state: JobState
  package var kind: String
  package var queue: String
  package var attempt: Int
  package var at: Timestamp

  package init(
    job: JobID, version: Int64, state: JobState, kind: String, queue: String, attempt: Int, at: Timestamp
  ) {
    self.job = job
    self.version = version
    self.state = state
    self.kind = kind
    self.queue = queue
    self.attempt = attempt
    self.at = at
  }
}
