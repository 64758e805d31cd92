/// A job that has come to its end in a transaction.
package struct EndedJob: Sendable, Hashable {
  package var id: JobID
  package var state: JobState
  package var at: Timestamp

  package init(id: JobID, state: JobState, at: Timestamp) {
    self.id = id
    self.state = state
    self.at = at
  }
}

extension StoreSession {
  /// Does what others wait for, now that jobs have ended.
  ///
  /// What it does may end further jobs (a dependant is cancelled), so it goes on until nothing new has ended. That is
  /// soon: each of them waited for one before it, and none waits for itself.
  package func followEnds() throws(StoreError) {
    while !tally.ends.isEmpty {
      let ends = tally.ends
      tally.ends = []
      let awaited = try awaited(among: ends.map(\.id))
      guard !awaited.isEmpty else { continue }
      let followed = ends.filter { awaited.contains($0.id) }
      try settleDependencies(on: followed)
      try endWaits(forEndsOf: followed)
      try withdrawQuestions(ofCompleted: followed)
    }
  }

  /// Nobody is to answer what a job has asked that completed without the answer. Those that were cancelled or died have
  /// seen to it themselves.
  private func withdrawQuestions(ofCompleted ends: [EndedJob]) throws(StoreError) {
    guard try hasTaken(Migration.waits.step) else { return }
    let moments = Dictionary(ends.filter { $0.state == .completed }.map { ($0.id, $0.at) }) { $1 }
    for list in SQLList.lists(of: moments.keys.sorted()) {
      let rows = try query(
        "SELECT DISTINCT job FROM nightshift_checkpoints WHERE state = 'pending' AND job IN (\(list.marks))",
        list.values)
      for job in rows.compactMap({ $0.job(0) }).sorted() { try withdrawWaits(of: job, at: moments[job] ?? ends[0].at) }
    }
  }
}
