import Logging
import Synchronization

/// Collects what handlers say of themselves (progress, log lines, events of their own), hands it to listeners at once,
/// and stores it in batches.
final class Journal: Sendable {
  /// Lines that one attempt may have waiting; what comes faster is dropped, and that is said.
  static let backlogLimit = 10_000
  /// Lines that are kept of a job.
  static let keptLines: Int64 = 10_000
  private static let flushInterval: Duration = .milliseconds(100)
  /// Lines that are stored in one transaction, so that nobody waits long behind a job that talks much.
  private static let linesAtATime = 500

  private struct Attempt {
    var context: JobContext
    var nextLine: Int64
    var lines: [LogLine] = []
    var dropped = 0
    var progress: ProgressRecord?

    init(_ context: JobContext, nextLine: Int64? = nil) {
      self.context = context
      // The attempt is in the upper half, so that lines of a later attempt come after those of an earlier one.
      self.nextLine = nextLine ?? Int64(context.attempt) << 32 | 1
    }

    var hasNews: Bool { !lines.isEmpty || progress != nil || dropped > 0 }
  }

  private struct State {
    var attempts: [JobID: Attempt] = [:]
    var isFlushScheduled = false
  }

  private unowned let engine: Engine  // which owns this object
  private let state = Mutex(State())
  /// Whether anything was ever said: spares silent jobs the look-up.
  private let used = Atomic(false)

  init(engine: Engine) { self.engine = engine }

  func progress(_ context: JobContext, fraction: Double, message: String?) {
    let fraction = fraction.isFinite ? min(max(fraction, 0), 1) : 0
    let now = engine.clock.now
    let message = message.map { context.masks.apply($0).truncatedUTF8(to: 1 << 10) }
    change(context) {
      $0.progress = ProgressRecord(attempt: context.attempt, fraction: fraction, message: message, at: now)
    }
    publish(context, now, .progress(fraction: fraction, message: message))
  }

  func log(_ context: JobContext, message: String, level: String) {
    guard let line = add(context, level, { context.masks.apply(message).truncatedUTF8(to: 8 << 10) }) else { return }
    publish(context, line.at, .log(sequence: line.sequence, level: level, message: line.message))
  }

  func emit(_ context: JobContext, name: String, data: JSONValue) {
    let data = context.masks.apply(data)
    let entry = JSONValue.object(["name": .string(name), "data": data]).description
    guard let line = add(context, "event", { entry.truncatedUTF8(to: 64 << 10) }) else { return }
    publish(context, line.at, .custom(name: name, data: data))
  }

  /// - Parameter message: Asked for unless the line is dropped: whoever says too much must not cost much.
  private func add(_ context: JobContext, _ level: String, _ message: () -> String) -> LogLine? {
    let now = engine.clock.now
    return change(context) { attempt in
      guard attempt.lines.count < Self.backlogLimit else {
        attempt.dropped += 1
        return nil
      }
      let line = LogLine(
        sequence: attempt.nextLine, attempt: context.attempt, at: now, level: level, message: message())
      attempt.nextLine += 1
      attempt.lines.append(line)
      return line
    }
  }

  private func change<Value>(_ context: JobContext, _ body: (inout Attempt) -> Value) -> Value {
    used.store(true, ordering: .relaxed)
    let (value, mustSchedule) = state.withLock { state in
      let former = state.attempts[context.id]?.context
      guard former == nil || former === context || former!.attempt < context.attempt else {
        // A handler that lost its lease and has not noticed: its attempt is over, and nobody keeps what it says.
        var stale = Attempt(context)
        return (body(&stale), false)
      }
      if former !== context { state.attempts[context.id] = Attempt(context) }
      // Where it is: with thousands of lines in it a copy would take longer than everything else here.
      let value = body(&state.attempts[context.id]!)
      defer { state.isFlushScheduled = true }
      return (value, !state.isFlushScheduled)
    }
    if mustSchedule { scheduleFlush() }
    return value
  }

  private func publish(_ context: JobContext, _ now: Timestamp, _ body: Event.Body) {
    guard engine.events.isListened else { return }
    engine.events.publish([
      Event(
        job: context.id, kind: context.kind.rawValue, queue: context.queue.rawValue, attempt: context.attempt, at: now,
        body: body)
    ])
  }

  /// Ends by itself when there is nothing more to store; what is said later schedules the next. One at a time, so that no
  /// more waits for the store than the bound of each attempt.
  private func scheduleFlush() {
    Task {
      var mustGoOn = true
      while mustGoOn {
        // Not cancelled by anybody.
        try? await engine.clock.sleep(for: Self.flushInterval)
        await flush(nil)
        mustGoOn = state.withLock { state in
          state.isFlushScheduled = state.attempts.values.contains(where: \.hasNews)
          return state.isFlushScheduled
        }
      }
    }
  }

  var isUsed: Bool { used.load(ordering: .relaxed) }

  /// Stores what an attempt has said, so that it is there before its end is.
  func finish(_ context: JobContext) async {
    await flush(context.id)
    // While the store is away the attempt's end cannot be recorded either: both wait, for as long as a settlement does.
    var tries = 0
    while hasUnstored(context), tries < 60, !engine.isClosing {
      tries += 1
      // Cancelled with the attempt: then it is tried once more at once, and that is all.
      guard (try? await engine.clock.sleep(for: .seconds(1))) != nil else { break }
      await flush(context.id)
    }
    state.withLock { state in
      if state.attempts[context.id]?.context === context { state.attempts[context.id] = nil }
    }
  }

  private func hasUnstored(_ context: JobContext) -> Bool {
    state.withLock { state in
      guard let attempt = state.attempts[context.id], attempt.context === context else { return false }
      return !attempt.lines.isEmpty
    }
  }

