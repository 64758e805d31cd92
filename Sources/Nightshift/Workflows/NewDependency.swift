/// A job that a new one waits for.
package struct NewDependency: Sendable, Hashable {
  /// What becomes of the dependant when the job that it waits for dies or is cancelled.
  package enum Policy: Int64, Sendable, Hashable {
    /// It is cancelled.
    case cancel = 0
    /// It is put on hold for a person.
    case hold = 1
    /// It counts as any other end.
    case goOn = 2
    /// A death is what it waits for: it is started at the first one, and cancelled when all have ended without.
    case start = 3
  }

  package var job: JobID
  /// The name under which the dependant knows it.
  package var ref: String?
  package var onDeath: Policy

  package init(_ job: JobID, ref: String? = nil, onDeath: Policy = .cancel) {
    self.job = job
    self.ref = ref
    self.onDeath = onDeath
  }
}

extension NewJob {
  /// The state in which it is added.
  package func firstState(now: Timestamp) -> JobState {
    dependencies.isEmpty ? (runAt > now ? .scheduled : .ready) : .blocked
  }
}
