package import Nightshift

extension SQLiteStore {
  /// A transactional enqueue: the same rows that ``insert(_:now:)`` writes, as statements for another connection.
  package func statements(for job: NewJob, now: Timestamp) throws(StoreError) -> [Statement] {
    guard job.key == nil, job.idempotency == nil else {
      throw StoreError(
        .invalid,
        "A job with a unique key, a debounce or a throttle cannot be handed out as statements: that is decided in "
          + "code. Enqueue it through the engine, or leave `unique`, `debounce` and `throttle` out.")
    }
    guard job.dependencies.isEmpty else {
      throw StoreError(
        .invalid,
        "A job that depends on others cannot be handed out as statements: the states of those decide about it. "
          + "Enqueue it through the engine, or leave `dependsOn` out.")
    }
    let state = job.firstState(now: now)
    let queue = SQLValue.text(job.queue.rawValue)
    var statements = [
      Statement(
        sql: SQLiteStatements.insertJob,
        values: [
          SQLValue(job.id), queue, .text(job.kind.rawValue), .integer(state.code), .integer(job.priority.code),
          SQLValue(job.runAt), SQLValue(job.maxAttempts), .integer(job.hold?.reason.rawValue ?? 0),
          SQLValue(job.hold?.until),
        ]),
      Statement(
        sql: job.limitKey == nil ? SQLiteStatements.insertPayload : SQLiteStatements.insertKeyedPayload,
        values: [
          SQLValue(job.id), .bytes(job.payload), SQLValue(job.timeout?.microseconds), SQLValue(job.organization),
          SQLValue(job.owner), SQLValue(job.traceparent),
          SQLValue(job.tags.isEmpty ? nil : JSONValue.array(job.tags.map(JSONValue.string)).description),
        ] + (job.limitKey.map { [.text($0)] } ?? [])),
      Statement(
        sql: "INSERT INTO nightshift_queues(name, created_at) VALUES(?, ?) ON CONFLICT(name) DO NOTHING",
        values: [queue, SQLValue(now)]),
      Statement(sql: SQLiteStatements.count, values: [queue, .integer(state.code), 1]),
      Statement(
        sql: SQLiteStatements.roll,
        values: [.integer(GroupTally.hour(of: now)), queue, .text(job.kind.rawValue), 1]
          + Array(repeating: 0, count: 8)),
    ]
    statements += Set(job.tags).map { tag in
      Statement(sql: "INSERT INTO nightshift_tags(tag, job) VALUES(?, ?)", values: [.text(tag), SQLValue(job.id)])
    }
    return statements
  }
}
