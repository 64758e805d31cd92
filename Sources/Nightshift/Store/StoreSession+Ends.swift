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
    }
  }
}
