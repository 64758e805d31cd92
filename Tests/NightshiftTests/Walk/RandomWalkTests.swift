import Foundation
@testable import Nightshift
import TestSupport
import Testing

/// Random things are done to an engine and to a model of it, and all that can be seen is compared after each.
///
/// - `NIGHTSHIFT_WALKS=5000` does so many walks, as `make walks` does on both databases.
/// - `NIGHTSHIFT_WALK_SEED=17` does the one walk with this seed again.
@Suite struct `A random walk over the engine` {
  private static let environment = ProcessInfo.processInfo.environment
  /// So many walks are enough for each change; a night may do thousands.
  private static let count = environment["NIGHTSHIFT_WALKS"].flatMap(Int.init) ?? (TestedDatabase.isPostgres ? 12 : 150)
  private static let length = 60

  private static func steps(_ seed: UInt64) -> [WalkStep] {
    var random = SeededGenerator(seed: seed)
    return (0..<length).map { _ in .random(&random) }
  }

  @Test func `agrees with the model at each step`() async throws {
    if let seed = Self.environment["NIGHTSHIFT_WALK_SEED"].flatMap(UInt64.init) {
      _ = try await Self.walk([seed])
      return
    }
    // Others with each run, so that many runs see many.
    let first = UInt64.random(in: 0..<1 << 40)
    let lanes = UInt64(4)
    var seen: Set<String> = []
    try await withThrowingTaskGroup(of: Set<String>.self) { group in
      for lane in 0..<lanes {
        let seeds = (0..<UInt64(Self.count)).filter { $0 % lanes == lane }.map { first + $0 }
        group.addTask { try await Self.walk(seeds) }
      }
      for try await marks in group { seen.formUnion(marks) }
    }
    // Fewer may miss what is rare, without anything being wrong.
    guard Self.count >= 1_000 else { return }
    #expect(WalkModel.usualMarks.subtracting(seen).isEmpty, "where no walk has come any more")
  }

  /// Walks on one database, one after the other, up to the first that fails.
  ///
  /// - Returns: What was seen on the way.
  private static func walk(_ seeds: [UInt64]) async throws -> Set<String> {
    var seen: Set<String> = []
    let world = try WalkWorld()
    try await world.start()
    for seed in seeds {
      do {
        var walk = Walk(world)
        try await walk.go(steps(seed))
        seen.formUnion(walk.seen)
      } catch let mismatch as WalkMismatch {
        let small = try await shrunk(mismatch)
        Issue.record(
          """
          The walk with NIGHTSHIFT_WALK_SEED=\(seed) ends otherwise than the model's. Of its \(mismatch.steps.count) \
          steps these are enough:
          \(small.story.joined(separator: "\n"))
          \(small.difference)
          """)
        break
      }
    }
    await world.close()
    return seen
  }

  /// The same failure with fewer steps: whatever can be left out is left out.
  private static func shrunk(_ first: WalkMismatch) async throws -> WalkMismatch {
    var best = first
    var length = best.steps.count / 2
    while length > 0 {
      var place = 0
      while place < best.steps.count {
        var fewer = best.steps
        fewer.removeSubrange(place..<min(place + length, fewer.count))
        if let mismatch = try await Self.failure(of: fewer) { best = mismatch } else { place += length }
      }
      length /= 2
    }
    return best
  }

  private static func failure(of steps: [WalkStep]) async throws -> WalkMismatch? {
    let world = try WalkWorld()
    try await world.start()
    var walk = Walk(world)
    var found: WalkMismatch?
    do {
      try await walk.go(steps)
    } catch let mismatch as WalkMismatch {
      found = mismatch
    }
    await world.close()
    return found
  }
}
