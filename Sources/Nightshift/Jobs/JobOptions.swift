public import Foundation

/// When a job is due.
public enum RunAt: Sendable, Hashable {
  /// As soon as a worker is free.
  case now
  /// After this time, counted from the enqueue.
  case `in`(Duration)
  /// At this moment; at once if it has passed.
  case at(Date)
}

/// Keeps a second job like this one out.
public struct Unique: Sendable, Hashable {
  /// What happens to a job whose key is taken.
  public enum Conflict: String, Sendable, Codable, CaseIterable {
    /// The new job is not added; the caller gets the id of the one that is there.
    case drop
    /// The job that is there takes the new payload and due time, unless it is already running.
    case replace
    /// The job that is there is put off to the new due time (debounce), unless it is already running.
    case extend
  }

  package enum Key: Sendable, Hashable {
    case named(String)
    case payload
  }

  package var key: Key
  package var window: Duration?
  package var onConflict: Conflict

  /// One job of this kind with this key at a time.
  ///
  /// - Parameters:
  ///   - window: How long the key is held, counted from the enqueue, whether or not the job has ended by then.
  ///     Without it, until the job ends.
  ///   - onConflict: What happens to a second job while the key is held.
  public static func by(_ key: String, for window: Duration? = nil, onConflict: Conflict = .drop) -> Unique {
    Unique(key: .named(key), window: window, onConflict: onConflict)
  }

  /// One job of this kind with this payload at a time; else as ``by(_:for:onConflict:)``.
  public static func byPayload(for window: Duration? = nil, onConflict: Conflict = .drop) -> Unique {
    Unique(key: .payload, window: window, onConflict: onConflict)
  }
}

/// How one job is to be run. What is `nil` is taken from its kind.
public struct JobOptions: Sendable, Hashable {
  /// The queue it waits in.
  public var queue: QueueName?
  /// Its place within the queue.
  public var priority: Priority?
  /// When it is due.
  public var runAt: RunAt = .now
  /// Whether another like it is kept out.
  public var unique: Unique?
  /// How many attempts may fail before it is dead.
  public var maxAttempts: Int?
  /// How long one attempt may take.
  public var timeout: Duration?
  /// Words to find it by.
  public var tags: [String] = []
  /// The organization that owns it.
  public var organization: String?
  /// The user that owns it.
  public var owner: String?
  /// What limits by ``LimitKey/key`` tell jobs apart by: 1 to 200 bytes.
  public var limitKey: String?
  /// The W3C `traceparent` under which it was enqueued; it is handed to the attempt.
  public var traceparent: String?
  /// The jobs that it waits for. It is `blocked` until all of them have ended.
  public var dependsOn: [Dependency] = []
  /// What becomes of it when one of them dies or is cancelled.
  public var onDeath: DependencyDeath = .cancel

  /// Everything as its kind says, due now.
  public init() {}
}

/// What holds for every job of a kind, unless its enqueuer says otherwise.
public struct KindOptions: Sendable, Hashable {
  /// The queue its jobs wait in.
  public var queue: QueueName
  /// Their place within the queue.
  public var priority: Priority
  /// How many attempts may fail before a job is dead.
  public var maxAttempts: Int
  /// The wait after a failure.
  public var backoff: Backoff
  /// How long one attempt may take; `nil` is as long as it wants.
  public var timeout: Duration?
  /// What the kind does, for people.
  public var description: String
  /// How many ended jobs of the kind are kept, beside the limits by age; `nil` keeps by age alone.
  public var retention: RetentionCounts

  /// Options for a kind; see the properties.
  public init(
    queue: QueueName = .default, priority: Priority = .normal, maxAttempts: Int = 4,
    backoff: Backoff = .exponential(), timeout: Duration? = nil, description: String = "",
    retention: RetentionCounts = RetentionCounts()
  ) {
    precondition(maxAttempts > 0, "maxAttempts must be at least 1")
    self.queue = queue
    self.priority = priority
    self.maxAttempts = maxAttempts
    self.backoff = backoff
    self.timeout = timeout
    self.description = description
    self.retention = retention
  }
}

/// How many ended jobs of one kind are kept: "10 completed, 5 failed".
public struct RetentionCounts: Sendable, Hashable, Codable {
  /// The newest completed jobs that are kept; `nil` for all that are young enough.
  public var completed: Int?
  /// The newest dead jobs that are kept; `nil` for all that are young enough.
  public var dead: Int?

  /// Keeps at most so many; `nil` sets no limit.
  public init(completed: Int? = nil, dead: Int? = nil) {
    self.completed = completed
    self.dead = dead
  }
}
