import Nightshift

/// How many jobs run in each pool of a gate, as the writer remembers it.
///
/// A copy of what stands on the rows of the jobs that run, and never the truth: it is kept up by the few statements of
/// the hot path, and whoever does anything else drops it. The next claim that wants to know reads the rows again.
struct RunningLanes {
  /// Lanes that are remembered, beyond which one begins anew: those of jobs that have ended stay behind.
  static let capacity = 20_000

  /// One pool; an object, so that each end of a job finds it without its name.
  private final class Count {
    var running = 0
  }

  private var counts: [String: Count] = [:]
  private var lanes: [String: [Count]] = [:]
  private var jobs: [JobID: [Count]] = [:]

  /// Whether it has grown so large that it had better be read anew.
  var isFull: Bool { lanes.count > Self.capacity }

  func running(in pool: String) -> Int { counts[pool]?.running ?? 0 }

  mutating func begin(_ job: JobID, in lane: String) {
    let begun = lanes[lane] ?? remember(lane)
    if let former = jobs.updateValue(begun, forKey: job) { Self.add(-1, to: former) }
    Self.add(1, to: begun)
  }

  /// A job that says no lane was never counted.
  mutating func end(_ job: JobID) {
    if let ended = jobs.removeValue(forKey: job) { Self.add(-1, to: ended) }
  }

  private static func add(_ number: Int, to counts: [Count]) {
    for count in counts { count.running += number }
  }

  private mutating func remember(_ lane: String) -> [Count] {
    let pools = lane.split(separator: "\n").map { text in
      let pool = String(text)
      if let known = counts[pool] { return known }
      let new = Count()
      counts[pool] = new
      return new
    }
    lanes[lane] = pools
    return pools
  }
}
