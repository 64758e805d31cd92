import Foundation
import Logging
@testable import Nightshift
import NightshiftSQLite
import NightshiftTesting

let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

extension Engine {
  /// Adds a job by kind and JSON.
  func add(_ kind: JobKind, _ payload: String = "1", _ options: JobOptions = JobOptions()) async throws
    -> JobID
  {
    try await submit([JobDraft(kind: kind, payload: Array(payload.utf8), options: options)], actor: .system)[
      0
    ].id
  }

  /// Returns when the job is in the state, awaiting its events.
  func waitUntil(_ id: JobID, is state: JobState) async throws -> JobDetail? {
    let stream = try await listen(EventFilter(job: id))
    if let job = try await job(id), job.summary.state == state { return job }
    for try await case .event(_, let event) in stream {
      if case .state(state, _) = event.body { return try await job(id) }
    }
    return nil
  }

  /// The row of a worker that never says anything again.
  func addSilentWorker(_ id: Int64) async throws -> WorkerID {
    _ = try await store.write { transaction in
      try transaction.execute(
        """
        INSERT INTO nightshift_workers(
          id, node, name, role, host, boot, pid_namespace, pid, process_start, started_at, beat, mode, queues,
          concurrency, version)
        VALUES(?, ?, 'test', 'worker', 'elsewhere', 'boot', 'pid', 1, 1, 0, 0, 'running', 'null', 4, '0')
        ON CONFLICT(id) DO NOTHING
        """, [.integer(id), .integer(id + 900)])
    }
    return WorkerID(rawValue: id)
  }

  func state(of id: JobID) async throws -> JobState? { try await job(id)?.summary.state }

  /// The first column of a query, as text.
  func column(_ sql: String) async throws -> [String] {
    let rows = try await store.read { try $0.query(sql) }
    return rows.map { row in row.text(0) ?? row.integer(0).map(String.init) ?? "NULL" }
  }

  /// Runs the engine for as long as the body does, and stops it.
  func whileRunning<Value>(_ body: () async throws -> Value) async throws -> Value {
    let run = Task { try await self.run() }
    do {
      let value = try await body()
      await stop(gracePeriod: .zero)
      try await run.value
      return value
    } catch {
      await stop(gracePeriod: .zero)
      throw error
    }
  }
}

extension ClaimedJob {
  /// A job in hand, as a worker has it.
  init(_ id: Int64 = 1, attempt: Int = 1, failures: Int = 0, crashes: Int = 0, maxAttempts: Int = 4) {
    self.init(
      id: JobID(rawValue: id), kind: "work", queue: "default", priority: .normal, attempt: attempt,
      failures: failures, crashes: crashes, maxAttempts: maxAttempts, runAt: Timestamp(microseconds: 0),
      payload: [], timeout: nil, tags: [], organization: nil, owner: nil, traceparent: nil)
  }
}

/// Returns when something is so that no event tells of. Looks each millisecond; the test's time limit ends it.
func eventually(_ isSo: () async throws -> Bool) async {
  // A look that fails is repeated, and a cancelled sleep only makes the next look come sooner.
  while !Task.isCancelled, (try? await isSo()) != true { try? await Task.sleep(for: .milliseconds(1)) }
}
