@testable import Nightshift
import NightshiftTesting

/// How many jobs may run at a time, as the walk has said it.
struct WalkLimit: Sendable {
  /// The queue that it covers; `nil` for all.
  var queue: String?
  /// Whether the jobs of each group are counted apart.
  var isByGroup: Bool
  var concurrency: Int

  var limit: Limit {
    Limit(
      "walk", queues: queue.map { [QueueName(stored: $0)] } ?? [], by: isByGroup ? .key : nil, concurrency: concurrency)
  }
}

extension WalkModel {
  /// What is counted together with a job; `nil` if nothing limits it.
  private func pool(of job: Int, _ limit: WalkLimit) -> String? {
    guard limit.queue == nil || limit.queue == jobs[job].queue else { return nil }
    return limit.isByGroup ? jobs[job].group ?? "none" : "all"
  }

  func hasRoom(_ job: Int, _ limit: WalkLimit?, for more: Int = 1) -> Bool {
    guard let limit, let pool = pool(of: job, limit) else { return true }
    let running = present.count { jobs[$0].state == .running && self.pool(of: $0, limit) == pool }
    return running + more <= limit.concurrency
  }

  /// Those that a worker may take from the queues, whatever limits there are.
  func claimable(from queues: [String]) -> [Int] {
    present.filter { jobs[$0].state == .ready && jobs[$0].hold == nil && queues.contains(jobs[$0].queue) }
  }

  mutating func begin(_ job: Int) {
    jobs[job].state = .running
    jobs[job].attempt += 1
  }
}

// A limit is fair in its own way, and so decides the order. What has to be true, whatever the order: nothing runs beyond
// the limit, and nothing lies where there is room.
extension Walk {
  mutating func changeLimit() async throws {
    guard limit == nil else {
      say("none")
      limit = nil
      _ = try await world.engine.removeLimit("walk")
      return
    }
    let new = WalkLimit(
      queue: chance(50) ? pick(Self.queues) : nil, isByGroup: chance(60),
      concurrency: Int.random(in: 1...2, using: &random))
    say("\(new)")
    (limit, wasLimited) = (new, true)
    try await world.engine.set(new.limit)
  }

  mutating func claimWithinLimits(from queues: [String], limit count: Int) async throws {
    // What a promoter would do at once, now that it has been told of everything.
    await world.engine.store.waitForWritesUnderWay()
    let freed = world.engine.housekeeper.releaser.takeFreed()
    _ = try await world.engine.store.promote(now: world.clock.now, limit: 0, freed: freed)
    var tries = 0
    var claimed: [Int] = []
    repeat {
      // A claim looks at some jobs without room, and puts them on hold; the next one looks at others.
      claimed = try await world.claim(from: queues, limit: count).map { world.number($0) ?? -1 }
      tries += 1
    } while claimed.isEmpty && tries < 20
    say("\(claimed.map { "j\($0)" })")
    let claimable = model.claimable(from: queues)
    for job in claimed {
      guard claimable.contains(job) else {
        differences.append("j\(job) was claimed, and is \(model.jobs[job].state)")
        return
      }
      if !model.hasRoom(job, limit) { differences.append("j\(job) was claimed beyond the limit") }
      model.begin(job)
    }
    guard claimed.isEmpty else { return }
    // The place may have been given to a job of a paused queue: then the next one has it within a second.
    let soon = world.clock.now + .seconds(1)
    let next = try await world.engine.store.read { transaction in
      try transaction.query(
        """
        SELECT j.id FROM nightshift_jobs j JOIN nightshift_wakes w ON w.pool = j.held_by
        WHERE j.hold >= 4 AND w.at <= ?
        """, [SQLValue(soon)]
      ).compactMap { $0.job(0) }
    }
    let waits = Set(next.compactMap { world.number($0) })
    for job in claimable where model.hasRoom(job, limit) && !waits.contains(job) {
      differences.append("j\(job) lies there, although there is room for it")
    }
  }
}
