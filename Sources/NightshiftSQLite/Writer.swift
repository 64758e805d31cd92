import CAllocator
import Foundation
import Nightshift
import Synchronization

/// The one thread that writes: it takes all writes that wait, runs them in one transaction, and answers them all after
/// one commit. While the disk syncs one group, the next one gathers, so nobody waits for an artificial delay.
final class Writer: Sendable {
  /// Writes that may wait before new ones are refused.
  static let capacity = 50_000
  /// Writes in one transaction, so that a burst does not make the first of it wait for the last.
  static let groupLimit = 2_000
  /// How often, in milliseconds, a writer without work looks whether another process has committed. It reads shared
  /// memory, not the disk; still, the looks are most of what an idle process does, so they become rarer after a while.
  static let changeCheck = (soon: 25, later: 100, laterAfter: 80)

  let mailbox = Mailbox<any WriteOperation>(capacity: capacity)
  private let observer = Mutex<Observer?>(nil)
  private let audience = Mutex(Audience())
  private let gates = Mutex(GateSet.none)

  /// A closure on its own inside a `Mutex` is wrapped once more at each access, since the lock's contents are generic:
  /// after some ten thousand commits the call went so deep that the stack ran over.
  private struct Observer {
    var tell: @Sendable (CommitNotice) -> Void
  }
  private let thread = Mutex<ServingThread?>(nil)

  func observe(_ observer: @escaping @Sendable (CommitNotice) -> Void) {
    self.observer.withLock { $0 = Observer(tell: observer) }
  }

  func report(to audience: Audience) { self.audience.withLock { $0 = audience } }

  func apply(_ gates: GateSet) { self.gates.withLock { $0 = gates } }

  /// Hands in a write and returns when it is durable.
  func submit<Value: Sendable>(
    _ body: @escaping (WriterSession) throws(StoreError) -> Value
  ) async throws(StoreError) -> Value {
    let result = await withUnsafeContinuation { (continuation: UnsafeContinuation<Result<Value, StoreError>, Never>) in
      submit({ continuation.resume(returning: $0) }, body)
    }
    return try result.get()
  }

  /// Hands in jobs and returns when they are durable.
  func insert(_ jobs: [NewJob], now: Timestamp) async throws(StoreError) -> [InsertOutcome] {
    let result = await withUnsafeContinuation { (answer: PendingInsert.Answer) in
      hand(in: PendingInsert(jobs, now: now, answer))
    }
    return try result.get()
  }

  /// As the other `submit`, with the answer on the writer's thread.
  func submit<Value: Sendable>(
    _ answer: @escaping @Sendable (Result<Value, StoreError>) -> Void,
    _ body: @escaping (WriterSession) throws(StoreError) -> Value
  ) {
    hand(in: PendingWrite(answer, body))
  }

  private func hand(in operation: any WriteOperation) {
    if !mailbox.put(operation) { operation.fail(mailbox.isOpen ? .overloaded : .closed) }
  }

  /// Starts the thread, which owns the connection from here on.
  func start(_ session: sending WriterSession, _ turn: sending TurnLock) {
    let handover = Handover((session, turn))
    let thread = ServingThread(name: "nightshift-writer") {
      handover.take()
    } serve: { [self] owned in
      serve(owned.0, owned.1)
    }
    self.thread.withLock { $0 = thread }
  }

  /// Returns when everything handed in is on disk and the connection is closed.
  func stop() async {
    mailbox.close()
    await thread.withLock { $0 }?.waitForEnd()
  }

  private func serve(_ session: WriterSession, _ turn: TurnLock) {
    var waiting: [any WriteOperation] = []
    var seen = (try? session.connection.dataVersion()) ?? 0
    var idleRounds = 0
    while true {
      let interval = idleRounds < Self.changeCheck.laterAfter ? Self.changeCheck.soon : Self.changeCheck.later
      switch mailbox.take(into: &waiting, waiting: interval) {
      case .closed: return
      case .timeout:
        idleRounds += 1
        // After some seconds without work the page cache is given back.
        if idleRounds == Self.changeCheck.laterAfter {
          session.connection.releaseMemory()
          // And what a burst has freed: the library keeps it otherwise, for ever.
          nightshift_allocator_give_back()
        }
      case .items:
        idleRounds = 0
        var rest = waiting[...]
        while !rest.isEmpty {
          commit(rest.prefix(Self.groupLimit), session, turn)
          rest = rest.dropFirst(Self.groupLimit)
        }
        waiting.removeAll(keepingCapacity: true)
      }
      if noticeForeignChange(session, &seen) { idleRounds = 0 }
    }
  }

