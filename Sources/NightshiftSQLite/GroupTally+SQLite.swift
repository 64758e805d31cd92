import Nightshift

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
