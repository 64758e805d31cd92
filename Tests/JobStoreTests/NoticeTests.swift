import Dispatch
import Nightshift
import Synchronization
import Testing

/// The notices of a store, to be awaited.
private func notices(of store: any Store) -> AsyncStream<CommitNotice> {
  let (stream, continuation) = AsyncStream.makeStream(of: CommitNotice.self)
  store.observeCommits { continuation.yield($0) }
  return stream
}

@Suite struct `Every job store tells, after a commit,` {
  @Test(arguments: StoreUnderTest.allCases)
  func `which queues have work and what is due next`(_ database: StoreUnderTest) async throws {
    let test = try database.make()
    var notices = notices(of: test).makeAsyncIterator()
    _ = try await test.insert(
      [
        NewJob(1, queue: "a"), NewJob(2, queue: "b"), NewJob(3, queue: "c", runAt: noon + .seconds(9)),
        NewJob(4, queue: "c", runAt: noon + .seconds(8)),
      ], now: noon)
    let notice = try #require(await notices.next())
    #expect(notice.readyQueues == ["a", "b"])
    #expect(notice.nextDue == noon + .seconds(8))
    #expect(notice.transitions.isEmpty && notice.cancelRequests.isEmpty && !notice.foreignChange)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `which running jobs are to be cancelled`(_ database: StoreUnderTest) async throws {
    let test = try database.make()
    let worker = try await test.addWorker()
    try await test.insert(NewJob(1))
    _ = try await test.claim(by: worker)
    var notices = notices(of: test).makeAsyncIterator()
    _ = try await test.change(.cancel(reason: "r"), 1)
    #expect(await notices.next()?.cancelRequests == [1])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `each transition with its version, when somebody here listens`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let worker = try await store.addWorker()
    var notices = notices(of: store).makeAsyncIterator()
    store.reportTransitions(to: Audience(here: true))
    try await store.insert(NewJob(1))
    let job = try await store.claim(by: worker)[0]
    try await store.settle(job, by: worker, .runAgain(at: noon, .shutdown))
    _ = try await store.promote(now: noon, limit: 1)
    let again = try await store.claim(by: worker)[0]
    _ = try await store.change(.cancel(reason: "r"), 1)
    try await store.settle(again, by: worker, .cancelled(reason: "r"))
    var transitions: [Transition] = []
    while transitions.last?.state != .cancelled, let notice = await notices.next() {
      transitions += notice.transitions
    }
    #expect(
      transitions.map(\.state) == [.ready, .running, .scheduled, .ready, .running, .running, .cancelled])
    #expect(transitions.map(\.version) == [1, 2, 3, 4, 5, 6, 7])
    #expect(transitions.map(\.attempt) == [0, 1, 1, 1, 2, 2, 2])
    #expect(
      transitions.allSatisfy { $0.job == 1 && $0.kind == "work" && $0.queue == "default" && $0.at == noon })
    #expect(try await store.count("events") == 0)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `nothing of transitions while nobody listens`(_ database: StoreUnderTest) async throws {
    let test = try database.make()
    var notices = notices(of: test).makeAsyncIterator()
    try await test.insert(NewJob(1))
    #expect(await notices.next()?.transitions.isEmpty == true)
    #expect(try await test.count("events") == 0)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `other processes its transitions, when they listen`(_ database: StoreUnderTest) async throws {
    let test = try database.make()
    test.reportTransitions(to: Audience(elsewhere: WorkerID(rawValue: 77)))
    _ = try await test.insert([NewJob(1), NewJob(2)], now: noon)
    #expect(try await test.column("SELECT job FROM nightshift_events ORDER BY id") == ["1", "2"])
    #expect(try await test.column("SELECT DISTINCT writer FROM nightshift_events") == ["77"])
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `that another process has written, and never that itself has`(_ database: StoreUnderTest) async throws {
    let test = try database.make()
    let other = try test.another()
    let (mine, theirs) = (notices(of: test), notices(of: other))
    try await other.insert(NewJob(1, queue: "elsewhere"))
    for await notice in mine where notice.tells("elsewhere") { break }
    // What `other` hears first is its own commit; a foreign one only after ours.
    var iterator = theirs.makeAsyncIterator()
    #expect(await iterator.next()?.foreignChange == false)
    try await test.insert(NewJob(2))
    while let notice = await iterator.next(), !notice.tells("default") {
      #expect(notice.readyQueues == ["elsewhere"])
    }
    await other.close()
  }

  @Test(.timeLimit(.minutes(5)), arguments: StoreUnderTest.allCases)
  func `nobody to wait for ever: two processes write at the same time`(_ database: StoreUnderTest)
    async throws
  {
    let test = try database.make()
    let other = try test.another()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (number, store) in [test, other].enumerated() {
        for id in Int64(0)..<200 {
          group.addTask { try await store.insert(NewJob(Int64(number) * 1_000 + id + 1)) }
        }
      }
      try await group.waitForAll()
    }
    #expect(try await test.counters().kept == ["default/0": 400])
    await other.close()
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `come after each commit, however many there have been`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let notices = Mutex(0)
    store.observeCommits { _ in notices.withLock { $0 += 1 } }
    // Each was once one call deeper than the one before, until the stack ran over.
    for number in Int64(1)...12_000 { try await store.insert(NewJob(number)) }
    #expect(notices.withLock { $0 } >= 12_000)
  }
}

extension CommitNotice {
  /// Whether it leads whoever hears it to the jobs in a queue: by naming it, or by saying that anything may have changed.
  fileprivate func tells(_ queue: String) -> Bool { foreignChange || readyQueues.contains(queue) }
}

@Suite struct `Whoever waits for the writes under way` {
  @Test(arguments: StoreUnderTest.allCases)
  func `goes on when they are over, on whatever connection they are`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let (order, note) = AsyncStream.makeStream(of: String.self)
    let (begun, hasBegun) = AsyncStream.makeStream(of: Void.self)
    let mayEnd = DispatchSemaphore(value: 0)
    let write = Task {
      try await store.write { _ in
        hasBegun.yield()
        mayEnd.wait()
        note.yield("written")
      }
    }
    for await _ in begun { break }
    let wait = Task {
      await store.waitForWritesUnderWay()
      note.yield("waited")
    }
    // Time enough for a wait that does not wait.
    for _ in 0..<10 { _ = try await store.read { try $0.query("SELECT 1") } }
    mayEnd.signal()
    try await write.value
    await wait.value
    note.finish()
    #expect(await order.reduce(into: []) { $0.append($1) } == ["written", "waited"])
    // Nothing is under way: this returns.
    await store.waitForWritesUnderWay()
  }
}
