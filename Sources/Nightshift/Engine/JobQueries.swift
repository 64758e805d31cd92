/// Which jobs are meant. What is empty or `nil` does not narrow.
package struct JobFilter: Sendable, Hashable {
  package var states: Set<JobState> = []
  package var kinds: Set<String> = []
  package var queues: Set<String> = []
  package var tags: Set<String> = []
  /// Text that occurs in the id, the payload, the last error or a tag.
  package var search: String?
  package var organization: String?
  package var owner: String?
  /// Whether the search looks into payloads and errors. Whoever is not shown all of them could find out the rest by
  /// searching for it.
  package var searchesContents = true

  package init() {}

  package var isEmpty: Bool { self == JobFilter() }
}

/// One line of a list of jobs.
package struct JobSummary: Sendable {
  package var id: JobID
  package var kind: String
  package var queue: String
  package var state: JobState
  package var priority: Priority
  package var runAt: Timestamp
  package var attempt: Int
  package var failures: Int
  package var crashes: Int
  package var maxAttempts: Int
  package var version: Int64
  package var hold: Hold?
  package var worker: WorkerID?
  package var startedAt: Timestamp?
  package var finishedAt: Timestamp?
  package var cancelRequestedAt: Timestamp?
  package var cancelReason: String?
  package var stuckAt: Timestamp?
  package var timeout: Duration?
  package var organization: String?
  package var owner: String?
  package var traceparent: String?
  package var tags: [String]
  /// What is paused and keeps it from running, when it is ready.
  package var pause: JobHold?

  package var createdAt: Timestamp { id.createdAt }
}

/// Everything that is known of one job.
package struct JobDetail: Sendable {
  package var summary: JobSummary
  package var payload: [UInt8]
  package var result: [UInt8]?
  package var progress: ProgressRecord?
  /// Attempts that did not simply succeed, oldest first.
  package var attempts: [AttemptRecord]
  /// The newest log lines, oldest first.
  package var logs: [LogLine]
  /// How many log lines are kept, of which ``logs`` are the newest.
  package var logCount: Int
  package var artifacts: [ArtifactRecord]
  /// Payloads that an edited retry has replaced, oldest first.
  package var formerPayloads: [FormerPayload]
  /// Its steps and waits.
  package var flow: JobFlow
  package var ties = JobTies()
  package var limits = JobLimits()

  /// The failure of the last attempt that failed.
  package var error: Failure? { attempts.last { $0.outcome == "failed" || $0.outcome == "crashed" }?.failure }
}

package struct ProgressRecord: Sendable {
  package var attempt: Int
  package var fraction: Double
  package var message: String?
  package var at: Timestamp
}

package struct AttemptRecord: Sendable {
  package var attempt: Int
  package var worker: WorkerID
  package var startedAt: Timestamp?
  package var endedAt: Timestamp
  /// `failed`, `snoozed`, `interrupted` (shutdown), `cancelled`, `lost` (its worker disappeared) or `crashed`.
  package var outcome: String
  package var failure: Failure?
}

package struct LogLine: Sendable {
  package var sequence: Int64
  package var attempt: Int
  package var at: Timestamp
  /// A level of swift-log, or `event` for what the handler emitted (then the message is `{"name":…,"data":…}`).
  package var level: String
  package var message: String
}

package struct ArtifactRecord: Sendable {
  package var name: String
  package var type: String
  package var size: Int
  package var sha256: String
  package var attempt: Int
  package var createdAt: Timestamp
}

package struct FormerPayload: Sendable {
  package var version: Int64
  package var replacedAt: Timestamp
  package var payload: [UInt8]
}

/// One page of a list, newest first.
package struct JobPage: Sendable {
  package var jobs: [JobSummary]
  /// Where the next page begins; `nil` on the last one.
  package var next: JobID?
  /// Set when the search ran out of time: everything newer than this was looked at. Go on with `next`.
  package var searchedBackTo: Timestamp?

  package init(jobs: [JobSummary], next: JobID? = nil, searchedBackTo: Timestamp? = nil) {
    self.jobs = jobs
    self.next = next
    self.searchedBackTo = searchedBackTo
  }
}

