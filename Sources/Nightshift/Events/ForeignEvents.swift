import Logging
import Synchronization

/// Brings subscribers what happens in other processes on the same store.
///
/// A process with subscribers says so in the settings; the others then write their transitions down, and this one reads
/// them whenever the store tells that somebody else has committed. Nothing is written while nobody listens.
final class ForeignEvents: Sendable {
  static let setting = "events_wanted_until"
  private static let term: Duration = .seconds(60)

  fileprivate struct State {
    var isWanted = false
    var renewAt = Timestamp(microseconds: 0)
    var audience = Audience()
    /// Ends when every transaction tells of its transitions, also those that were under way when subscribers came.
    var isHeard: Task<Void, Never>?
    var lastEvent: Int64?
    /// Ids below it that were not there yet, and since when: of transactions that may still commit.
    var gaps: [Int64: Int64] = [:]
    /// The newest log line and progress of each followed job that subscribers have got.
    var followed: [JobID: (line: Int64, progressAt: Int64)] = [:]
    /// The newest version of each followed job that subscribers have got.
    var delivered: [JobID: Int64] = [:]
  }

  private unowned let engine: Engine  // which owns this object
  private let state = Mutex(State())

  init(engine: Engine) { self.engine = engine }

  /// Who is told of this process's transitions.
  var audience: Audience { state.withLock { $0.audience } }

  /// Whether a job's journal is read for subscribers.
  func follows(_ job: JobID) -> Bool { state.withLock { $0.followed[job] != nil } }

  /// Somebody in this process listens from now on, or nobody does any more.
  func audienceChanged() {
    let store = engine.store
    // The store is told under the lock: of two changes at a time the one that comes last holds.
    let hasCome = state.withLock { state in
      let isWanted = engine.events.hasAudience
      guard isWanted != state.isWanted else { return false }
      state.isWanted = isWanted
      state.audience.here = isWanted
      store.reportTransitions(to: state.audience)
      if !isWanted { (state.lastEvent, state.followed, state.delivered) = (nil, [:], [:]) }
      // Ends by itself.
      state.isHeard = isWanted ? Task { await store.waitForWritesUnderWay() } : nil
      return isWanted
    }
    guard hasCome else { return }
    // Ends by itself after one write.
    Task {
      await renew()
      engine.housekeeper.foreignChange.signal()
    }
  }

  /// Returns when every transaction that is yet to end tells this process's subscribers of its transitions.
  func waitUntilHeard() async {
    // Another subscriber may have come first and not have got to it yet.
    audienceChanged()
    await state.withLock { $0.isHeard }?.value
  }

  /// Says to the others that this process listens, for another minute.
  private func renew() async {
    let until = engine.clock.now + Self.term
    state.withLock { $0.renewAt = engine.clock.now + Self.term / 2 }
    do {
      let last = try await engine.store.write { transaction in
        try transaction.execute(
          """
          INSERT INTO nightshift_settings(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value
          """, [.text(Self.setting), .text(String(until.microseconds))])
        return try transaction.query("SELECT coalesce(max(id), 0) FROM nightshift_events").first?.integer(0) ?? 0
      }
      state.withLock { $0.lastEvent = $0.lastEvent ?? last }
    } catch {
      engine.logger.warning("other processes could not be asked for their events", metadata: ["error": "\(error)"])
    }
  }

  /// Tells the others of what somebody has done through this process, if any of them listens.
  func tell(_ event: Event) async {
    guard let me = audience.elsewhere, let body = event.body.stored else { return }
    do {
      _ = try await engine.store.write { transaction in
        guard try transaction.session.hasTaken(Migration.eventBodies.step) else { return 0 }
        return try transaction.execute(
          """
          INSERT INTO nightshift_events(job, version, state, kind, queue, attempt, at, writer, body)
          SELECT id, version, state, kind, queue, ?, ?, ?, ? FROM nightshift_jobs WHERE id = ?
          """,
          [
            SQLValue(event.attempt), SQLValue(event.at), .integer(me.rawValue), .text(body.description),
            SQLValue(event.job),
          ])
      }
    } catch {
      engine.logger.warning("other processes could not be told of an event", metadata: ["error": "\(error)"])
    }
  }

  /// Called when another process has committed.
  func read() async throws(StoreError) {
    try await noteListenersElsewhere()
    let (isWanted, mustRenew) = state.withLock { ($0.isWanted, $0.renewAt < engine.clock.now) }
    guard isWanted else { return }
    if mustRenew { await renew() }
    try await readTransitions()
    let jobs = engine.events.followedJobs
    state.withLock { state in
      state.followed = state.followed.filter { jobs.contains($0.key) }
      state.delivered = state.delivered.filter { jobs.contains($0.key) }
    }
    for job in jobs { try await readJournal(of: job) }
  }

  private func noteListenersElsewhere() async throws(StoreError) {
    let row = try await engine.store.read { transaction in
      try transaction.query("SELECT value FROM nightshift_settings WHERE name = ?", [.text(Self.setting)]).first
    }
    let until = row?.text(0).flatMap(Int64.init) ?? 0
    let me = engine.workerID
    let isWanted = until > engine.clock.now.microseconds
    state.withLock { state in
      guard (state.audience.elsewhere != nil) != isWanted else { return }
      state.audience.elsewhere = isWanted ? me : nil
      engine.store.reportTransitions(to: state.audience)
    }
  }

