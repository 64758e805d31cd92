import Nightshift

/// The hot tables. `nightshift_jobs` is narrow because SQLite rewrites a row at each change of state; what is written
/// once lies beside it. All indexes but the primary keys are partial, so that ended jobs are in none of the hot ones.
enum SQLiteSchema {
  static let migrations: [Migration] = [
    Migration(
      module: "sqlite", number: 1, name: "jobs",
      statements: [
        """
        CREATE TABLE nightshift_jobs(
          id INTEGER PRIMARY KEY, queue TEXT NOT NULL, kind TEXT NOT NULL, state INTEGER NOT NULL,
          priority INTEGER NOT NULL, run_at INTEGER NOT NULL, attempt INTEGER NOT NULL DEFAULT 0,
          failures INTEGER NOT NULL DEFAULT 0, crashes INTEGER NOT NULL DEFAULT 0, max_attempts INTEGER NOT NULL,
          version INTEGER NOT NULL DEFAULT 1, hold INTEGER NOT NULL DEFAULT 0, hold_until INTEGER, worker INTEGER,
          started_at INTEGER, finished_at INTEGER, cancel_requested_at INTEGER, cancel_reason TEXT,
          stuck_at INTEGER) STRICT
        """,
        "CREATE INDEX nightshift_jobs_ready ON nightshift_jobs(queue, priority, run_at) WHERE state = 0 AND hold = 0",
        // Apart from the ready ones, or a claim would walk over every future job of a higher priority.
        "CREATE INDEX nightshift_jobs_scheduled ON nightshift_jobs(run_at) WHERE state = 2",
        "CREATE INDEX nightshift_jobs_running ON nightshift_jobs(worker) WHERE state = 1",
        "CREATE INDEX nightshift_jobs_held ON nightshift_jobs(hold, kind) WHERE hold <> 0",
        "CREATE INDEX nightshift_jobs_held_until ON nightshift_jobs(hold_until) WHERE hold_until IS NOT NULL",
        "CREATE INDEX nightshift_jobs_ended_badly ON nightshift_jobs(finished_at) WHERE state IN (6, 7)",
        """
        CREATE TABLE nightshift_payloads(
          id INTEGER PRIMARY KEY, payload BLOB NOT NULL, timeout INTEGER, organization TEXT, owner TEXT,
          traceparent TEXT, tags TEXT) STRICT
        """,
        "CREATE TABLE nightshift_results(id INTEGER PRIMARY KEY, result BLOB NOT NULL) STRICT",
        """
        CREATE TABLE nightshift_keys(
          scope TEXT NOT NULL, key TEXT NOT NULL, job INTEGER NOT NULL, expires_at INTEGER, fingerprint TEXT,
          PRIMARY KEY(scope, key)) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX nightshift_keys_job ON nightshift_keys(job)",
      ]),
    Migration(
      module: "sqlite", number: 2, name: "limits",
      statements: [
        // The place in a fair queue; which pools of gates a job is in; and which of them keeps it back.
        "ALTER TABLE nightshift_jobs ADD COLUMN turn INTEGER",
        "ALTER TABLE nightshift_jobs ADD COLUMN lane TEXT",
        "ALTER TABLE nightshift_jobs ADD COLUMN held_by TEXT",
        "ALTER TABLE nightshift_payloads ADD COLUMN limit_key TEXT",
        "DROP INDEX nightshift_jobs_ready",
        """
        CREATE INDEX nightshift_jobs_ready ON nightshift_jobs(queue, priority, coalesce(turn, run_at))
        WHERE state = 0 AND hold = 0
        """,
        "CREATE INDEX nightshift_jobs_lanes ON nightshift_jobs(lane) WHERE state = 1 AND lane IS NOT NULL",
        """
        CREATE INDEX nightshift_jobs_held_by ON nightshift_jobs(held_by, priority, coalesce(turn, run_at))
        WHERE hold >= 4
        """,
      ]),
    Migration(module: "sqlite", number: 3, name: "ownership", statements: Migration.ownership),
    Migration(
      module: "sqlite", number: 4, name: "expiring keys",
      statements: [
        "CREATE INDEX nightshift_keys_expires_at ON nightshift_keys(expires_at) WHERE expires_at IS NOT NULL"
      ]),
    Migration(
      module: "sqlite", number: 5, name: "one index of what runs",
      statements: [
        // With the lanes in the index of what runs they need none of their own. It is as short as the fleet has slots.
        "DROP INDEX nightshift_jobs_lanes",
        "DROP INDEX nightshift_jobs_running",
        "CREATE INDEX nightshift_jobs_running ON nightshift_jobs(worker, lane) WHERE state = 1",
      ]),
  ]

  /// Replaces the tokens of portable DDL.
  static func dialect(_ statement: String) -> String {
    statement
      .replacing("{id}", with: "INTEGER PRIMARY KEY")
      .replacing("{int}", with: "INTEGER")
      .replacing("{text}", with: "TEXT")
      .replacing("{bytes}", with: "BLOB")
      .replacing("{clustered}", with: "WITHOUT ROWID")
  }
}