  func flushAll() async { await flush(nil) }

  private func flush(_ job: JobID?) async {
    let attempts = state.withLock { state in
      let jobs = job.map { [$0] } ?? Array(state.attempts.keys)
      return jobs.compactMap { take($0, &state) }
    }
    let batches = Self.batches(of: attempts)
    for (index, batch) in batches.enumerated() {
      guard await store(batch) else { return putBack(Array(batches[index...].joined())) }
    }
  }

  /// `false` if it is worth trying again.
  private func store(_ batch: [Attempt]) async -> Bool {
    do {
      try await engine.store.write { transaction in
        for attempt in batch { try Self.store(attempt, transaction) }
      }
    } catch let error as StoreError where error.code == .unavailable || error.code == .overloaded {
      engine.logger.warning("log lines of jobs could not be stored; trying again", metadata: ["error": "\(error)"])
      return false
    } catch {
      engine.logger.warning("log lines of jobs could not be stored and are lost", metadata: ["error": "\(error)"])
    }
    return true
  }

  /// What goes into one transaction each: in order, with no more lines than a transaction is to have.
  private static func batches(of attempts: [Attempt]) -> [[Attempt]] {
    var batches: [[Attempt]] = [[]]
    var room = linesAtATime
    for attempt in attempts {
      var rest = attempt.lines[...]
      repeat {
        if room == 0 {
          batches.append([])
          room = linesAtATime
        }
        var part = Attempt(attempt.context)
        part.lines = Array(rest.prefix(room))
        rest = rest.dropFirst(room)
        room -= part.lines.count
        if rest.isEmpty { part.progress = attempt.progress }
        batches[batches.count - 1].append(part)
      } while !rest.isEmpty
    }
    return batches.filter { !$0.isEmpty }
  }

  /// Keeps for the next flush what could not be stored: in front of what was said since, and within the same bound.
  private func putBack(_ batches: [Attempt]) {
    let mustSchedule = state.withLock { state in
      // The last first, each in front of what came after it.
      for batch in batches.reversed() {
        guard var attempt = state.attempts[batch.context.id], attempt.context === batch.context else { continue }
        let kept = batch.lines.prefix(max(0, Self.backlogLimit - attempt.lines.count))
        attempt.lines = kept + attempt.lines
        attempt.dropped += batch.lines.count - kept.count
        attempt.progress = attempt.progress ?? batch.progress
        state.attempts[batch.context.id] = attempt
      }
      defer { state.isFlushScheduled = true }
      return !state.isFlushScheduled
    }
    if mustSchedule { scheduleFlush() }
  }

  private func take(_ job: JobID, _ state: inout State) -> Attempt? {
    guard var attempt = state.attempts[job] else { return nil }
    guard attempt.hasNews else { return nil }
    if attempt.dropped > 0 {
      let notice = "\(attempt.dropped) lines were dropped: they came faster than they could be stored"
      attempt.lines.append(
        LogLine(
          sequence: attempt.nextLine, attempt: attempt.context.attempt, at: engine.clock.now, level: "warning",
          message: notice))
      attempt.nextLine += 1
    }
    state.attempts[job] = Attempt(attempt.context, nextLine: attempt.nextLine)
    return attempt
  }

  private static func store(_ batch: Attempt, _ transaction: any WriteTransaction) throws(StoreError) {
    let context = batch.context
    // The fence: nothing is written about an attempt that another has taken over from.
    let current = try transaction.query(
      "SELECT 1 FROM nightshift_jobs WHERE id = ? AND state = 1 AND attempt = ? AND worker = ?",
      [SQLValue(context.id), SQLValue(context.attempt), .integer(context.worker.rawValue)])
    guard !current.isEmpty else { return }
    try insert(batch.lines, of: context.id, transaction)
    if let last = batch.lines.last, last.attempt > 1 || last.sequence & 0xffff_ffff > keptLines {
      // Counted and not calculated: the newest lines may be of several attempts.
      try transaction.execute(
        """
        DELETE FROM nightshift_logs WHERE job = ? AND seq <= (
          SELECT seq FROM nightshift_logs WHERE job = ? ORDER BY seq DESC LIMIT 1 OFFSET \(keptLines))
        """, [SQLValue(context.id), SQLValue(context.id)])
    }
    if let progress = batch.progress {
      try transaction.execute(
        """
        INSERT INTO nightshift_progress(job, attempt, millionths, message, at) VALUES(?, ?, ?, ?, ?)
        ON CONFLICT(job) DO UPDATE SET
          attempt = excluded.attempt, millionths = excluded.millionths, message = excluded.message, at = excluded.at
        """,
        [
          SQLValue(context.id), SQLValue(progress.attempt), SQLValue(Int(progress.fraction * 1_000_000)),
          SQLValue(progress.message), SQLValue(progress.at),
        ])
    }
  }

  /// Many rows in one statement: on PostgreSQL each is a way to the server and back.
  private static func insert(
    _ lines: [LogLine], of job: JobID, _ transaction: any WriteTransaction
  ) throws(StoreError) {
    var rest = lines[...]
    // A few sizes and not each one, so that the same statements come again.
    for size in [50, 10, 1] {
      let rows = Array(repeating: "(?, ?, ?, ?, ?, ?)", count: size).joined(separator: ", ")
      while rest.count >= size {
        try transaction.execute(
          """
          INSERT INTO nightshift_logs(job, seq, attempt, at, level, message) VALUES\(rows)
          ON CONFLICT(job, seq) DO NOTHING
          """,
          rest.prefix(size).flatMap { line in
            [
              SQLValue(job), .integer(line.sequence), SQLValue(line.attempt), SQLValue(line.at), .text(line.level),
              .text(line.message),
            ]
          })
        rest = rest.dropFirst(size)
      }
    }
  }
}
