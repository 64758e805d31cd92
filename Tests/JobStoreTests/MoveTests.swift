import Foundation
import Logging
@testable import Nightshift
import Testing

@Suite struct `A move from one store to another` {
  struct Direction: Sendable, CustomTestStringConvertible {
    var source: StoreUnderTest
    var target: StoreUnderTest
    var testDescription: String { "\(source) to \(target)" }

    static let all: [Direction] = StoreUnderTest.allCases.flatMap { source in
      StoreUnderTest.allCases.map { Direction(source: source, target: $0) }
    }
  }

  private struct Cut: Error {}

  private static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
  private static let large = [UInt8]((0..<600_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })

  /// A store with something in every table.
  private func filled(_ database: StoreUnderTest) async throws -> TestStore {
    let test = try database.make()
    let engine = try await Engine(test.storage, logger: Self.quiet)
    try await engine.register("work", payload: Int.self) { number, context -> Int in
      if number == 13 { throw PermanentFailure("unlucky") }
      context.progress(0.5, "half")
      context.log("line with a \0 in it")
      try await context.attach("a.bin", type: "application/octet-stream", Self.large)
      return number
    }
    var options = JobOptions()
    options.tags = ["red", "blue"]
    options.unique = .by("key", for: .seconds(3600))
    let drafts = [
      JobDraft(kind: "work", payload: Array("1".utf8), options: options),
      JobDraft(kind: "work", payload: Array("13".utf8)),
    ]
    _ = try await engine.submit(drafts, idempotencyKey: "i", actor: .system)
    while try await engine.runDueJobs() > 0 {}
    var filter = JobFilter()
    filter.states = [.dead]
    let dead = try #require(try await engine.jobs(filter).jobs.first)
    #expect(try await engine.retry([dead.id], payload: Array("7".utf8), by: .system) == [.changed(.ready)])
    options = JobOptions()
    options.runAt = .in(.seconds(3600))
    _ = try await engine.submit([JobDraft(kind: "work", payload: [0x32], options: options)], actor: .system)
    _ = try await engine.createToken(name: "t", role: .viewer, expiresAt: nil, by: .system)
    #expect(try await engine.pause("default", by: .system))
    _ = try await engine.command(.stopped, worker: nil, by: .system)
    await engine.close()
    try await leaveRunning(test)
    return test
  }

  /// Two jobs whose worker has vanished, one of them asked to stop.
  private func leaveRunning(_ store: TestStore) async throws {
    let worker = try await store.addWorker(5)
    _ = try await store.insert([NewJob(1, queue: "hung"), NewJob(2, queue: "hung")], now: noon)
    #expect(try await store.claim(2, from: ["hung"], by: worker).count == 2)
    _ = try await store.change(.cancel(reason: "enough"), of: [2], now: noon + .seconds(1))
    _ = try await store.write { try $0.execute("UPDATE nightshift_workers SET ended_at = 1 WHERE id = 5") }
  }

  private func move(_ source: any Store, _ target: any Store) -> StoreMove {
    StoreMove(from: source, named: "source", to: target)
  }

  @Test(arguments: Direction.all)
  func `carries over everything, and the engine goes on with it`(_ direction: Direction) async throws {
    let (source, target) = (try await filled(direction.source), try direction.target.make())
    let moved = try await move(source, target).run()
    #expect(moved.map(\.rows) == (try await StoreMove.plan(source)).map(\.rows))
    for name in [
      "jobs", "results", "keys", "tags", "old_payloads", "attempts", "logs", "progress", "artifacts",
      "artifact_chunks", "rollups", "outbox", "audit", "tokens", "settings", "queues", "kinds",
    ] {
      #expect(moved.first { $0.name == name }.map { $0.rows > 0 } == true, "\(name) was empty in the test")
    }
    let running = try #require(try await target.look(1))
    #expect(running.state == .ready && running.attempt == 1)
    #expect(try await target.state(of: 2) == .cancelled)
    let counters = try await target.counters()
    #expect(counters.kept == counters.counted)
    #expect(try await target.count("workers") == 0)
    try await work(on: target)
  }

