import Nightshift

/// The SQL of the hot path, in one place because the benchmarks run the same text in a bare loop as the raw limit.
///
/// Each takes a whole batch as arrays. States and holds are literals, so that the partial indexes fit.
package enum PostgresStatements {
  /// Jobs and what is written once about them, in one statement. Tells the ids that were not there before.
  package static let insert = """
    WITH fresh AS (
      INSERT INTO nightshift_jobs(id, queue, kind, state, priority, run_at, max_attempts, hold, hold_until)
      SELECT * FROM unnest($1::int8[], $2::text[], $3::text[], $4::int8[], $5::int8[], $6::int8[], $7::int8[],
        $8::int8[], $9::int8[])
      ON CONFLICT (id) DO NOTHING RETURNING id),
    written AS (
      INSERT INTO nightshift_payloads(id, payload, timeout, organization, owner, traceparent, tags)
      SELECT given.* FROM unnest($1::int8[], $10::bytea[], $11::int8[], $12::text[], $13::text[], $14::text[],
        $15::text[]) AS given(id, payload, timeout, organization, owner, traceparent, tags)
      JOIN fresh ON fresh.id = given.id)
    SELECT id FROM fresh
    """

  package static let insertTags = """
    INSERT INTO nightshift_tags(tag, job) SELECT * FROM unnest($1::text[], $2::int8[]) ON CONFLICT DO NOTHING
    """

  /// One queue, unless it is paused or, as `*`, everything; what another worker is claiming at the moment is passed
  /// over.
  package static let claim = claim(withoutKinds: false)
  static let claimWithoutKinds = claim(withoutKinds: true)

  private static func claim(withoutKinds: Bool) -> String {
    """
    WITH due AS MATERIALIZED (
      SELECT id FROM nightshift_jobs
      WHERE state = 0 AND hold = 0 AND queue = $3::text\(withoutKinds ? " AND kind <> ALL($5::text[])" : "")
        AND NOT EXISTS(SELECT 1 FROM nightshift_queues WHERE name IN ($3::text, '*') AND paused_at IS NOT NULL)
        AND NOT EXISTS(SELECT 1 FROM nightshift_workers WHERE id = $1::int8 AND mode <> 'running')
      ORDER BY priority, run_at, id LIMIT $4::int8 FOR UPDATE SKIP LOCKED),
    claimed AS (
      UPDATE nightshift_jobs j
      SET state = 1, attempt = attempt + 1, version = version + 1, worker = $1::int8, started_at = $2::int8,
        stuck_at = NULL
      FROM due WHERE j.id = due.id
      RETURNING j.id, j.kind, j.priority, j.attempt, j.failures, j.crashes, j.max_attempts, j.run_at, j.version)
    SELECT c.*, p.payload, p.timeout, p.organization, p.owner, p.traceparent, p.tags, $3::text
    FROM claimed c JOIN nightshift_payloads p ON p.id = c.id
    """
  }

  /// One job by its id, even if it is held.
  static let claimOne = """
    WITH claimed AS (
      UPDATE nightshift_jobs j
      SET state = 1, attempt = attempt + 1, version = version + 1, worker = $1::int8, started_at = $2::int8,
        stuck_at = NULL, hold = 0, hold_until = NULL
      WHERE j.id = $3::int8 AND j.state = 0
      RETURNING j.id, j.kind, j.priority, j.attempt, j.failures, j.crashes, j.max_attempts, j.run_at, j.version,
        j.queue)
    SELECT c.id, c.kind, c.priority, c.attempt, c.failures, c.crashes, c.max_attempts, c.run_at, c.version, p.payload,
      p.timeout, p.organization, p.owner, p.traceparent, p.tags, c.queue
    FROM claimed c JOIN nightshift_payloads p ON p.id = c.id
    """

  /// What a claim has taken whose answer was lost on the way.
  static let claimedBefore = """
    SELECT j.id, j.kind, j.priority, j.attempt, j.failures, j.crashes, j.max_attempts, j.run_at, j.version, p.payload,
      p.timeout, p.organization, p.owner, p.traceparent, p.tags, j.queue
    FROM nightshift_jobs j JOIN nightshift_payloads p ON p.id = j.id
    WHERE j.state = 1 AND j.worker = $1::int8 AND j.started_at = $2::int8
    """

  /// Tells the ids that were still this worker's, and what version they have now.
  package static let complete = """
    UPDATE nightshift_jobs j
    SET state = 5, version = version + 1, started_at = given.started_at, finished_at = given.ended_at
    FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[]) AS given(id, attempt, started_at, ended_at)
    WHERE j.id = given.id AND j.state = 1 AND j.attempt = given.attempt AND j.worker = $5::int8
    RETURNING j.id, j.version
    """

  /// Those for whose end somebody waits.
  static func awaited(among jobs: [JobID]) -> PostgresConnection.Request {
    var parameters = PostgresParameters()
    parameters.add(jobs.map(\.rawValue))
    return (awaited, parameters)
  }

  private static let awaited = """
    SELECT depends_on FROM nightshift_dependencies WHERE depends_on = ANY($1::int8[]) AND state = 0
    UNION SELECT target FROM nightshift_waits WHERE target = ANY($1::int8[]) AND state = 0 AND target IS NOT NULL
    """

  static let insertResults = """
    INSERT INTO nightshift_results(id, result) SELECT * FROM unnest($1::int8[], $2::bytea[])
    ON CONFLICT (id) DO UPDATE SET result = excluded.result
    """

  package static let count = """
    INSERT INTO nightshift_counters(queue, state, n) SELECT * FROM unnest($1::text[], $2::int8[], $3::int8[])
    """

  package static let roll = """
    INSERT INTO nightshift_rollups(
      hour, queue, kind, enqueued, completed, failed, dead, cancelled, wait_us, wait_max_us, run_us, run_max_us)
    SELECT * FROM unnest($1::int8[], $2::text[], $3::text[], $4::int8[], $5::int8[], $6::int8[], $7::int8[],
      $8::int8[], $9::int8[], $10::int8[], $11::int8[], $12::int8[])
    """

  static let insertEvents = """
    INSERT INTO nightshift_events(job, version, state, kind, queue, attempt, at, writer)
    SELECT given.*, $8::int8 FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::text[], $5::text[], $6::int8[],
      $7::int8[]) AS given
    """

  /// Adds up what transactions have appended; whoever holds the lock already does it for all.
  static let foldCounters = """
    WITH old AS (DELETE FROM nightshift_counters RETURNING queue, state, n)
    INSERT INTO nightshift_counters(queue, state, n)
    SELECT queue, state, sum(n) FROM old GROUP BY queue, state HAVING sum(n) <> 0
    """

  static let foldRollups = """
    WITH old AS (DELETE FROM nightshift_rollups WHERE hour >= $1::int8 RETURNING *)
    INSERT INTO nightshift_rollups(
      hour, queue, kind, enqueued, completed, failed, dead, cancelled, wait_us, wait_max_us, run_us, run_max_us)
    SELECT hour, queue, kind, sum(enqueued), sum(completed), sum(failed), sum(dead), sum(cancelled), sum(wait_us),
      max(wait_max_us), sum(run_us), max(run_max_us)
    FROM old GROUP BY hour, queue, kind
    """
}
