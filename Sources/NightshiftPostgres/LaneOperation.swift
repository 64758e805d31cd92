import Nightshift

/// Something that runs in one transaction and is answered after its commit.
protocol LaneOperation: AnyObject {
  /// Until when it may be tried again after the connection was lost.
  var deadline: ContinuousClock.Instant { get }
  /// What stands behind `BEGIN`.
  var mode: String { get }
  /// Whether, after a commit whose answer was lost, PostgreSQL is asked what became of it. Where not, doing the same
  /// again is harmless, and finds out.
  var resolvesCommit: Bool { get }
  /// What it was made of, if it was made of several.
  var parts: [any LaneOperation] { get }
  func run(_ session: PostgresSession) throws(StoreError)
  func succeed()
  func fail(_ error: StoreError)
}

extension LaneOperation {
  var isReadOnly: Bool { mode.contains("READ ONLY") }
}

/// One operation and who waits for it.
final class PendingWork<Value: Sendable>: LaneOperation {
  let deadline = ContinuousClock.now + PostgresLane.patience
  let mode: String
  let resolvesCommit: Bool
  private let answer: (Result<Value, StoreError>) -> Void
  private let body: (PostgresSession) throws(StoreError) -> Value
  private var value: Value?
  var parts: [any LaneOperation] { [] }

  init(
    mode: String = "", resolvesCommit: Bool, _ answer: @escaping (Result<Value, StoreError>) -> Void,
    _ body: @escaping (PostgresSession) throws(StoreError) -> Value
  ) {
    self.mode = mode
    self.resolvesCommit = resolvesCommit
    self.answer = answer
    self.body = body
  }

  func run(_ session: PostgresSession) throws(StoreError) { value = try body(session) }
  func succeed() { answer(.success(value!)) }
  func fail(_ error: StoreError) { answer(.failure(error)) }
}

/// Jobs that one caller wants to add.
final class PendingInsert: LaneOperation {
  /// Jobs in one transaction, so that a burst does not make the first of it wait for the last.
  private static let mergeLimit = 2_000

  let deadline = ContinuousClock.now + PostgresLane.patience
  let mode = ""
  // The ids are the caller's: inserting again what is there already tells that it is.
  let resolvesCommit = false
  private let jobs: [NewJob]
  private let now: Timestamp
  private let answer: (Result<[InsertOutcome], StoreError>) -> Void
  private var inserts: [PendingInsert] = []
  private var outcomes: [InsertOutcome] = []
  private var tries = 0
  var parts: [any LaneOperation] { inserts }

  init(_ jobs: [NewJob], now: Timestamp, _ answer: @escaping (Result<[InsertOutcome], StoreError>) -> Void) {
    self.jobs = jobs
    self.now = now
    self.answer = answer
  }

  private convenience init(_ parts: [PendingInsert]) {
    self.init(parts.flatMap(\.jobs), now: parts.map(\.now).max()!) { _ in }
    inserts = parts
  }

  /// Makes few of many: each is one transaction.
  static func merged(_ operations: [any LaneOperation]) -> [any LaneOperation] {
    var merged: [any LaneOperation] = []
    var batch: [PendingInsert] = []
    var count = 0
    func close() {
      if batch.count > 1 { merged.append(PendingInsert(batch)) } else { merged += batch }
      (batch, count) = ([], 0)
    }
    for case let insert as PendingInsert in operations {
      if count + insert.jobs.count > mergeLimit { close() }
      batch.append(insert)
      count += insert.jobs.count
    }
    close()
    return merged
  }

  func run(_ session: PostgresSession) throws(StoreError) {
    tries += 1
    outcomes = try session.insert(jobs, now: now)
    guard tries > 1 else { return }
    for (index, job) in jobs.enumerated() where outcomes[index] == .duplicate(of: job.id) {
      outcomes[index] = .inserted(job.firstState(now: now))
    }
  }

  func succeed() {
    guard !inserts.isEmpty else { return answer(.success(outcomes)) }
    var start = 0
    for part in inserts {
      part.answer(.success(Array(outcomes[start..<start + part.jobs.count])))
      start += part.jobs.count
    }
  }

  func fail(_ error: StoreError) {
    guard !inserts.isEmpty else { return answer(.failure(error)) }
    for part in inserts { part.fail(error) }
  }
}
