import Foundation
import Nightshift
import Synchronization

extension Bench {
  /// How long a cache line takes from one core to another and back: the median of twenty tries.
  ///
  /// Below about 150 ns the cores share a cache; on virtual machines whose host moves them apart it is three to five
  /// times as much, and everything that two threads share costs that.
  func coreDistance() async throws -> Figure {
    var times: [Double] = []
    for _ in 0..<20 { times.append(try await Self.roundTrip()) }
    return .bounded("cores: a cache line there and back", Self.percentile(0.5, of: times.sorted()), "ns", below: 150)
  }

  private static func roundTrip() async throws -> Double {
    let line = SharedLine()
    let count = 20_000
    let other = Thread {
      for turn in 0..<count {
        while line.value.load(ordering: .acquiring) != 2 * turn + 1 {}
        line.value.store(2 * turn + 2, ordering: .releasing)
      }
    }
    other.start()
    return try await onThread {
      let time = ContinuousClock().measure {
        for turn in 0..<count {
          line.value.store(2 * turn + 1, ordering: .releasing)
          while line.value.load(ordering: .acquiring) != 2 * turn + 2 {}
        }
      }
      return time.seconds / Double(count) * 1e9
    }
  }

  private final class SharedLine: Sendable {
    let value = Atomic(0)
  }
}