  private func noticeForeignChange(_ session: WriterSession, _ seen: inout Int64) -> Bool {
    // A failed look is no failure of a write: the next round looks again.
    guard let version = try? session.connection.dataVersion(), version != seen else { return false }
    seen = version
    session.forget()
    var notice = CommitNotice()
    notice.foreignChange = true
    tell(notice)
    return true
  }

  private func tell(_ notice: CommitNotice) {
    guard !notice.isEmpty, let observer = observer.withLock({ $0 }) else { return }
    observer.tell(notice)
  }

  private func commit(_ group: ArraySlice<any WriteOperation>, _ session: WriterSession, _ turn: TurnLock) {
    do {
      try transact(group, session, turn)
    } catch  where group.count > 1 && error.concernsOneWrite {
      // One bad write must not take the others down: once more, each in a transaction of its own.
      for operation in group { commit([operation][...], session, turn) }
    } catch {
      for operation in group { operation.fail(error) }
    }
  }

  private func transact(
    _ group: ArraySlice<any WriteOperation>, _ session: WriterSession, _ turn: TurnLock
  ) throws(StoreError) {
    turn.take()
    defer { turn.leave() }
    session.begin(gates.withLock { $0 })
    let audience = audience.withLock { $0 }
    session.tally.collectsTransitions = audience.here || audience.elsewhere != nil
    try session.connection.execute("BEGIN IMMEDIATE")
    do throws(StoreError) {
      for operation in group { try operation.run(session) }
      try session.finish()
      try session.writeTurns()
      try session.tally.write(to: session.connection)
      if let name = audience.elsewhere { try session.tally.writeTransitions(as: name, to: session.connection) }
      try session.connection.execute("COMMIT")
    } catch {
      // SQLite may have rolled back by itself (a full disk); then this one has nothing to do and fails.
      try? session.connection.execute("ROLLBACK")
      session.forget()
      throw error
    }
    // First, so that nobody hears what a job says before hearing that it runs.
    tell(session.tally.notice)
    for operation in group { operation.succeed() }
  }
}

/// One write that waits for its commit.
protocol WriteOperation: AnyObject {
  func run(_ session: WriterSession) throws(StoreError)
  func succeed()
  func fail(_ error: StoreError)
}

/// Jobs on their way in. The most frequent write has a class of its own: no closures to make, and no types to look up
/// while it runs.
final class PendingInsert: WriteOperation {
  typealias Answer = UnsafeContinuation<Result<[InsertOutcome], StoreError>, Never>

  private let jobs: [NewJob]
  private let now: Timestamp
  private let answer: Answer
  private var outcomes: [InsertOutcome] = []

  init(_ jobs: [NewJob], now: Timestamp, _ answer: Answer) {
    self.jobs = jobs
    self.now = now
    self.answer = answer
  }

  func run(_ session: WriterSession) throws(StoreError) { outcomes = try session.insert(jobs, now: now) }
  func succeed() { answer.resume(returning: .success(outcomes)) }
  func fail(_ error: StoreError) { answer.resume(returning: .failure(error)) }
}

final class PendingWrite<Value: Sendable>: WriteOperation {
  private let answer: @Sendable (Result<Value, StoreError>) -> Void
  private let body: (WriterSession) throws(StoreError) -> Value
  private var value: Value?

  init(
    _ answer: @escaping @Sendable (Result<Value, StoreError>) -> Void,
    _ body: @escaping (WriterSession) throws(StoreError) -> Value
  ) {
    self.answer = answer
    self.body = body
  }

  func run(_ session: WriterSession) throws(StoreError) { value = try body(session) }
  func succeed() { answer(.success(value!)) }
  func fail(_ error: StoreError) { answer(.failure(error)) }
}

extension StoreError {
  static let overloaded = StoreError(
    .overloaded, "\(Writer.capacity) writes are waiting for the disk. Nothing was written; try again in a moment.")
  static let closed = StoreError(.unavailable, "The store was closed. Nothing was written.")

  /// Whether the fault lies with one write, so that the others of its group can succeed without it.
  fileprivate var concernsOneWrite: Bool { ![.full, .readOnly, .unavailable].contains(code) }
}