  private func readTransitions() async throws(StoreError) {
    guard let (last, gaps) = state.withLock({ state in state.lastEvent.map { ($0, state.gaps.keys.sorted()) } })
    else { return }
    let me = engine.workerID
    // No id is negative: an empty list would be no SQL.
    let list = ([-1] + gaps).map(String.init).joined(separator: ", ")
    let rows = try await engine.store.read { transaction in
      let body = try transaction.hasTables(of: Migration.eventBodies.step) ? "body" : "NULL"
      let columns = "id, job, version, state, kind, queue, attempt, at, writer, \(body)"
      let late = try transaction.query("SELECT \(columns) FROM nightshift_events WHERE id IN (\(list)) ORDER BY id")
      return late
        + (try transaction.query(
          "SELECT \(columns) FROM nightshift_events WHERE id > ? ORDER BY id LIMIT 5000", [.integer(last)]))
    }
    let jobs = engine.events.followedJobs
    let now = engine.clock.monotonic
    state.withLock { state in
      state.noteRead(rows.compactMap { $0.integer(0) }, at: now)
      for row in rows where row.text(9) == nil && jobs.contains(row.job(1)!) {
        state.delivered[row.job(1)!] = row.integer(2)!
      }
    }
    engine.events.publish(rows.filter { $0.integer(8) != me.rawValue }.compactMap(Self.event))
  }

  private static func event(_ row: SQLRow) -> Event? {
    let body: Event.Body?
    if let text = row.text(9) {
      // Written by one of us; what a newer one tells is passed over.
      body = (try? JSONValue(parsing: text.utf8)).flatMap { Event.Body(stored: $0) }
    } else {
      body = .state(JobState(code: row.integer(3)!) ?? .ready, version: row.integer(2)!)
    }
    return body.map { body in
      Event(
        job: row.job(1)!, kind: row.text(4)!, queue: row.text(5)!, attempt: Int(row.integer(6)!),
        at: row.timestamp(7)!, body: body)
    }
  }

  /// Log lines and progress of a job that somebody follows and that runs elsewhere.
  private func readJournal(of id: JobID) async throws(StoreError) {
    let seen = state.withLock { $0.followed[id] }
    guard let job = try await engine.job(id), job.summary.worker != engine.workerID else { return }
    let lines = try await engine.logs(of: id, after: seen?.line ?? 0, limit: 1_000)
    let progressAt = job.progress?.at.microseconds ?? 0
    state.withLock { $0.followed[id] = (lines.last?.sequence ?? seen?.line ?? 0, progressAt) }
    publishEnd(of: job.summary)
    // The first look is where the subscriber's snapshot was taken.
    guard let seen else { return }
    var bodies = lines.map { ($0.at, $0.eventBody) }
    if let progress = job.progress, progressAt > seen.progressAt {
      bodies.append((progress.at, .progress(fraction: progress.fraction, message: progress.message)))
    }
    let summary = job.summary
    engine.events.publish(
      bodies.map { at, body in
        Event(
          job: id, kind: summary.kind, queue: summary.queue, attempt: summary.attempt, at: at, body: body)
      })
  }

  /// A job may have ended in the moments before the other process knew that somebody listens, and then its transition
  /// was not written down. Nobody is to wait for it in vain.
  private func publishEnd(of job: JobSummary) {
    let isNew = state.withLock { state in
      guard job.state.isTerminal, state.delivered[job.id, default: 0] < job.version else { return false }
      state.delivered[job.id] = job.version
      return true
    }
    guard isNew else { return }
    engine.events.publish([
      Event(
        job: job.id, kind: job.kind, queue: job.queue, attempt: job.attempt, at: job.finishedAt ?? engine.clock.now,
        body: .state(job.state, version: job.version))
    ])
  }
}

extension ForeignEvents.State {
  /// Where several transactions write at a time, an id may become visible after a higher one. What is missing is looked
  /// for again, for as long as a transaction may take.
  private static let patience: Int64 = 30_000_000_000
  private static let gapLimit = 1_000

  fileprivate mutating func noteRead(_ ids: [Int64], at now: Int64) {
    for id in ids {
      gaps[id] = nil
      guard let last = lastEvent, id > last else { continue }
      for missing in ((last + 1)..<id).prefix(max(0, Self.gapLimit - gaps.count)) { gaps[missing] = now }
      lastEvent = id
    }
    gaps = gaps.filter { now - $0.value < Self.patience }
  }
}

extension LogLine {
  /// The line as subscribers receive it.
  package var eventBody: Event.Body {
    guard level == "event", let entry = try? JSONValue(parsing: message.utf8), let name = entry["name"]?.stringValue
    else { return .log(sequence: sequence, level: level, message: message) }
    return .custom(name: name, data: entry["data"] ?? .null)
  }
}

extension Engine {
  /// Cancels what people have cancelled through another process.
  func followForeignCancels() async throws(StoreError) {
    guard worker.heldCount > 0 else { return }
    let me = workerID
    let rows = try await store.read { transaction in
      try transaction.query(
        "SELECT id FROM nightshift_jobs WHERE state = 1 AND worker = ? AND cancel_requested_at IS NOT NULL",
        [.integer(me.rawValue)])
    }
    for row in rows { if let id = row.job(0) { worker.cancel(id) } }
  }
}
