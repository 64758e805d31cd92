extension Engine {
  /// Where the time of each kind went between two moments, and how that differs from the period of the same length
  /// before. Whole hours; the kinds with the most time first.
  ///
  /// It is up to ten seconds behind, and of a process that died its last ten seconds are missing.
  ///
  /// - Parameter kind: Only this one.
  package func profile(
    from: Timestamp, to: Timestamp, kind: String? = nil
  ) async throws(StoreError) -> [KindProfile] {
    let hour = ProfileRecorder.hour
    let first = from.microseconds / hour * hour
    let end = (to.microseconds + hour - 1) / hour * hour
    let former = max(hour, first - (end - first))
    return try await store.read { transaction in
      guard try transaction.hasTables(of: Migration.profile.step) else { return [] }
      let parts = ProfilePart.allCases.filter { $0 != .recent }
      let now = ProfileSums(try transaction.profileRows(from: first, to: end, kind: kind, parts: parts))
      let before = ProfileSums(try transaction.profileRows(from: former, to: first, kind: kind, parts: parts))
      let thresholds = try transaction.slowThresholds()
      return now.profiles(before, thresholds).sorted {
        ($1.attempts.total, $0.kind) < ($0.attempts.total, $1.kind)
      }
    }
  }
}

/// Measurements of several hours, added up.
private struct ProfileSums {
  struct Line: Hashable {
    var part: ProfilePart
    var name: String
  }

  var kinds: [String: [Line: ProfileTally]] = [:]

  init(_ rows: [(key: ProfileTally.Key, tally: ProfileTally)]) {
    for (key, tally) in rows {
      // Attempts and waits are kept by queue, which is of no interest here.
      let isNamed = key.part == .step || key.part == .call
      let line = Line(part: key.part, name: isNamed ? key.name : "")
      kinds[key.kind, default: [:]][line, default: ProfileTally()].add(tally)
    }
  }

  func profiles(_ former: ProfileSums, _ thresholds: [String: SlowThreshold]) -> [KindProfile] {
    kinds.map { kind, lines in
      let before = former.kinds[kind] ?? [:]
      func figures(_ line: Line) -> ProfileFigures {
        lines[line].map { ProfileFigures($0, former: before[line]) } ?? ProfileFigures()
      }
      let attempts = Line(part: .attempt, name: "")
      let whole = figures(attempts)
      let parts = lines.keys.filter { !$0.name.isEmpty }.map { line in
        let part = figures(line)
        let share = whole.total > 0 ? Double(part.total) / Double(whole.total) : 0
        return ProfileLine(part: line.part, name: line.name, figures: part, share: share)
      }
      return KindProfile(
        kind: kind, attempts: whole, waits: figures(Line(part: .wait, name: "")),
        parts: parts.sorted { ($1.figures.total, $0.name) < ($0.figures.total, $1.name) },
        slowest: lines[attempts]?.slowest ?? [], threshold: thresholds[kind])
    }
  }
}
