import Logging

extension Engine {
  /// How often measurements are written down, and slow kinds looked for.
  static let profileInterval = Duration.seconds(10)
  /// How long hours are kept.
  static let profileRetention = Duration.seconds(35 * 86_400)
  /// How long minutes are kept: twice the longest window that a threshold may have.
  static let recentRetention = Duration.seconds(2 * 86_400)

  /// Writes down what was measured since the last time, and looks whether a kind has become slow, or is so no longer.
  package func flushProfile() async {
    let rows = profile.take()
    do {
      try await writeProfile(rows)
    } catch {
      logger.warning("the profile could not be written; trying again", metadata: ["error": "\(error)"])
      profile.putBack(rows)
    }
  }

  private func writeProfile(_ rows: [ProfileTally.Key: ProfileTally]) async throws {
    let now = clock.now
    let thresholds = try await slowThresholds()
    // Nothing is written for nothing: an idle server leaves the disk alone.
    guard !rows.isEmpty || !thresholds.isEmpty else { return }
    let recent = Self.recent(rows, of: thresholds, at: now)
    if !rows.isEmpty {
      try await store.write { transaction in
        // A new version first runs on the schema of the one before.
        guard try transaction.hasTables(of: Migration.profile.step) else { return }
        try transaction.add(rows.merging(recent) { $1 })
      }
    }
    for threshold in thresholds.values { try await judge(threshold, at: now) }
  }

  /// The same attempts by the minute, for the kinds that are watched: within ten seconds, all of them ended now.
  private static func recent(
    _ rows: [ProfileTally.Key: ProfileTally], of thresholds: [String: SlowThreshold], at now: Timestamp
  ) -> [ProfileTally.Key: ProfileTally] {
    let minute = now.microseconds / SlowThreshold.minute * SlowThreshold.minute
    var recent: [ProfileTally.Key: ProfileTally] = [:]
    for (key, tally) in rows where key.part == .attempt && thresholds[key.kind] != nil {
      let key = ProfileTally.Key(hour: minute, kind: key.kind, part: .recent, name: "")
      recent[key, default: ProfileTally()].add(tally)
    }
    return recent
  }
}

extension Engine {
  /// How many measurements found no room in memory, since the process began.
  package var droppedMeasurements: Int64 { profile.dropped }
}
