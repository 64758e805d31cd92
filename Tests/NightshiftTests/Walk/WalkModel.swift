@testable import Nightshift

/// What an engine should do, in the simplest form that says it: jobs in an array, no transactions, no SQL.
///
/// A job is named by its number, which is its place in ``jobs``.
struct WalkModel {
  struct Wait: Hashable {
    var key: String
    var kind: Nightshift.Wait.Kind
    var state = Nightshift.Wait.State.open
    var names: [String] = []
    var target: Int?
    var due: Timestamp?
  }

  struct Question: Hashable {
    var key: String
    var type: CheckpointType
    var state = CheckpointState.pending
    var asked = WalkQuestion()
    var createdAt: Timestamp
    var expiresAt: Timestamp?
    var isEscalated = false
    var reminders = 0
    /// Who has agreed with the data as they are now.
    var agreed: [String] = []
    var decisions = 0
    var choice: String?
    var data = "shown"
  }

  struct Step: Hashable {
    var key: String
    var state: StepRecord.State
    var attempt: Int
    var tries: Int
    var child: Int?
  }

  struct Tie: Hashable {
    var target: Int
    var policy: DependencyDeath
    var isOpen = true
    var outcome: JobState?
  }

  struct Attempt: Hashable {
    var number: Int
    var outcome: String
  }

  struct Job {
    var program: WalkProgram
    var queue: String
    /// With which it is counted by limits.
    var group: String?
    var state = JobState.ready
    var attempt = 0
    var failures = 0
    var crashes = 0
    var maxAttempts = 2
    var priority = Priority.normal
    var runAt: Timestamp
    var hold: Hold.Reason?
    var isCancelRequested = false
    var result: Int?
    var isGone = false
    var attempts: [Attempt] = []
    var steps: [Step] = []
    /// In the order in which they were opened.
    var waits: [Wait] = []
    var questions: [Question] = []
    /// The names of those that were sent, in order, and whether a wait has taken each.
    var signals: [(name: String, isTaken: Bool)] = []
    var ties: [Tie] = []
    /// How often the body of each step was begun.
    var bodies: [String: Int] = [:]
    /// What was told of it, for alerts.
    var told: [String: Int] = [:]
  }

  struct Key {
    var job: Int
    var expiresAt: Timestamp?
  }

  var jobs: [Job] = []
  var keys: [String: Key] = [:]
  var now: Timestamp
  /// Children that the last attempt has added, whose ids only the engine knows.
  var newChildren: [(parent: Int, name: String, job: Int)] = []

  init(now: Timestamp) { self.now = now }

  /// Those that are there.
  var present: [Int] { jobs.indices.filter { !jobs[$0].isGone } }

  mutating func tell(_ topic: String, _ job: Int) { jobs[job].told[topic, default: 0] += 1 }
}

// MARK: In

extension WalkModel {
  /// A job as it is to be added.
  struct Draft {
    var program: WalkProgram
    var queue: String
    var group: String?
    var priority = Priority.normal
    var runAt: Timestamp
    var maxAttempts = 2
    var key: (name: String, window: Int?, conflict: Unique.Conflict)?
    var ties: [Int] = []
    var onDeath = DependencyDeath.cancel
  }

  /// Adds jobs that may depend on one another by their place in the batch: `ties` of -1 is the draft before.
  ///
  /// - Returns: For each the number of its job, and whether that was there before; `nil` if all are refused.
  mutating func insert(_ drafts: [Draft]) -> [(job: Int, isDuplicate: Bool)]? {
    let before = self
    var added: [(job: Int, isDuplicate: Bool)] = []
    for draft in drafts { added.append(insert(draft)) }
    var ended: [Int] = []
    for (place, draft) in drafts.enumerated() where !added[place].isDuplicate {
      let targets = draft.ties.map { $0 < 0 ? added[place + $0].job : $0 }
      // One that has a key for some time may be gone before that is over.
      guard !targets.contains(where: { jobs[$0].isGone }) else {
        self = before
        return nil
      }
      ended += link(added[place].job, draft, to: targets, before: before.jobs.count)
    }
    follow(ended)
    return added
  }

  private mutating func insert(_ draft: Draft) -> (job: Int, isDuplicate: Bool) {
    if let key = draft.key, let holder = take(key, for: jobs.count) {
      hand(draft, key, to: holder)
      return (holder, true)
    }
    var job = Job(program: draft.program, queue: draft.queue, runAt: draft.runAt)
    job.state = !draft.ties.isEmpty ? .blocked : draft.runAt > now ? .scheduled : .ready
    (job.priority, job.maxAttempts, job.group) = (draft.priority, draft.maxAttempts, draft.group)
    jobs.append(job)
    return (jobs.count - 1, false)
  }

  /// - Returns: Whoever has the key; `nil` if it is now this job's.
  private mutating func take(_ key: (name: String, window: Int?, conflict: Unique.Conflict), for job: Int) -> Int? {
    if let holder = keys[key.name] {
      let isHeld = holder.expiresAt.map { $0 > now } ?? !isOver(holder.job)
      if isHeld { return holder.job }
    }
    keys[key.name] = Key(job: job, expiresAt: key.window.map { now + .seconds($0) })
    return nil
  }

  private func isOver(_ job: Int) -> Bool { jobs[job].isGone || jobs[job].state.isTerminal }

  private mutating func hand(
    _ draft: Draft, _ key: (name: String, window: Int?, conflict: Unique.Conflict), to holder: Int
  ) {
    guard key.conflict != .drop, !jobs[holder].isGone else { return }
    guard jobs[holder].state == .ready || jobs[holder].state == .scheduled else { return }
    jobs[holder].state = draft.runAt > now ? .scheduled : .ready
    jobs[holder].runAt = draft.runAt
    if let window = key.window { keys[key.name]?.expiresAt = now + .seconds(window) }
    guard key.conflict == .replace else { return }
    jobs[holder].priority = draft.priority
    jobs[holder].maxAttempts = draft.maxAttempts
    jobs[holder].program = draft.program
  }

  /// Those that are claimed from a queue, most urgent first.
  mutating func claim(from queues: [String], limit: Int) -> [Int] {
    var claimed: [Int] = []
    for queue in queues {
      let ready = present.filter { jobs[$0].queue == queue && jobs[$0].state == .ready && jobs[$0].hold == nil }
      let ordered = ready.sorted {
        (jobs[$0].priority.code, jobs[$0].runAt, $0) < (jobs[$1].priority.code, jobs[$1].runAt, $1)
      }
      for job in ordered.prefix(limit - claimed.count) {
        jobs[job].state = .running
        jobs[job].attempt += 1
        claimed.append(job)
      }
    }
    return claimed
  }
}
