import Nightshift

/// The tables of the hot path, and what else is PostgreSQL's own. They come after the core's.
enum PostgresSchema {
  static let migrations: [Migration] = [
    Migration(
      module: "postgres", number: 1, name: "jobs",
      statements: [
        // Rows are rewritten at each change of state: room in each page keeps the new version beside the old one.
        """
        CREATE TABLE nightshift_jobs(
          id bigint PRIMARY KEY, queue {text} NOT NULL, kind {text} NOT NULL, state bigint NOT NULL,
          priority bigint NOT NULL, run_at bigint NOT NULL, attempt bigint NOT NULL DEFAULT 0,
          failures bigint NOT NULL DEFAULT 0, crashes bigint NOT NULL DEFAULT 0, max_attempts bigint NOT NULL,
          version bigint NOT NULL DEFAULT 1, hold bigint NOT NULL DEFAULT 0, hold_until bigint, worker bigint,
          started_at bigint, finished_at bigint, cancel_requested_at bigint, cancel_reason {text}, stuck_at bigint)
          WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0,
            autovacuum_analyze_scale_factor = 0.05)
        """,
        """
        CREATE INDEX nightshift_jobs_ready ON nightshift_jobs(queue, priority, run_at, id)
        WHERE state = 0 AND hold = 0
        """,
        // Apart from the ready ones, or a claim would walk over every future job of a higher priority.
        "CREATE INDEX nightshift_jobs_scheduled ON nightshift_jobs(run_at) WHERE state = 2",
        "CREATE INDEX nightshift_jobs_running ON nightshift_jobs(worker) WHERE state = 1",
        "CREATE INDEX nightshift_jobs_held ON nightshift_jobs(hold, kind) WHERE hold <> 0",
        "CREATE INDEX nightshift_jobs_held_until ON nightshift_jobs(hold_until) WHERE hold_until IS NOT NULL",
        "CREATE INDEX nightshift_jobs_ended_badly ON nightshift_jobs(finished_at) WHERE state IN (6, 7)",
        """
        CREATE TABLE nightshift_payloads(
          id bigint PRIMARY KEY, payload bytea NOT NULL, timeout bigint, organization {text}, owner {text},
          traceparent {text}, tags {text})
        """,
        "CREATE TABLE nightshift_results(id bigint PRIMARY KEY, result bytea NOT NULL)",
        """
        CREATE TABLE nightshift_keys(
          scope {text} NOT NULL, key {text} NOT NULL, job bigint NOT NULL, expires_at bigint, fingerprint {text},
          PRIMARY KEY(scope, key))
        """,
        "CREATE INDEX nightshift_keys_job ON nightshift_keys(job)",
        // Marks of transactions, by which whoever has lost a connection learns what became of a commit.
        "CREATE TABLE nightshift_commits(token bigint PRIMARY KEY, at bigint NOT NULL)",
        // Counters and roll-ups are appended to, and folded from time to time: a row for each queue would make all
        // processes wait for it.
        "ALTER TABLE nightshift_counters DROP CONSTRAINT nightshift_counters_pkey",
        "ALTER TABLE nightshift_counters SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)",
        "ALTER TABLE nightshift_rollups DROP CONSTRAINT nightshift_rollups_pkey",
        "CREATE INDEX nightshift_rollups_hour ON nightshift_rollups(hour)",
        "ALTER TABLE nightshift_rollups SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)",
        // Bytes of UTF-8 as text, under the name that it has on every database.
        """
        CREATE FUNCTION nightshift_text(bytes bytea) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
        AS $$ SELECT convert_from(bytes, 'UTF8') $$
        """,
      ]),
    Migration(module: "postgres", number: 2, name: "enqueue from SQL", statements: PostgresEnqueueFunction.statements),
    Migration(
      module: "postgres", number: 3, name: "limits",
      statements: [
        // The place in a fair queue; which pools of gates a job is in; and which of them keeps it back.
        "ALTER TABLE nightshift_jobs ADD COLUMN turn bigint, ADD COLUMN lane {text}, ADD COLUMN held_by {text}",
        "ALTER TABLE nightshift_payloads ADD COLUMN limit_key {text}",
        "DROP INDEX nightshift_jobs_ready",
        """
        CREATE INDEX nightshift_jobs_ready ON nightshift_jobs(queue, priority, coalesce(turn, run_at), id)
        WHERE state = 0 AND hold = 0
        """,
        "CREATE INDEX nightshift_jobs_lanes ON nightshift_jobs(lane) WHERE state = 1 AND lane IS NOT NULL",
        """
        CREATE INDEX nightshift_jobs_held_by ON nightshift_jobs(held_by, priority, coalesce(turn, run_at), id)
        WHERE hold >= 4
        """,
      ] + PostgresEnqueueFunction.fairStatements),
    Migration(module: "postgres", number: 4, name: "ownership", statements: Migration.ownership),
    Migration(
      module: "postgres", number: 5, name: "expiring keys, and limit keys from SQL",
      statements: [
        "CREATE INDEX nightshift_keys_expires_at ON nightshift_keys(expires_at) WHERE expires_at IS NOT NULL"
      ] + PostgresEnqueueFunction.limitKeyStatements),
  ]

  /// Replaces the tokens of portable DDL.
  static func dialect(_ statement: String) -> String {
    statement
      .replacing("{id}", with: "bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY")
      .replacing("{int}", with: "bigint")
      // Byte order, which is what SQLite has; the database's own order depends on its host.
      .replacing("{text}", with: "text COLLATE \"C\"")
      .replacing("{bytes}", with: "bytea")
      .replacing("{clustered}", with: "")
  }
}
