extension Engine {
  /// What `nightshift doctor` tells of limits and of pauses of kinds.
  func limitFindings() async throws(StoreError) -> [StoreFinding] {
    [
      try await crowdedLimits(), try await openBreakers(), try await pausedKindFinding(), try await unreadableGates(),
      try await lostReleases(),
    ]
  }

  /// An open breaker says that something outside does not work.
  private func openBreakers() async throws(StoreError) -> StoreFinding {
    let breakers = try await breakers()
    let open = breakers.filter { $0.phase != .closed }
    let found = open.map { status in
      "\(status.state.breaker.name) is \(status.phase.rawValue) (\(status.state.reason ?? "no reason is known")) and "
        + "holds \(Self.jobs(status.held)) back"
    }
    return StoreFinding(
      "breakers", isFine: open.isEmpty,
      found: breakers.isEmpty ? "none" : open.isEmpty ? "all are closed" : found.joined(separator: "; "),
      remedy: "mend what it calls; it closes by itself, or at once: nightshift breakers reset NAME")
  }

  /// A limit is there to keep jobs back; so many of them say that more come in than it will ever let through.
  private func crowdedLimits() async throws(StoreError) -> StoreFinding {
    let limits = try await limits()
    let crowded = limits.filter { $0.held >= LimitStatus.mostCounted }.map(\.limit.name)
    let held = limits.filter { $0.held > 0 }
      .map {
        "\($0.limit.name) holds \(Self.jobs($0.held)) back, and \($0.running) \($0.running == 1 ? "runs" : "run")"
      }
    return StoreFinding(
      "limits", isFine: crowded.isEmpty,
      found: limits.isEmpty ? "none" : held.isEmpty ? "none holds jobs back" : held.joined(separator: "; "),
      remedy: "see who waits, and for what: \(crowded.map { "nightshift limits show \($0)" }.joined(separator: ", ")); "
        + "`nightshift limits set` makes a limit wider")
  }

  /// One that ends by itself is meant; one that does not may be forgotten.
  private func pausedKindFinding() async throws(StoreError) -> StoreFinding {
    let paused = try await pausedKinds().sorted { $0.key < $1.key }
    let endless = paused.filter { $0.value.until == nil }.map { "nightshift kinds resume \($0.key)" }
    let found = paused.map { kind, pause in
      let end = pause.until.map { " until \($0.rfc3339)" } ?? ", with no end"
      let reason = pause.reason.map { ": \($0)" } ?? ""
      return "\(kind) since \(pause.since.rfc3339) by \(pause.by)\(end)\(reason)"
    }
    return StoreFinding(
      "paused kinds", isFine: endless.isEmpty, found: paused.isEmpty ? "none" : found.joined(separator: "; "),
      remedy: "unless that is wanted: \(endless.joined(separator: ", "))")
  }

  /// `1 job`, `10000 or more jobs`.
  private static func jobs(_ held: Int) -> String {
    let most = LimitStatus.mostCounted
    return held == 1 ? "1 job" : held < most ? "\(held) jobs" : "\(most) or more jobs"
  }
}
