import Foundation
@testable import Nightshift
import NightshiftPostgres
import NightshiftSQLite
import NightshiftTesting
import Synchronization
import TestSupport

/// The real thing that a walk is compared with: an engine on a database, which may be lost and started anew.
final class WalkWorld {
  /// An attempt that was claimed and is not over.
  struct InHand {
    var job: Int
    var claim: ClaimedJob
    var worker: WorkerID
  }

  let clock = TestClock()
  private(set) var engine: Engine!
  private(set) var handler: WalkHandler!
  private let storage: Storage
  private let remove: @Sendable () -> Void
  /// The ids of the model's jobs, by number.
  var ids: [JobID] = []
  var inHand: [InHand] = []
  /// Attempts that others have taken back.
  var stale: [InHand] = []

  init() throws {
    if TestedDatabase.isPostgres {
      let database = try TestPostgres.Database()
      storage = .postgres(url: database.url)
      remove = { database.drop() }
    } else {
      // In memory where there is such a place: what a power cut would do is not in question here.
      let memory = URL(filePath: "/dev/shm")
      let isThere = FileManager.default.isWritableFile(atPath: memory.path)
      let folder = (isThere ? memory : FileManager.default.temporaryDirectory)
        .appendingPathComponent("nightshift-walk-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      storage = .sqlite(path: folder.appendingPathComponent("nightshift.db").path)
      // What is left behind goes with the machine's next start.
      remove = { try? FileManager.default.removeItem(at: folder) }
    }
  }

  func start() async throws {
    var configuration = EngineConfiguration()
    configuration.clock = clock
    configuration.concurrency = 1
    let engine = try await Engine(storage, configuration: configuration, logger: quiet)
    let handler = WalkHandler { blamed in
      let reclaim = Reclaim(worker: engine.workerID, now: engine.clock.now, reason: "lost", crashed: blamed)
      _ = try await engine.store.reclaim(reclaim)
    }
    let options = KindOptions(
      maxAttempts: 2, backoff: .fixed(WalkModel.backoff.map { .seconds($0) }))
    try await engine.register(WalkJob.kind, payload: WalkProgram.self, options: options) {
      try await handler.run($0, $1)
    }
    (self.engine, self.handler) = (engine, handler)
  }

  func close() async {
    await engine?.close()
    remove()
  }

  /// Ends the engine and starts another; what was in hand is taken back.
  func restart() async throws {
    stale += inHand
    inHand = []
    await engine.close()
    // Ids of two engines within a millisecond sort by their nodes.
    clock.advance(by: .milliseconds(5))
    try await start()
  }

  /// Begins anew without what an earlier walk has left.
  func forget() {
    (ids, inHand, stale) = ([], [], [])
  }

  /// The number of a job that the model has.
  func number(_ id: JobID) -> Int? { ids.lastIndex(of: id) }

  func claim(from queues: [String], limit: Int) async throws -> [JobID] {
    let lanes = queues.map { ClaimRequest.Lane(QueueName(stored: $0), limit: limit) }
    let request = ClaimRequest(worker: engine.workerID, now: clock.now, lanes: lanes, limit: limit)
    let claims = try await engine.store.claim(request)
    for claim in claims {
      inHand.append(InHand(job: number(claim.id) ?? -1, claim: claim, worker: engine.workerID))
    }
    return claims.map(\.id)
  }
}
