/// One entry of a job's timeline, as subscribers receive it.
package struct Event: Sendable, Hashable {
  package enum Body: Sendable, Hashable {
    /// The job's state changed, or something beside it (a cancel was asked for, a hold ended).
    case state(JobState, version: Int64)
    case progress(fraction: Double, message: String?)
    case log(sequence: Int64, level: String, message: String)
    /// Somebody has sent the job a signal.
    case signal(name: String, by: String)
    /// The job, or somebody on its behalf, has asked people; or they have answered, or have not in time.
    case checkpoint(CheckpointID, key: String, title: String, CheckpointState, verdict: String?, by: String)
    /// Something of the handler's own making.
    case custom(name: String, data: JSONValue)
  }

  package var job: JobID
  package var kind: String
  package var queue: String
  package var attempt: Int
  package var at: Timestamp
  package var body: Body

  package init(job: JobID, kind: String, queue: String, attempt: Int, at: Timestamp, body: Body) {
    self.job = job
    self.kind = kind
    self.queue = queue
    self.attempt = attempt
    self.at = at
    self.body = body
  }
}

/// Which events a subscriber wants. What is `nil` does not narrow.
package struct EventFilter: Sendable, Hashable {
  package var job: JobID?
  package var kinds: Set<String>?
  package var queues: Set<String>?
  package var states: Set<JobState>?

  package init(job: JobID? = nil, kinds: Set<String>? = nil, queues: Set<String>? = nil, states: Set<JobState>? = nil) {
    self.job = job
    self.kinds = kinds
    self.queues = queues
    self.states = states
  }

  package func matches(_ event: Event) -> Bool {
    if let job, event.job != job { return false }
    if let kinds, !kinds.contains(event.kind) { return false }
    if let queues, !queues.contains(event.queue) { return false }
    guard let states else { return true }
    if case .state(let state, _) = event.body { return states.contains(state) }
    return true
  }
}
