extension Engine {
  /// What `nightshift doctor` tells of pauses. One that ends by itself is meant; one that does not may be forgotten.
  func pauseFinding() async throws(StoreError) -> StoreFinding {
    let paused = try await store.read { transaction in
      let names = try transaction.query(
        "SELECT name FROM nightshift_queues WHERE paused_at IS NOT NULL ORDER BY name")
      var paused: [(name: String, pause: Pause)] = []
      for row in names {
        let name = row.text(0)!
        if let pause = try Pause.read(of: name, transaction) { paused.append((name, pause)) }
      }
      return paused
    }
    let endless = paused.filter { $0.pause.until == nil }.map { $0.name == Pause.everything ? "" : $0.name }
    let commands = endless.map { $0.isEmpty ? "nightshift resume" : "nightshift queues resume \($0)" }
    return StoreFinding(
      "pauses", isFine: endless.isEmpty,
      found: paused.isEmpty ? "nothing is paused" : paused.map { text($0.name, $0.pause) }.joined(separator: "; "),
      remedy: "unless that is wanted: \(commands.joined(separator: ", "))")
  }

  private func text(_ name: String, _ pause: Pause) -> String {
    let subject = name == Pause.everything ? "everything" : "queue \(name)"
    let by = pause.by.map { " by \($0)" } ?? ""
    let until = pause.until.map { " until \($0.rfc3339)" } ?? ", with no end"
    let reason = pause.reason.map { ": \($0)" } ?? ""
    return "\(subject) is paused since \(pause.since.rfc3339)\(by)\(until)\(reason)"
  }
}
