import Nightshift
import Synchronization

extension Bench {
  /// Whole lives of jobs that do nothing: enqueued one call each by 256 tasks, run by a registered handler, completed.
  ///
  /// The raw limit runs before and after, and the mean of both counts, since a shared machine's disk changes by the
  /// second.
  func fullLife() async throws -> Figure {
    let limitBefore = try await rawLives()
    let time = try await lives()
    return .rate("full life, 256 tasks, one call each", jobs, time, limit: (limitBefore + (try await rawLives())) / 2)
  }

  /// Runs the lives of all jobs, and tells how many seconds they took.
  ///
  /// - Parameters:
  ///   - limit: In force while they run.
  ///   - keys: Over how many keys the jobs are spread.
  func lives(_ limit: Limit? = nil, keys: Int = 0) async throws -> Double {
    try remove("life")
    let engine = try await engine("life")
    if let limit { try await engine.set(limit) }
    let done = Countdown(jobs)
    try await engine.register("bench", payload: NoOp.self) { _, _ in done.count() }
    let run = Task { try await engine.run() }  // ended by close()
    let (jobs, text) = (jobs, Self.text)
    let time = try await Self.seconds {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for producer in 0..<256 {
          group.addTask {
            for number in stride(from: producer, to: jobs, by: 256) {
              guard keys > 0 else {
                try await engine.enqueue(NoOp(number: number, text: text))
                continue
              }
              var options = JobOptions()
              options.limitKey = "customer-\(number % keys)"
              _ = try await engine.enqueue([NoOp(number: number, text: text)], options)
            }
          }
        }
        try await group.waitForAll()
      }
      await done.wait()
      try await Self.waitForCompletion(of: jobs, engine)
    }
    await engine.close()
    try await run.value
    try remove("life")
    return time
  }

  private func rawLives() async throws -> Double {
    let loop = try await rawLoop("raw-life", batch: 256)
    // Long enough that a moment of a busy disk does not decide it.
    let count = max(50_000, jobs / 2)
    let time = try await Self.seconds { try loop.lives(count, from: 1) }
    loop.close()
    try remove("raw-life")
    return Double(count) / time
  }

  /// Returns when the store says that so many jobs are completed: the handler's end is not the job's.
  ///
  /// - Parameter pause: Between two looks, each of which takes some tenths of a millisecond of what is measured.
  static func waitForCompletion(
    of count: Int, _ engine: Engine, lookingEvery pause: Duration = .milliseconds(1)
  ) async throws {
    while try await engine.queues().reduce(0, { $0 + ($1.counts[.completed] ?? 0) }) < count {
      try await SystemClock().sleep(for: pause)
    }
  }

  /// Drains jobs that are ready, with so many more beside them that stay, so many that have ended before, and so many that
  /// wait for a time that is far away.
  func drain(name: String, ready: Int = 0, finished: Int = 0, parked: Int = 0) async throws -> Figure {
    let limit = try await rawDrain()
    let loop = try await rawLoop("drain", batch: 1000)
    // Ended long ago, so with lower ids; ready with higher, so that the walk through the index is the same.
    if finished > 0 {
      try loop.enqueue(finished, from: 1)
      try loop.drain()
    }
    if parked > 0 {
      try loop.enqueue(parked, from: 1)
      try await park("drain", upTo: parked)
    }
    let first = Int64(finished + parked) + 1
    try loop.enqueue(jobs + ready, from: first)
    loop.close()
    let engine = try await engine("drain")
    let before = try await engine.queues().reduce(0) { $0 + ($1.counts[.completed] ?? 0) }
    let done = Countdown(jobs)
    try await engine.register("bench", payload: NoOp.self) { _, _ in done.count() }
    var run: Task<Void, any Error>?
    let time = try await Self.seconds {
      run = Task { try await engine.run() }  // ended by close()
      await done.wait()
      if ready == 0 { try await Self.waitForCompletion(of: before + jobs, engine) }
    }
    await engine.close()
    try await run?.value
    try remove("drain")
    return .rate(name, jobs, time, limit: (limit + (try await rawDrain())) / 2)
  }

  private func park(_ name: String, upTo count: Int) async throws {
    let store = try storage(name).open(Migration.core)
    for start in stride(from: 1, through: count, by: 10_000) {
      let range: [SQLValue] = [SQLValue(start), SQLValue(min(start + 9_999, count))]
      try await store.write { transaction in
        try transaction.execute("UPDATE nightshift_jobs SET state = 3, attempt = 1 WHERE id BETWEEN ? AND ?", range)
        try transaction.execute(
          """
          INSERT INTO nightshift_waits(id, job, key, type, state, due_at, created_at)
          SELECT id, id, 'sleep', 1, 0, 4000000000000000 + id, 1 FROM nightshift_jobs WHERE id BETWEEN ? AND ?
          """, range)
      }
    }
    await store.close()
  }

  private func rawDrain() async throws -> Double {
    let loop = try await rawLoop("raw-drain", batch: 1000)
    let count = max(50_000, jobs / 2)
    try loop.enqueue(count, from: 1)
    let time = try await Self.seconds { try loop.drain() }
    loop.close()
    try remove("raw-drain")
    return Double(count) / time
  }

  /// Enqueues a thousand jobs a call, from as many tasks as there are slots: while one batch is written, the next is
  /// encoded.
  func bulkEnqueue() async throws -> Figure {
    let limitBefore = try await rawEnqueue()
    try remove("bulk")
    let engine = try await engine("bulk")
    try await engine.register(NoOp.self)
    let (jobs, callers) = (jobs / 1000 * 1000, engine.configuration.concurrency)
    let time = try await Self.seconds {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 0..<callers {
          group.addTask {
            for start in stride(from: task * 1000, to: jobs, by: callers * 1000) {
              try await engine.enqueue((start..<start + 1000).map { NoOp(number: $0, text: Self.text) })
            }
          }
        }
        try await group.waitForAll()
      }
    }
    await engine.close()
    try remove("bulk")
    return .rate("bulk enqueue, 1,000 a call", jobs, time, limit: (limitBefore + (try await rawEnqueue())) / 2)
  }

  private func rawEnqueue() async throws -> Double {
    let loop = try await rawLoop("raw-bulk", batch: 1000)
    let time = try await Self.seconds { try loop.enqueue(jobs, from: 1) }
    loop.close()
    try remove("raw-bulk")
    return Double(jobs) / time
  }
}

