import NightshiftTesting
import Synchronization
import Testing

@testable import Nightshift

private struct Sync: Job, Equatable {
  static let kind: JobKind = "sync"
  var company: Int
  var revision: Int

  func run(_ context: JobContext) async throws {}
}

/// The revisions that handlers have seen, in their order.
private final class Seen: Sendable {
  private let revisions = Mutex<[Int]>([])

  var all: [Int] { revisions.withLock { $0 } }
  func add(_ revision: Int) { revisions.withLock { $0.append(revision) } }
}

@Suite(.timeLimit(.minutes(5))) struct `A debounced job` {
  private let test: TestEngine
  private var engine: Engine { test.engine }
  private let seen = Seen()

  init() async throws { test = try await TestEngine.fresh() }

  private func register() async throws {
    try await engine.register("sync", payload: Sync.self) { job, _ in seen.add(job.revision) }
  }

  private func enqueue(_ revision: Int, company: Int = 7, atMost: Duration? = nil) async throws -> JobID {
    try await engine.enqueue(
      Sync(company: company, revision: revision),
      debounce: .by("company-\(company)", quiet: .seconds(30), atMost: atMost))
  }

  @Test func `runs once, when it has been quiet, with what came last`() async throws {
    try await register()
    let first = try await enqueue(1)
    for revision in 2...4 {
      test.clock.advance(by: .seconds(20))
      #expect(try await enqueue(revision) == first)
      #expect(try await test.runUntilIdle() == 0)
    }
    #expect(try await enqueue(1, company: 8) != first)
    test.clock.advance(by: .seconds(30))
    #expect(try await test.runUntilIdle() == 2)
    #expect(seen.all.sorted() == [1, 4])
    #expect(try await enqueue(5) != first, "that one is over")
  }

  @Test func `waits no longer than said, however many come`() async throws {
    try await register()
    var revision = 0
    for _ in 0..<20 {
      revision += 1
      _ = try await enqueue(revision, atMost: .seconds(100))
      test.clock.advance(by: .seconds(20))
      try await test.runUntilIdle()
    }
    test.clock.advance(by: .seconds(30))
    try await test.runUntilIdle()
    // 100 s after the first of each lot, with the last that had come by then.
    #expect(seen.all == [5, 10, 15, 20])
  }

  @Test func `misses nothing that comes while its handler runs`() async throws {
    try await engine.register("sync", payload: Sync.self) { job, context in
      seen.add(job.revision)
      guard job.revision == 1 else { return }
      for revision in [2, 3] {
        _ = try await engine.enqueue(
          Sync(company: 7, revision: revision), debounce: .by("company-7", quiet: .seconds(30)))
      }
    }
    _ = try await enqueue(1)
    test.clock.advance(by: .seconds(30))
    #expect(try await test.runUntilIdle() == 1)
    test.clock.advance(by: .seconds(30))
    #expect(try await test.runUntilIdle() == 1)
    #expect(seen.all == [1, 3])
  }

  @Test func `may have its payload for its key, whatever the order of the fields`() async throws {
    try await register()
    let debounce = Debounce.byPayload(quiet: .seconds(30))
    let first = try await engine.enqueue(Sync(company: 1, revision: 1), debounce: debounce)
    #expect(try await engine.enqueue(Sync(company: 1, revision: 1), debounce: debounce) == first)
    #expect(try await engine.enqueue(Sync(company: 1, revision: 2), debounce: debounce) != first)
  }

  @Test func `stands for another in a batch and in a workflow`() async throws {
    try await register()
    try await engine.register("after", payload: Int.self) { _, _ in }
    var drafts = (1...3).map { number in
      JobDraft(kind: "sync", payload: Array(#"{"company": 7, "revision": \#(number)}"#.utf8))
    }
    for index in drafts.indices { drafts[index].options.debounce = .by("c", quiet: .seconds(30)) }
    drafts[1].ref = "second"
    var after = JobDraft(kind: "after", payload: Array("1".utf8))
    after.options.dependsOn = [.ref("second")]
    let added = try await engine.submit(drafts + [after], actor: .system)
    #expect(Set(added.prefix(3).map(\.id)).count == 1)
    #expect(added.prefix(3).map(\.conflict) == [nil, .replaced, .replaced])
    #expect(added[3].state == .blocked)
    test.clock.advance(by: .seconds(30))
    #expect(try await test.runUntilIdle() == 2)
    #expect(seen.all == [3])
  }

  @Test func `of a schedule gathers in with what others enqueue`() async throws {
    try await register()
    _ = try await engine.addSchedule(
      "s",
      [
        "expression": "* * * * *", "kind": "sync", "payload": ["company": 7, "revision": 9],
        "debounce": ["key": "company-7", "quiet": "30s"],
      ], by: .system)
    test.clock.advance(by: .seconds(60))
    #expect(try await test.runUntilIdle() == 0)
    let id = try await enqueue(10)
    #expect(try await engine.slots(of: "s", before: nil, limit: 9).first?.job == id)
    test.clock.advance(by: .seconds(30))
    #expect(try await test.runUntilIdle() == 1)
    #expect(seen.all == [10])
  }
}

@Suite(.timeLimit(.minutes(5))) struct `A throttled job` {
  private let test: TestEngine
  private var engine: Engine { test.engine }

  init() async throws {
    test = try await TestEngine.fresh()
    try await engine.register(Sync.self)
  }

  private func submit(_ throttle: Throttle, idempotencyKey: String? = nil) async throws -> Submission {
    var draft = JobDraft(kind: "sync", payload: Array(#"{"company": 7, "revision": 1}"#.utf8))
    draft.options.throttle = throttle
    return try await engine.submit([draft], idempotencyKey: idempotencyKey, actor: .system)[0]
  }

  @Test func `is left out when its window is full, also when the others have run`() async throws {
    let throttle = Throttle.by("c", 2, per: .seconds(60))
    let first = try await submit(throttle)
    #expect(try await !submit(throttle).isDuplicate)
    #expect(try await test.runUntilIdle() == 2)
    let third = try await submit(throttle)
    #expect(third == Submission(id: first.id, state: .completed, isDuplicate: true, conflict: .kept))
    test.clock.advance(by: .seconds(60))
    #expect(try await !submit(throttle).isDuplicate)
  }

  @Test func `waits for its place where that is wanted`() async throws {
    let throttle = Throttle.by("c", per: .seconds(60), excess: .later)
    for _ in 0..<3 { #expect(try await !submit(throttle).isDuplicate) }
    #expect(try await test.runUntilIdle() == 1)
    for _ in 0..<2 {
      test.clock.advance(by: .seconds(60))
      #expect(try await test.runUntilIdle() == 1)
    }
  }

  @Test func `that was left out is answered the same when it is sent again`() async throws {
    let throttle = Throttle.by("c", per: .seconds(60))
    let first = try await submit(throttle)
    #expect(try await submit(throttle, idempotencyKey: "a").id == first.id)
    test.clock.advance(by: .seconds(60))
    let again = try await submit(throttle, idempotencyKey: "a")
    #expect(again.id == first.id && again.conflict == nil)
  }

  @Test func `counts within its organization only`() async throws {
    var ids: Set<JobID> = []
    for organization in [nil, "a", "a/b", "b"] as [String?] {
      var options = JobOptions()
      options.organization = organization
      options.throttle = .by("b/c", per: .seconds(60))
      ids.insert(try await engine.enqueue(Sync(company: 1, revision: 1), options))
    }
    #expect(ids.count == 4)
  }
}

@Suite struct `Keys` {
  private static let contradictions: [(pointer: String, part: String, change: @Sendable (inout JobOptions) -> Void)] = [
    (
      "#/debounce", "`unique` both say",
      {
        $0.unique = .by("k"); $0.debounce = .by("k", quiet: .seconds(1))
      }
    ),
    (
      "#/throttle", "`unique` both say",
      {
        $0.unique = .by("k"); $0.throttle = .by("k", per: .seconds(1))
      }
    ),
    (
      "#/throttle", "`debounce` both say",
      {
        $0.debounce = .byPayload(quiet: .seconds(1)); $0.throttle = .by("k", per: .seconds(1))
      }
    ),
    (
      "#/debounce", "says when the job is due",
      {
        $0.debounce = .by("k", quiet: .seconds(1)); $0.runAt = .in(.seconds(9))
      }
    ),
    (
      "#/throttle", "`excess: later` says when the job is due",
      {
        $0.throttle = .by("k", per: .seconds(1), excess: .later); $0.runAt = .in(.seconds(9))
      }
    ),
    (
      "#/debounce", "leave `dependsOn` out",
      {
        $0.debounce = .by("k", quiet: .seconds(1)); $0.dependsOn = [.job(JobID(rawValue: 1))]
      }
    ),
    ("#/debounce/key", "1 to 200 bytes; got 0", { $0.debounce = .by("", quiet: .seconds(1)) }),
    ("#/debounce/quiet", "longer than nothing", { $0.debounce = .by("k", quiet: .zero) }),
    ("#/debounce/quiet", "at most 366d", { $0.debounce = .by("k", quiet: .seconds(400 * 86_400)) }),
    (
      "#/debounce/atMost", "at least as long as `quiet`, 10s; got 5s",
      { $0.debounce = .by("k", quiet: .seconds(10), atMost: .seconds(5)) }
    ),
    (
      "#/throttle/key", "1 to 200 bytes; got 201",
      { $0.throttle = .by(String(repeating: "k", count: 201), per: .seconds(1)) }
    ),
    ("#/throttle/limit", "from 1 to 1000; got 0", { $0.throttle = .by("k", 0, per: .seconds(1)) }),
    ("#/throttle/limit", "from 1 to 1000; got 1001", { $0.throttle = .by("k", 1_001, per: .seconds(1)) }),
    ("#/throttle/per", "longer than nothing", { $0.throttle = .by("k", per: .zero) }),
  ]

  @Test(arguments: contradictions.indices)
  func `that cannot work are refused, and told where and why`(_ index: Int) async throws {
    let test = try await TestEngine.fresh()
    try await test.engine.register(Sync.self)
    let (pointer, part, change) = Self.contradictions[index]
    var options = JobOptions()
    change(&options)
    let error = await #expect(throws: SubmissionError.self) {
      try await test.engine.enqueue(Sync(company: 1, revision: 1), options)
    }
    #expect(error?.faults.contains { $0.pointer == pointer && $0.message.contains(part) } == true, "\(error!)")
  }
}
