extension Engine {
  /// A limit that nobody can read limits nothing, which nobody meant.
  func unreadableGates() async throws(StoreError) -> StoreFinding {
    let unreadable = try await store.read { transaction throws(StoreError) in
      try GateReader.gates(transaction).unreadable
    }
    let found = unreadable.map { "\($0.sort) \($0.name) keeps nothing back, since it cannot be read: \($0.problem)" }
    let commands = unreadable.map {
      "nightshift \($0.sort)s set \($0.name) or nightshift \($0.sort)s remove \($0.name)"
    }
    return StoreFinding(
      "definitions of limits", isFine: unreadable.isEmpty,
      found: unreadable.isEmpty ? "all can be read" : found.joined(separator: "; "),
      remedy: "update Nightshift if a newer one has written it; else set it anew or remove it: "
        + commands.joined(separator: "; "))
  }

  /// Jobs that are kept back while there is room for them and nothing will let them go on.
  func lostReleases() async throws(StoreError) -> StoreFinding {
    var lost = try await forgottenPools()
    // Between the end of a job and the release of those that waited for it there is a moment: who is still there after
    // half a second was forgotten.
    for _ in 0..<10 where !lost.isEmpty {
      // A cancelled sleep only makes the next look come sooner.
      try? await Task.sleep(for: .milliseconds(50))
      lost.formIntersection(try await forgottenPools())
    }
    let names = Set(lost.map(\.name)).sorted()
    return StoreFinding(
      "released jobs", isFine: lost.isEmpty,
      found: lost.isEmpty
        ? "nothing is kept back that could run"
        : "kept back although there is room, and nothing lets them go on: jobs behind \(names.joined(separator: ", "))",
      remedy: "start or restart a worker, which looks at all of them, and report it: this should not happen")
  }

  /// A pool whose held jobs nobody will look at.
  private struct ForgottenPool: Hashable, Sendable {
    var pool: String
    /// What people call its gate.
    var name: String
  }

  /// Pools are looked at up to here: where one was forgotten, it is likely among them.
  private static let mostPools = 1_000

  private func forgottenPools() async throws(StoreError) -> Set<ForgottenPool> {
    return try await store.read { transaction throws(StoreError) in
      guard try transaction.hasTables(of: Migration.limits.step) else { return [] }
      // All pools are about to be looked at.
      let marks = WakeWalk.marks
      let walks = try transaction.query(
        "SELECT 1 FROM nightshift_wakes WHERE pool >= ? AND pool < ? LIMIT 1", [.text(marks.first), .text(marks.end)])
      guard walks.isEmpty else { return [] }
      let gates = try GateReader.gates(transaction)
      let running = try Self.runningByPool(transaction)
      var forgotten: Set<ForgottenPool> = []
      var last = ""
      for _ in 0..<Self.mostPools {
        let next = try transaction.query(
          "SELECT held_by FROM nightshift_jobs WHERE hold >= 4 AND held_by > ? ORDER BY held_by LIMIT 1", [.text(last)])
        guard let text = next.first?.text(0) else { break }
        last = text
        guard let pool = Pool(text), try Self.isForgotten(pool, gates[pool.gate], running, transaction) else {
          continue
        }
        forgotten.insert(ForgottenPool(pool: text, name: gates[pool.gate]?.name ?? "one that was removed"))
      }
      return forgotten
    }
  }

  private static func isForgotten(
    _ pool: Pool, _ gate: Gate?, _ running: [String: Int], _ transaction: any ReadTransaction
  ) throws(StoreError) -> Bool {
    if let gate {
      // A person ends it.
      if gate.closure == .forGood { return false }
      // The end of a job that runs frees its place.
      if gate.concurrency != nil, running[pool.text, default: 0] > 0 { return false }
    }
    guard try transaction.query("SELECT 1 FROM nightshift_wakes WHERE pool = ?", [.text(pool.text)]).isEmpty else {
      return false
    }
    // A few tell: those of one pool are kept back for the same reason.
    let endless = try transaction.query(
      """
      SELECT 1 FROM (SELECT hold_until FROM nightshift_jobs WHERE hold >= 4 AND held_by = ? LIMIT 100) AS h
      WHERE hold_until IS NULL LIMIT 1
      """, [.text(pool.text)])
    return !endless.isEmpty
  }
}
