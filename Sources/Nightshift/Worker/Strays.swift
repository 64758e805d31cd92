import Logging
import Synchronization

/// Finds jobs that the store has leased to this worker and that the worker knows nothing of, and gives them back.
///
/// A claim may be recorded after its answer was lost with the connection. Nobody would run such a job, and nobody would
/// take it back, since its worker lives.
final class Strays: Sendable {
  private struct Attempt: Hashable {
    var job: JobID
    var number: Int
  }

  private static let limit = 5_000

  private unowned let engine: Engine  // which owns the housekeeper, which owns this object
  /// Those that were unknown at the last look. One that is on its way into the buffer is not unknown twice.
  private let suspects = Mutex<Set<Attempt>>([])
  /// How many more looks are worth their while although no job is held.
  private let looksLeft = Atomic(0)

  init(engine: Engine) { self.engine = engine }

  /// Says that the outcome of a claim is unknown.
  func expect() { looksLeft.store(4, ordering: .relaxed) }

  /// Looks, if there may be any: an idle process leaves the store alone.
  func lookIfNeeded() async throws(StoreError) {
    let isExpected = looksLeft.load(ordering: .relaxed) > 0
    if isExpected { looksLeft.subtract(1, ordering: .relaxed) }
    if isExpected || engine.worker.heldCount > 0 { try await look() }
  }

  private func look() async throws(StoreError) {
    let me = engine.workerID
    let rows = try await engine.store.read { transaction in
      try transaction.query(
        "SELECT id, attempt, kind, queue, run_at FROM nightshift_jobs WHERE state = 1 AND worker = ? LIMIT \(Self.limit)",
        [.integer(me.rawValue)])
    }
    let known = engine.worker.heldJobs
    let unknown = rows.filter { !known.contains($0.job(0)!) }
    let former = suspects.withLock { suspects in
      defer { suspects = Set(unknown.map(Self.attempt)) }
      return suspects
    }
    let now = engine.clock.now
    let strays = unknown.filter { former.contains(Self.attempt($0)) }.map { row in
      Settlement(
        givingBack: row.job(0)!, attempt: Int(row.integer(1)!), kind: row.text(2)!, queue: row.text(3)!,
        runAt: row.timestamp(4)!, worker: me, at: now)
    }
    guard !strays.isEmpty else { return }
    engine.logger.warning(
      "gave back jobs whose claim was recorded and never answered", metadata: ["jobs": "\(strays.count)"])
    _ = try await engine.store.settle(strays)
  }

  private static func attempt(_ row: SQLRow) -> Attempt {
    Attempt(job: row.job(0)!, number: Int(row.integer(1)!))
  }
}
