package import Nightshift

extension PostgresStore {
  /// A transactional enqueue: the same rows that ``insert(_:now:)`` writes, as statements for another connection, with
  /// PostgreSQL's numbered parameters. The last one wakes the workers when the caller commits.
  package func statements(for job: NewJob, now: Timestamp) throws(StoreError) -> [Statement] {
    guard job.key == nil, job.idempotency == nil else {
      throw StoreError(
        .invalid,
        "A job with a unique key cannot be handed out as statements: its key is decided in code. Enqueue it "
          + "through the engine, or leave `unique` out.")
    }
    guard job.dependencies.isEmpty else {
      throw StoreError(
        .invalid,
        "A job that depends on others cannot be handed out as statements: the states of those decide about it. "
          + "Enqueue it through the engine, or leave `dependsOn` out.")
    }
    let state = job.firstState(now: now)
    let queue = SQLValue.text(job.queue.rawValue)
    let id = SQLValue(job.id)
    var news = PostgresNews()
    if state == .ready { news.queues = [job.queue.rawValue] } else { news.due = job.runAt.microseconds }
    var statements = [
      Statement(
        sql: """
          INSERT INTO nightshift_jobs(id, queue, kind, state, priority, run_at, max_attempts, hold, hold_until)
          VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT(id) DO NOTHING
          """,
        values: [
          id, queue, .text(job.kind.rawValue), .integer(state.code), .integer(job.priority.code), SQLValue(job.runAt),
          SQLValue(job.maxAttempts), .integer(job.hold?.reason.rawValue ?? 0), SQLValue(job.hold?.until),
        ]),
      Statement(
        sql: """
          INSERT INTO nightshift_payloads(id, payload, timeout, organization, owner, traceparent, tags)
          VALUES($1, $2, $3, $4, $5, $6, $7)
          """,
        values: [
          id, .bytes(job.payload), SQLValue(job.timeout?.microseconds), SQLValue(job.organization),
          SQLValue(job.owner), SQLValue(job.traceparent),
          SQLValue(job.tags.isEmpty ? nil : JSONValue.array(job.tags.map(JSONValue.string)).description),
        ]),
      Statement(
        sql: "INSERT INTO nightshift_queues(name, created_at) VALUES($1, $2) ON CONFLICT(name) DO NOTHING",
        values: [queue, SQLValue(now)]),
      Statement(
        sql: "INSERT INTO nightshift_counters(queue, state, n) VALUES($1, $2, 1)",
        values: [queue, .integer(state.code)]),
      Statement(
        sql: """
          INSERT INTO nightshift_rollups(hour, queue, kind, enqueued, completed, failed, dead, cancelled, wait_us,
            wait_max_us, run_us, run_max_us)
          VALUES($1, $2, $3, 1, 0, 0, 0, 0, 0, 0, 0, 0)
          """, values: [.integer(GroupTally.hour(of: now)), queue, .text(job.kind.rawValue)]),
    ]
    statements += Set(job.tags).map { tag in
      Statement(sql: "INSERT INTO nightshift_tags(tag, job) VALUES($1, $2)", values: [.text(tag), id])
    }
    if let key = job.limitKey {
      statements.append(
        Statement(sql: "UPDATE nightshift_payloads SET limit_key = $1 WHERE id = $2", values: [.text(key), id]))
    }
    statements.append(
      Statement(
        sql: "SELECT pg_notify('\(PostgresNews.channel)', $1)", values: [.text(news.text())]))
    return statements
  }
}
