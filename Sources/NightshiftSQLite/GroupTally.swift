import Nightshift

/// What one group of writes adds up to: written once at the end of the transaction instead of once for each job.
struct GroupTally {
  struct Rollup {
    var hour: Int64
    var queue: String
    var kind: String
    var enqueued: Int64 = 0
    var completed: Int64 = 0
    var failed: Int64 = 0
    var dead: Int64 = 0
    var cancelled: Int64 = 0
    var wait: Int64 = 0
    var longestWait: Int64 = 0
    var run: Int64 = 0
    var longestRun: Int64 = 0
  }

  private(set) var counters: [(queue: String, deltas: InlineArray<8, Int64>)] = []
  private(set) var rollups: [Rollup] = []
  var notice = CommitNotice()
  /// The queue that was noted last: comparing is cheaper than hashing.
  private var lastReady: String?
  /// Whether transitions are to be collected for listeners in this process, or written for those in others.
  var collectsTransitions = false

  /// The start of the hour, under which a moment is rolled up.
  static func hour(of moment: Timestamp) -> Int64 { moment.microseconds / 3_600_000_000 * 3_600_000_000 }

  /// Counts a job that moved from one state to another; `nil` is outside the table.
  mutating func move(_ queue: String, from old: JobState?, to new: JobState?) {
    // Nearly always the queue of the job before, so a short list beats a dictionary.
    let index = counters.firstIndex { $0.queue == queue } ?? counters.endIndex
    if index == counters.endIndex { counters.append((queue, InlineArray(repeating: 0))) }
    if let old { counters[index].deltas[Int(old.code)] -= 1 }
    if let new { counters[index].deltas[Int(new.code)] += 1 }
    guard new == .ready, queue != lastReady else { return }
    notice.readyQueues.insert(queue)
    lastReady = queue
  }

  mutating func due(at moment: Timestamp) {
    notice.nextDue = min(notice.nextDue ?? moment, moment)
  }

  mutating func roll(_ queue: String, _ kind: String, at moment: Timestamp, _ change: (inout Rollup) -> Void) {
    let hour = Self.hour(of: moment)
    // Searched from the end: the last one is the most likely.
    let index = rollups.lastIndex { $0.kind == kind && $0.queue == queue && $0.hour == hour } ?? rollups.endIndex
    if index == rollups.endIndex { rollups.append(Rollup(hour: hour, queue: queue, kind: kind)) }
    change(&rollups[index])
  }
}

extension GroupTally {
  /// Adds the sums to the tables.
  func write(to connection: SQLiteConnection) throws(StoreError) {
    for (queue, deltas) in counters {
      for state in JobState.allCases where deltas[Int(state.code)] != 0 {
        _ = try connection.run(
          SQLiteStatements.count, [.text(queue), .integer(state.code), .integer(deltas[Int(state.code)])])
      }
    }
    for rollup in rollups {
      _ = try connection.run(
        SQLiteStatements.roll,
        [
          .integer(rollup.hour), .text(rollup.queue), .text(rollup.kind), .integer(rollup.enqueued),
          .integer(rollup.completed), .integer(rollup.failed), .integer(rollup.dead), .integer(rollup.cancelled),
          .integer(rollup.wait), .integer(rollup.longestWait), .integer(rollup.run), .integer(rollup.longestRun),
        ])
    }
  }

  /// Writes the transitions down for listeners in other processes.
  func writeTransitions(as writer: WorkerID, to connection: SQLiteConnection) throws(StoreError) {
    for transition in notice.transitions {
      _ = try connection.run(
        """
        INSERT INTO nightshift_events(job, version, state, kind, queue, attempt, at, writer)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          SQLValue(transition.job), .integer(transition.version), .integer(transition.state.code),
          .text(transition.kind), .text(transition.queue), SQLValue(transition.attempt), SQLValue(transition.at),
          .integer(writer.rawValue),
        ])
    }
  }
}