extension Bench {
  /// What a job costs with a million ready behind it, as a multiple of what it costs with ten thousand: filled in bulk,
  /// and with no `ANALYZE` after it.
  func costOfManyReady() async throws -> Figure {
    let few = try await drainSome(10_000, of: 10_000)
    let many = try await drainSome(10_000, of: 1_000_000)
    return .bounded("cost of a job, a million ready, by ten thousand", few / many, "times", below: 1.15)
  }

  /// The rate at which `count` jobs are run of so many that are ready.
  private func drainSome(_ count: Int, of ready: Int) async throws -> Double {
    let loop = try await rawLoop("many", batch: 1000)
    try loop.enqueue(ready, from: 1)
    loop.close()
    let engine = try await engine("many")
    let done = Countdown(count)
    try await engine.register("bench", payload: NoOp.self) { _, _ in done.count() }
    let run = Task { try await engine.run() }  // ended by close()
    let time = await Self.seconds { await done.wait() }
    await engine.close()
    try await run.value
    try remove("many")
    return Double(count) / time
  }

  /// Four workers on one queue beside one: how much faster they are together. Fails if a job was claimed twice.
  func fourWorkers() async throws -> Figure {
    let one = try await drainTogether(1)
    let four = try await drainTogether(4)
    return Figure(
      name: "drain by four workers, by one", value: four, unit: "jobs/s", limit: one, ratio: four / one)
  }

  private func drainTogether(_ workers: Int) async throws -> Double {
    let loop = try await rawLoop("together", batch: 1000)
    try loop.enqueue(jobs, from: 1)
    loop.close()
    let done = Countdown(jobs)
    var engines: [Engine] = []
    for _ in 0..<workers {
      let engine = try await engine("together")
      // Work of a fifth of a millisecond, so that it is workers that are wanted, and not a faster database.
      try await engine.register("bench", payload: NoOp.self) { _, _ in
        try await Task.sleep(for: .microseconds(200))
        done.count()
      }
      engines.append(engine)
    }
    let running = engines
    var runs: [Task<Void, any Error>] = []
    let time = try await Self.seconds {
      runs = running.map { engine in Task { try await engine.run() } }  // ended by close()
      await done.wait()
      try await Self.waitForCompletion(of: jobs, running[0])
    }
    let twice = try await running[0].store.read { transaction in
      try transaction.query("SELECT count(*) FROM nightshift_jobs WHERE attempt <> 1")[0].integer(0) ?? 0
    }
    for engine in running { await engine.close() }
    for run in runs { try await run.value }
    try remove("together")
    guard twice == 0 else { throw BenchmarkError("\(twice) jobs were claimed twice") }
    return Double(jobs) / time
  }
}

/// Lets one task wait until something has happened so many times.
final class Countdown: Sendable {
  private let left: Atomic<Int>
  private let stream = AsyncStream<Void>.makeStream()

  init(_ count: Int) { left = Atomic(count) }

  func count() { if left.subtract(1, ordering: .relaxed).newValue == 0 { stream.continuation.finish() } }

  func wait() async { for await _ in stream.stream {} }
}

extension Figure {
  static func rate(_ name: String, _ count: Int, _ seconds: Double, limit: Double) -> Figure {
    let value = Double(count) / seconds
    return Figure(name: name, value: value, unit: "jobs/s", limit: limit, ratio: value / limit)
  }

  /// Where less is better: the promise is `limit`.
  static func bounded(_ name: String, _ value: Double, _ unit: String, below limit: Double) -> Figure {
    Figure(name: name, value: value, unit: unit, limit: limit, ratio: limit / max(value, 1e-9))
  }
}
