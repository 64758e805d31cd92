/// The SQL of the hot path, in one place because the benchmarks run the same text in a bare loop as the raw limit.
///
/// States and holds are literals: a bound parameter would keep SQLite from using the partial indexes.
package enum SQLiteStatements {
  package static let insertJob = """
    INSERT INTO nightshift_jobs(id, queue, kind, state, priority, run_at, max_attempts, hold, hold_until)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO NOTHING
    """

  /// For a job in a gated queue, or with a key for limits.
  static let insertGatedJob = """
    INSERT INTO nightshift_jobs(id, queue, kind, state, priority, run_at, max_attempts, hold, hold_until, turn, lane)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO NOTHING
    """

  package static let insertPayload = """
    INSERT INTO nightshift_payloads(id, payload, timeout, organization, owner, traceparent, tags)
    VALUES(?, ?, ?, ?, ?, ?, ?)
    """

  /// For a job with a key for limits.
  static let insertKeyedPayload = """
    INSERT INTO nightshift_payloads(id, payload, timeout, organization, owner, traceparent, tags, limit_key)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?)
    """

  /// Pause (of the queue or, as `*`, of everything) and stop are looked at here too: what a process keeps in memory may be a tenth of a second old. One queue at
  /// a time: `queue IN (…)` would sort what is due in a temporary b-tree.
  package static let claim = claim(without: [])

  /// For a worker that has met kinds which it does not have: those are left to others.
  /// - Parameter isGated: Whether to tell what gates want to know, too.
  static func claim(without kinds: [String], isGated: Bool = false) -> String {
    let gated = isGated ? ", turn, lane" : ""
    let others = kinds.isEmpty ? "" : " AND kind NOT IN (\(kinds.map { _ in "?" }.joined(separator: ", ")))"
    return """
      UPDATE nightshift_jobs
      SET state = 1, attempt = attempt + 1, version = version + 1, worker = ?1, started_at = ?2, stuck_at = NULL
      WHERE id IN (
        SELECT id FROM nightshift_jobs WHERE state = 0 AND hold = 0 AND queue = ?3\(others)
          AND NOT EXISTS(SELECT 1 FROM nightshift_queues WHERE name IN (?3, '*') AND paused_at IS NOT NULL)
          AND NOT EXISTS(SELECT 1 FROM nightshift_workers WHERE id = ?1 AND mode <> 'running')
        ORDER BY priority, coalesce(turn, run_at), id LIMIT ?)
      RETURNING id, kind, priority, attempt, failures, crashes, max_attempts, run_at, version\(gated)
      """
  }

  static let claimGated = claim(without: [], isGated: true)

  /// The last turn of a lane that is written down, or of the queue itself.
  static let lastTurn = "SELECT turn FROM nightshift_turns WHERE queue = ? AND priority = ? AND lane = ?"

  static let writeTurn = """
    INSERT INTO nightshift_turns(queue, priority, lane, turn) VALUES(?, ?, ?, ?)
    ON CONFLICT(queue, priority, lane) DO UPDATE SET turn = max(turn, excluded.turn)
    """

  /// From the index of what runs, which has the lane and the id: the seek to the row is put off, and never made.
  static let runningLanes = """
    SELECT id, lane FROM nightshift_jobs INDEXED BY nightshift_jobs_running WHERE state = 1 AND lane IS NOT NULL
    """

  /// The attempt has not begun, and nobody has seen its number.
  static let putBack = """
    UPDATE nightshift_jobs
    SET state = 0, attempt = attempt - 1, worker = NULL, started_at = NULL, hold = ?, hold_until = NULL,
      held_by = ?, turn = coalesce(?, turn)
    WHERE id = ?
    """

  package static let payload = """
    SELECT payload, timeout, organization, owner, traceparent, tags FROM nightshift_payloads WHERE id = ?
    """

  package static let complete = """
    UPDATE nightshift_jobs SET state = 5, version = version + 1, started_at = ?, finished_at = ?
    WHERE id = ? AND state = 1 AND attempt = ? AND worker = ?
    """

  /// Whether anybody waits for a job, and whether any question is open: by the indexes of what is open, which are empty
  /// while there is nothing.
  static let anybodyWaits = """
    SELECT EXISTS(SELECT 1 FROM nightshift_dependencies INDEXED BY nightshift_dependencies_open WHERE state = 0)
      OR EXISTS(
        SELECT 1 FROM nightshift_waits INDEXED BY nightshift_waits_target WHERE state = 0 AND target IS NOT NULL),
      EXISTS(SELECT 1 FROM nightshift_checkpoints INDEXED BY nightshift_checkpoints_pending WHERE state = 'pending')
    """

  static let somebodyWaits = """
    SELECT 1 WHERE EXISTS(
        SELECT 1 FROM nightshift_dependencies INDEXED BY nightshift_dependencies_open
        WHERE depends_on = ?1 AND state = 0)
      OR EXISTS(
        SELECT 1 FROM nightshift_waits INDEXED BY nightshift_waits_target
        WHERE target = ?1 AND state = 0 AND target IS NOT NULL)
    """

  package static let count = """
    INSERT INTO nightshift_counters(queue, state, n) VALUES(?, ?, ?)
    ON CONFLICT(queue, state) DO UPDATE SET n = n + excluded.n
    """

  package static let roll = """
    INSERT INTO nightshift_rollups(
      hour, queue, kind, enqueued, completed, failed, dead, cancelled, wait_us, wait_max_us, run_us, run_max_us)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT(hour, queue, kind) DO UPDATE SET
      enqueued = enqueued + excluded.enqueued, completed = completed + excluded.completed,
      failed = failed + excluded.failed, dead = dead + excluded.dead, cancelled = cancelled + excluded.cancelled,
      wait_us = wait_us + excluded.wait_us, wait_max_us = max(wait_max_us, excluded.wait_max_us),
      run_us = run_us + excluded.run_us, run_max_us = max(run_max_us, excluded.run_max_us)
    """
}
