/// Where a job stands. The transitions between the states are drawn in ARCHITECTURE.md.
public enum JobState: String, Sendable, Codable, CaseIterable {
  /// Due, and waiting for a free worker.
  case ready
  /// A worker holds the lease on its current attempt.
  case running
  /// Due at a later moment: delayed, or waiting for its next attempt.
  case scheduled
  /// Parked by its own handler; holds no worker.
  case waiting
  /// Waits for other jobs.
  case blocked
  /// Its last attempt succeeded.
  case completed
  /// Out of attempts, kept for people.
  case dead
  /// Ended by a person or by a rejection.
  case cancelled

  /// Whether the job is over, unless a person retries it.
  public var isTerminal: Bool {
    switch self {
    case .completed, .dead, .cancelled: true
    case .ready, .running, .scheduled, .waiting, .blocked: false
    }
  }

  /// The number in the store. Written as literals in the partial indexes, so never renumber.
  package var code: Int64 {
    switch self {
    case .ready: 0
    case .running: 1
    case .scheduled: 2
    case .waiting: 3
    case .blocked: 4
    case .completed: 5
    case .dead: 6
    case .cancelled: 7
    }
  }

  package init?(code: Int64) {
    guard let state = JobState.allCases.first(where: { $0.code == code }) else { return nil }
    self = state
  }
}