/// What became of a draft.
package struct Submission: Sendable, Hashable {
  /// What became of the job that holds the key (`unique`, `debounce`, `throttle`).
  package enum Conflict: String, Sendable, Hashable, CaseIterable {
    /// It took over the new payload, priority, attempts and due time.
    case replaced
    /// It was put off to the new due time.
    case extended
    /// It stayed as it was: so `onConflict` wants it, or it had begun.
    case kept
  }

  package var id: JobID
  /// `nil` for another job that whoever asks may not see: then `id` is all that is told of it.
  package var state: JobState?
  /// Another job held its key or its idempotency key: `id` is that one.
  package var isDuplicate: Bool
  /// `nil` unless another job held the key.
  package var conflict: Conflict?

  package var isHidden: Bool { state == nil }

  /// Keeps back where the other job stands. Nothing has become of it, or the submission would have been refused.
  mutating func hideHolder() {
    state = nil
    if conflict != nil { conflict = .kept }
  }
}

package struct QueueSummary: Sendable {
  package var name: String
  /// Its own pause, whether or not everything is paused.
  package var pause: Pause?
  /// Jobs in each state, from counters that are kept with each change.
  package var counts: [JobState: Int]
  /// The `runAt` of the job that has been due the longest.
  package var oldestReadyAt: Timestamp?
  /// Live workers that serve the queue.
  package var workers: Int
}

package struct WorkerSummary: Sendable {
  package var id: WorkerID
  package var name: String
  /// `worker`, `server`, `command`.
  package var role: String
  package var host: String
  package var pid: Int
  package var startedAt: Timestamp
  package var mode: WorkerMode
  /// `nil` serves all queues.
  package var queues: [String]?
  package var concurrency: Int
  package var version: String
  package var running: [JobSummary]
  package var kinds: [String]
}

package struct KindSummary: Sendable {
  package var kind: String
  package var queue: String
  package var priority: Priority
  package var maxAttempts: Int
  package var timeout: Duration?
  package var backoff: String
  package var description: String
  package var source: String
  package var schema: JSONValue?
  package var registeredAt: Timestamp
  /// Live workers that have the kind. With none its jobs wait.
  package var workers: Int
}

/// What happened in one hour, or in a longer span.
package struct StatsRow: Sendable {
  package enum Grouping: String, Sendable, CaseIterable { case hour, day, queue, kind }

  /// Start of the span; `nil` when grouped by queue or kind.
  package var from: Timestamp?
  package var queue: String?
  package var kind: String?
  package var enqueued: Int
  package var completed: Int
  package var failed: Int
  package var dead: Int
  package var cancelled: Int
  package var meanWait: Duration
  package var longestWait: Duration
  package var meanRun: Duration
  package var longestRun: Duration
}

package struct TokenSummary: Sendable {
  package var id: String
  package var name: String
  package var role: Role
  /// The one whose work it may see and do; `nil` for all.
  package var organization: String?
  /// To what it is confined; `nil` for all that its role may do.
  package var scopes: Set<TokenScope>?
  package var createdAt: Timestamp
  package var createdBy: String
  package var expiresAt: Timestamp?
  package var lastUsedAt: Timestamp?
  package var revokedAt: Timestamp?

  package init(
    id: String, name: String, role: Role, organization: String? = nil, scopes: Set<TokenScope>? = nil,
    createdAt: Timestamp, createdBy: String, expiresAt: Timestamp? = nil, lastUsedAt: Timestamp? = nil,
    revokedAt: Timestamp? = nil
  ) {
    self.id = id
    self.name = name
    self.role = role
    self.organization = organization
    self.scopes = scopes
    self.createdAt = createdAt
    self.createdBy = createdBy
    self.expiresAt = expiresAt
    self.lastUsedAt = lastUsedAt
    self.revokedAt = revokedAt
  }
}

/// What a change did to many jobs.
package struct BulkOutcome: Sendable {
  /// Jobs that were changed, or with `dryRun` would be.
  package var count: Int
  /// Some of them, so that a person can see what is meant.
  package var sample: [JobID]

  /// No job was meant.
  package static let nothing = BulkOutcome(count: 0, sample: [])
}