  /// What engines do is possible there: ids go on, keys hold, tokens open, artifacts are whole.
  private func work(on target: TestStore) async throws {
    let engine = try await Engine(target.storage, logger: Self.quiet)
    try await engine.register("work", payload: Int.self) { number, _ -> Int in number }
    #expect(try await engine.queues().contains { $0.name == "default" && $0.pausedAt != nil })
    #expect(try await engine.resume("default", by: .system))
    var options = JobOptions()
    options.unique = .by("key", for: .seconds(3600))
    let again = JobDraft(kind: "work", payload: [0x31], options: options)
    let submission = try await engine.submit([again], actor: .system)[0]
    #expect(submission.isDuplicate)
    #expect(try await engine.artifact("a.bin", of: submission.id)?.bytes == Self.large)
    #expect(try await engine.logs(of: submission.id, after: 0, limit: 9).first?.message.contains("line with a") == true)
    #expect(try await engine.tokens().count == 1)
    await engine.close()
  }

  @Test(arguments: Direction.all)
  func `goes on after it was cut off, wherever that was`(_ direction: Direction) async throws {
    let (source, target) = (try await filled(direction.source), try direction.target.make())
    var batches = 0
    while true {
      // One batch further each time, so that each is the last one once.
      batches += 1
      var left = batches
      do {
        _ = try await move(source, target).run { _ in
          left -= 1
          if left == 0 { throw Cut() }
        }
        break
      } catch is Cut {
        let error = await #expect(throws: StoreError.self) { _ = try await Engine(target.storage, logger: Self.quiet) }
        #expect(error?.code == .wrongVersion)
      }
      try #require(batches < 200)
    }
    #expect(batches > MovedTables.least)
    try await work(on: target)
  }

  private enum MovedTables { static let least = 17 }

  @Test(arguments: Direction.all)
  func `finds what is not the same on both sides`(_ direction: Direction) async throws {
    let source = try await filled(direction.source)
    for fault in [
      "DELETE FROM nightshift_jobs WHERE id = 1", "UPDATE nightshift_jobs SET priority = priority + 1",
      "INSERT INTO nightshift_tags(tag, job) VALUES('more', 1)",
      "INSERT INTO nightshift_rollups SELECT hour, queue, 'twice', enqueued, 0, 0, 0, 0, 0, 0, 0, 0 FROM nightshift_rollups",
    ] {
      let target = try direction.target.make()
      var isDone = false
      let move = move(source, target)
      await #expect(throws: Cut.self) {
        _ = try await move.run { if $0.phase == .verifying { throw Cut() } }
      }
      let changed = try await target.write { try $0.execute(fault) }
      #expect(changed > 0, "\(fault) changes nothing")
      do {
        _ = try await move.run()
        isDone = true
      } catch let error as StoreMoveError {
        #expect(error.description.contains("not the same on both sides"))
      }
      #expect(!isDone, "\(fault) was not found")
    }
  }

  @Test(arguments: Direction.all)
  func `refuses a target that is in use, and a source that is`(_ direction: Direction) async throws {
    let (source, target) = (try direction.source.make(), try direction.target.make())
    try await target.insert(NewJob(1))
    let used = await #expect(throws: StoreMoveError.self) { _ = try await move(source, target).run() }
    #expect(used?.description.contains("nightshift_queues has 1 row") == true)
    let empty = try direction.target.make()
    let engine = try await Engine(source.storage, logger: Self.quiet)
    let busy = await #expect(throws: StoreMoveError.self) { _ = try await move(source, empty).run() }
    #expect(busy?.description.contains("A process uses the source: ") == true)
    await engine.close()
    #expect(try await move(source, empty).run().count == MovedTable.all.count)
  }

  @Test func `refuses the rest of another move`() async throws {
    let (source, target) = (try await filled(.sqlite), try StoreUnderTest.sqlite.make())
    await #expect(throws: Cut.self) { _ = try await move(source, target).run { _ in throw Cut() } }
    let other = StoreMove(from: source, named: "elsewhere", to: target)
    let error = await #expect(throws: StoreMoveError.self) { _ = try await other.run() }
    #expect(error?.description.contains("unfinished move from source") == true)
  }

  @Test func `knows every table and column`() async throws {
    let store = try StoreUnderTest.sqlite.make()
    let columns = try await store.read { transaction in
      try transaction.query(
        """
        SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c
        WHERE m.type = 'table' AND m.name LIKE 'nightshift!_%' ESCAPE '!'
        """)
    }
    let tables = Dictionary(grouping: columns) { $0.text(0)! }.mapValues { Set($0.map { $0.text(1)! }) }
    let moved = Dictionary(uniqueKeysWithValues: MovedTable.all.map { ($0.fullName, Set($0.columns)) })
    let left = ["workers", "kind_workers", "events", "counters", "migrations", "calls"].map { "nightshift_\($0)" }
    #expect(Set(tables.keys) == Set(moved.keys).union(left))
    for (name, columns) in moved { #expect(tables[name] == columns, "\(name)") }
  }
}
