import Foundation
import Nightshift
import Synchronization

extension Bench {
  /// One durable enqueue at 5,000 a second, each at its appointed moment whether or not the ones before are done.
  func enqueueLatency() async throws -> [Figure] {
    try remove("latency")
    let engine = try await engine("latency")
    try await engine.register(NoOp.self)
    let count = min(jobs, 25_000)
    let clock = ContinuousClock()
    let start = clock.now
    let times = try await withThrowingTaskGroup(of: Double.self) { group in
      for number in 0..<count {
        let moment = start + .microseconds(number * 200)
        // Sleeping costs more than it waits: catch up with whatever is due.
        if moment > clock.now + .milliseconds(1) { try await clock.sleep(until: moment) }
        group.addTask {
          // It may begin up to a millisecond early, for want of a finer sleep; beginning late counts as waiting.
          let begun = min(moment, clock.now)
          try await engine.enqueue(NoOp(number: number, text: Self.text))
          return (clock.now - begun).seconds * 1000
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }.sorted()
    }
    await engine.close()
    try remove("latency")
    return [
      .bounded("durable enqueue at 5,000/s, p50", Self.percentile(0.5, of: times), "ms", below: 10),
      .bounded("durable enqueue at 5,000/s, p99", Self.percentile(0.99, of: times), "ms", below: 10),
    ]
  }

  /// From the call of enqueue to the handler's first line, on an idle engine, one at a time.
  func startLatency() async throws -> [Figure] {
    let sync = try fsyncTime()
    try remove("start")
    let engine = try await engine("start")
    let begun = AsyncStream<ContinuousClock.Instant>.makeStream()
    try await engine.register("bench", payload: NoOp.self) { _, _ in begun.continuation.yield(.now) }
    let run = Task { try await engine.run() }  // ended by close()
    var times: [Double] = []
    var iterator = begun.stream.makeAsyncIterator()
    for number in 0..<500 {
      try await Task.sleep(for: .milliseconds(5))
      let start = ContinuousClock.now
      try await engine.enqueue(NoOp(number: number, text: Self.text))
      if let moment = await iterator.next() { times.append((moment - start).seconds * 1000) }
    }
    times.sort()
    await engine.close()
    try await run.value
    try remove("start")
    return [
      .bounded("idle: enqueue to handler, p50", Self.percentile(0.5, of: times), "ms", below: 1 + sync),
      .bounded("idle: enqueue to handler, p99", Self.percentile(0.99, of: times), "ms", below: 10),
    ]
  }

  /// The median of an 8 KiB append and fdatasync, in milliseconds.
  private func fsyncTime() throws -> Double {
    let path = "\(folder)/fsync"
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard file >= 0 else { throw BenchmarkError("cannot write to \(folder)") }
    defer {
      close(file)
      unlink(path)
    }
    let block = [UInt8](repeating: 1, count: 8192)
    let times = (0..<200).map { _ in
      let time = ContinuousClock().measure {
        _ = write(file, block, block.count)
        fdatasync(file)
      }
      return time.seconds * 1000
    }
    return Self.percentile(0.5, of: times.sorted())
  }
}
