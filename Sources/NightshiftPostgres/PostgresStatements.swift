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

  /// The same for jobs of which some are in a gated queue or have a key for limits.
  static let insertGated = """
    WITH fresh AS (
      INSERT INTO nightshift_jobs(
        id, queue, kind, state, priority, run_at, max_attempts, hold, hold_until, turn, lane)
      SELECT * FROM unnest($1::int8[], $2::text[], $3::text[], $4::int8[], $5::int8[], $6::int8[], $7::int8[],
        $8::int8[], $9::int8[], $16::int8[], $17::text[])
      ON CONFLICT (id) DO NOTHING RETURNING id),
    written AS (
      INSERT INTO nightshift_payloads(id, payload, timeout, organization, owner, traceparent, tags, limit_key)
      SELECT given.* FROM unnest($1::int8[], $10::bytea[], $11::int8[], $12::text[], $13::text[], $14::text[],
        $15::text[], $18::text[]) AS given(id, payload, timeout, organization, owner, traceparent, tags, limit_key)
      JOIN fresh ON fresh.id = given.id)
    SELECT id FROM fresh
    """

  /// The next turns of lanes, in the order of their keys, so that two transactions that meet wait and do not deadlock.
  static let nextTurns = """
    INSERT INTO nightshift_turns AS t(queue, priority, lane, turn)
    SELECT given.queue, given.priority, given.lane, given.base + given.n
    FROM unnest($1::text[], $2::int8[], $3::text[], $4::int8[], $5::int8[]) AS given(queue, priority, lane, base, n)
    ORDER BY given.queue, given.priority, given.lane
    ON CONFLICT (queue, priority, lane) DO UPDATE SET turn = (
      SELECT greatest(t.turn, given.base) + given.n
      FROM unnest($1::text[], $2::int8[], $3::text[], $4::int8[], $5::int8[]) AS given(queue, priority, lane, base, n)
      WHERE given.queue = t.queue AND given.priority = t.priority AND given.lane = t.lane)
    RETURNING t.queue, t.priority, t.lane, t.turn
    """

  static let currentTurns = """
    SELECT queue, priority, turn FROM nightshift_turns WHERE lane = '' AND queue = ANY($1::text[])
    """

  /// How many run in each lane; with one gate those are its pools.
  static let running = """
    SELECT lane, count(*) FROM nightshift_jobs WHERE state = 1 AND lane = ANY($1::text[]) GROUP BY lane
    """

  /// Puts claimed jobs back that do not run. The attempt has not begun, and nobody has seen its number.
  static let putBack = """
    UPDATE nightshift_jobs j
    SET state = 0, attempt = attempt - 1, worker = NULL, started_at = NULL, hold = given.hold, hold_until = NULL,
      held_by = given.pool, turn = coalesce(given.turn, j.turn)
    FROM unnest($1::int8[], $2::int8[], $3::text[], $4::int8[]) AS given(id, hold, pool, turn) WHERE j.id = given.id
    """

  static let writeLanes = """
    UPDATE nightshift_jobs j SET lane = given.lane
    FROM unnest($1::int8[], $2::text[]) AS given(id, lane) WHERE j.id = given.id
    """

  /// The first held jobs of each pool. One that another transaction has in hand is passed over.
  static let release = """
    WITH first AS MATERIALIZED (
      SELECT held.id, given.pool
      FROM unnest($1::text[], $2::int8[]) AS given(pool, room)
      CROSS JOIN LATERAL (
        SELECT id FROM nightshift_jobs WHERE hold >= 4 AND held_by = given.pool
        ORDER BY priority, coalesce(turn, run_at), id LIMIT given.room FOR UPDATE SKIP LOCKED) AS held)
    UPDATE nightshift_jobs j SET hold = 0, hold_until = NULL, held_by = NULL, version = version + 1
    FROM first WHERE j.id = first.id
    RETURNING j.id, j.queue, j.kind, j.attempt, j.version, j.state, first.pool
    """

  package static let insertTags = """
    INSERT INTO nightshift_tags(tag, job) SELECT * FROM unnest($1::text[], $2::int8[]) ON CONFLICT DO NOTHING
    """

  /// One queue, unless it is paused or, as `*`, everything; what another worker is claiming at the moment is passed
  /// over.
  package static let claim = claim(Variant())

  /// How a claim differs from the plain one.
  struct Variant: Hashable {
    /// Whether the worker has met kinds that it does not have.
    var isWithoutKinds = false
    /// Whether to tell what gates want to know, too.
    var isGated = false
    /// Whether the schema is from before limits.
    var isBeforeLimits = false
  }

  static func claim(_ variant: Variant) -> String { claims[variant]! }

  private static let claims: [Variant: String] = {
    var claims: [Variant: String] = [:]
    for isWithoutKinds in [false, true] {
      for (isGated, isBeforeLimits) in [(false, false), (true, false), (false, true)] {
        let variant = Variant(isWithoutKinds: isWithoutKinds, isGated: isGated, isBeforeLimits: isBeforeLimits)
        claims[variant] = text(of: variant)
      }
    }
    return claims
  }()

  private static func text(of variant: Variant) -> String {
    let turn = variant.isBeforeLimits ? "run_at" : "coalesce(turn, run_at)"
    let gated = variant.isGated ? ", j.turn, j.lane" : ""
    return """
      WITH due AS MATERIALIZED (
        SELECT id FROM nightshift_jobs
        WHERE state = 0 AND hold = 0 AND queue = $3::text\(variant.isWithoutKinds ? " AND kind <> ALL($5::text[])" : "")
          AND NOT EXISTS(SELECT 1 FROM nightshift_queues WHERE name IN ($3::text, '*') AND paused_at IS NOT NULL)
          AND NOT EXISTS(SELECT 1 FROM nightshift_workers WHERE id = $1::int8 AND mode <> 'running')
        ORDER BY priority, \(turn), id LIMIT $4::int8 FOR UPDATE SKIP LOCKED),
      claimed AS (
        UPDATE nightshift_jobs j
        SET state = 1, attempt = attempt + 1, version = version + 1, worker = $1::int8, started_at = $2::int8,
          stuck_at = NULL
        FROM due WHERE j.id = due.id
        RETURNING j.id, j.kind, j.priority, j.attempt, j.failures, j.crashes, j.max_attempts, j.run_at, j.version\(gated))
      SELECT c.id, c.kind, c.priority, c.attempt, c.failures, c.crashes, c.max_attempts, c.run_at, c.version, p.payload,
        p.timeout, p.organization, p.owner, p.traceparent, p.tags, $3::text\(variant.isGated ? ", c.turn, c.lane" : "")
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

  /// Those for whose end somebody waits, and those that have asked what nobody has answered.
  static func awaited(among jobs: [JobID]) -> PostgresConnection.Request {
    var parameters = PostgresParameters()
    parameters.add(jobs.map(\.rawValue))
    return (awaited, parameters)
  }

  private static let awaited = """
    SELECT depends_on FROM nightshift_dependencies WHERE depends_on = ANY($1::int8[]) AND state = 0
    UNION SELECT target FROM nightshift_waits WHERE target = ANY($1::int8[]) AND state = 0 AND target IS NOT NULL
    UNION SELECT job FROM nightshift_checkpoints WHERE job = ANY($1::int8[]) AND state = 'pending'
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
