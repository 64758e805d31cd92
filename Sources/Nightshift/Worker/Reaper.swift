import Logging
import Synchronization

/// Takes back the jobs of workers that are gone: at once where this machine can see that the process is dead, else when
/// the worker's beat has stood still for the length of a lease, measured by our own clock.
final class Reaper: Sendable {
  private struct Seen {
    var beat: Int64
    var since: Int64
  }

  private struct Row {
    var worker: WorkerID
    var beat: Int64
    var identity: ProcessIdentity
    var recorder: String?
    var holdsJobs: Bool
  }

  private unowned let engine: Engine  // which owns this object
  private let seen = Mutex<[WorkerID: Seen]>([:])
  /// When the beats were last read.
  private let lastReading = Mutex<Int64>(0)
  private let lastLeaseCheck = Mutex<Int64>(0)
  private let others = Mutex<[Row]>([])
  private let mayHaveOthers = Atomic(true)

  init(engine: Engine) { self.engine = engine }

  /// Says that another process has written, so that there is one.
  func noticeOthers() { mayHaveOthers.store(true, ordering: .relaxed) }

  /// One look around, each second. Asks the store only where it may have something to tell.
  func look() async {
    do {
      try await reapTheDead(others.withLock { $0 })
      guard isTimeToRead() else { return }
      let rows = try await readOthers()
      try await reapTheDead(rows)
      try await reapTheSilent(rows)
    } catch {
      engine.logger.warning("lost workers could not be looked for", metadata: ["error": "\(error)"])
    }
  }

  /// At once after another process has written, else a few times in each lease while there are others.
  private func isTimeToRead() -> Bool {
    let now = engine.clock.monotonic
    let isNews = mayHaveOthers.exchange(false, ordering: .relaxed)
    let sinceLast = Duration.nanoseconds(now - lastLeaseCheck.withLock { $0 })
    let isDue = sinceLast >= engine.configuration.leaseDuration / 5 && !others.withLock { $0.isEmpty }
    guard isNews || isDue else { return false }
    lastLeaseCheck.withLock { $0 = now }
    return true
  }

  func reapDeadProcesses() async throws { try await reapTheDead(try await readOthers()) }

  private func readOthers() async throws(StoreError) -> [Row] {
    let me = engine.workerID
    let rows = try await engine.store.read { transaction in
      try transaction.query(
        """
        SELECT w.id, w.beat, w.host, w.boot, w.pid_namespace, w.pid, w.process_start, w.recorder,
          EXISTS(SELECT 1 FROM nightshift_jobs j WHERE j.state = 1 AND j.worker = w.id)
        FROM nightshift_workers w WHERE w.ended_at IS NULL AND w.id <> ?
        """, [.integer(me.rawValue)])
    }
    let others = rows.map { row in
      Row(
        worker: WorkerID(rawValue: row.integer(0)!), beat: row.integer(1)!,
        identity: ProcessIdentity(
          host: row.text(2)!, boot: row.text(3)!, pidNamespace: row.text(4)!, pid: Int(row.integer(5)!),
          start: Int(row.integer(6)!)),
        recorder: row.text(7), holdsJobs: row.integer(8) == 1)
    }
    self.others.withLock { $0 = others }
    return others
  }

  private func reapTheDead(_ rows: [Row]) async throws {
    for row in rows {
      switch engine.process.life(of: row.identity) {
      case .alive, .unknown: continue
      case .rebooted: try await reap(row, reason: "the machine was started anew", blamed: [])
      case .dead:
        let report = FlightReport.read(path: row.recorder)
        OrphanedChildren.end(of: row.worker)
        try await reap(row, reason: report.cause, blamed: report.blamed)
        // Only now: whoever else reaps the same worker must read the same.
        FlightReport.remove(path: row.recorder)
      }
    }
  }

  private func reap(_ row: Row, reason: String, blamed: Set<JobID>) async throws {
    let crashed = await engine.crashedJobs(blamed, of: row.worker)
    let count = try await engine.store.reclaim(
      Reclaim(worker: row.worker, now: engine.clock.now, reason: reason, crashed: blamed))
    others.withLock { $0.removeAll { $0.worker == row.worker } }
    guard count > 0 else { return }
    if !crashed.isEmpty { engine.configuration.observer?.crashed(crashed, cause: reason) }
    engine.logger.notice(
      "took back the jobs of a lost worker",
      metadata: ["worker": "\(row.worker)", "jobs": "\(count)", "blamed": "\(blamed.count)", "reason": "\(reason)"])
  }

  /// Only those that hold jobs have to beat.
  private func reapTheSilent(_ rows: [Row]) async throws {
    let now = engine.clock.monotonic
    let lease = engine.configuration.leaseDuration
    let sinceLast = lastReading.withLock { last in
      defer { last = now }
      return Duration.nanoseconds(now - last)
    }
    let silent = seen.withLock { seen in
      // Whoever could not read the store for so long knows nothing of others: they may not have been able to write.
      let former = sinceLast < lease * 2 / 3 ? seen : [:]
      seen = [:]
      return rows.filter(\.holdsJobs).filter { row in
        let same = former[row.worker].flatMap { $0.beat == row.beat ? $0 : nil }
        seen[row.worker] = same ?? Seen(beat: row.beat, since: now)
        return same.map { Duration.nanoseconds(now - $0.since) >= lease } ?? false
      }
    }
    for row in silent {
      let reclaim = Reclaim(
        worker: row.worker, now: engine.clock.now, reason: "its beat stood still for \(lease.text)", beat: row.beat)
      let count = try await engine.store.reclaim(reclaim)
      guard count > 0 else { continue }
      engine.logger.notice(
        "took back the jobs of a silent worker", metadata: ["worker": "\(row.worker)", "jobs": "\(count)"])
    }
  }
}
