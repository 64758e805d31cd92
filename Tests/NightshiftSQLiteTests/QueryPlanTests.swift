import Nightshift
@testable import NightshiftSQLite
import Testing

@Suite struct `A hot statement on SQLite` {
  private static let plans: [(sql: String, index: String)] = [
    (SQLiteStatements.claim, "nightshift_jobs_ready"),
    (SQLiteStatements.complete, "INTEGER PRIMARY KEY"),
    (SQLiteStatements.payload, "INTEGER PRIMARY KEY"),
    (
      "SELECT id FROM nightshift_jobs WHERE state = 2 AND run_at <= ? ORDER BY run_at LIMIT ?",
      "nightshift_jobs_scheduled"
    ),
    ("SELECT min(run_at) FROM nightshift_jobs WHERE state = 2", "nightshift_jobs_scheduled"),
    (
      "SELECT id FROM nightshift_jobs WHERE hold_until <= ? ORDER BY hold_until LIMIT ?",
      "nightshift_jobs_held_until"
    ),
    (
      "SELECT min(hold_until) FROM nightshift_jobs WHERE hold_until IS NOT NULL", "nightshift_jobs_held_until"
    ),
    (
      "SELECT id FROM nightshift_jobs WHERE state = 1 AND worker = ? AND cancel_requested_at IS NOT NULL",
      "nightshift_jobs_running"
    ),
    (
      "SELECT id FROM nightshift_jobs WHERE hold <> 0 AND hold = 1 AND kind = ? LIMIT 1000",
      "nightshift_jobs_held"
    ),
    (
      """
      SELECT run_at FROM nightshift_jobs WHERE state = 0 AND hold = 0 AND queue = ? AND priority = ?
      ORDER BY coalesce(turn, run_at) LIMIT 1
      """, "nightshift_jobs_ready"
    ),
    (SQLiteStatements.claim(without: [], isGated: true), "nightshift_jobs_ready"),
    (SQLiteStatements.runningLanes, "USING INDEX nightshift_jobs_running"),
    ("SELECT 1 FROM nightshift_jobs WHERE hold >= 4 LIMIT 1", "nightshift_jobs_held_by"),
    (
      "SELECT held_by FROM nightshift_jobs WHERE hold >= 4 AND held_by > ? ORDER BY held_by LIMIT 1",
      "nightshift_jobs_held_by"
    ),
    (
      """
      SELECT id FROM nightshift_jobs WHERE hold >= 4 AND held_by = ?
      ORDER BY priority, coalesce(turn, run_at), id LIMIT ?
      """, "nightshift_jobs_held_by"
    ),
    ("DELETE FROM nightshift_keys WHERE job = ? AND expires_at IS NULL", "nightshift_keys_job"),
    (
      "SELECT scope, key FROM nightshift_keys WHERE expires_at < ? ORDER BY expires_at LIMIT ?",
      "nightshift_keys_expires_at"
    ),
    ("SELECT 1 FROM nightshift_keys WHERE expires_at < ?", "nightshift_keys_expires_at"),
    ("DELETE FROM nightshift_logs WHERE job = ? AND seq <= ?", "PRIMARY KEY"),
    ("DELETE FROM nightshift_profile WHERE part = 'recent' AND hour < ?", "nightshift_profile_recent"),
    ("SELECT 1 FROM nightshift_profile WHERE hour > 0 AND hour < ?", "PRIMARY KEY"),
    ("SELECT min(next_at) FROM nightshift_schedules WHERE enabled = 1", "nightshift_schedules_next"),
    ("DELETE FROM nightshift_artifact_chunks WHERE job = ?", "nightshift_artifact_chunks"),
    ("SELECT job FROM nightshift_checkpoints WHERE job IN (?, ?) AND state = 'pending'", "nightshift_checkpoints_key"),
    (
      "SELECT DISTINCT job FROM nightshift_checkpoints WHERE state = 'pending' AND job IN (?, ?)",
      "nightshift_checkpoints_key"
    ), (SQLiteStatements.anybodyWaits, "nightshift_checkpoints_pending"),
  ]

  @Test(arguments: plans.indices)
  func `goes through an index, and neither scans nor sorts`(_ index: Int) async throws {
    let (sql, index) = Self.plans[index]
    let file = try DatabaseFile()
    let store = try file.open()
    let plan = try ForeignConnection(file.path).run("EXPLAIN QUERY PLAN " + sql).map { $0[3] }.joined(
      separator: "\n")
    #expect(plan.contains(index), "\(plan)")
    #expect(!plan.contains("SCAN nightshift_jobs\n") && !plan.hasSuffix("SCAN nightshift_jobs"), "\(plan)")
    #expect(!plan.contains("TEMP B-TREE"), "\(plan)")
    await store.close()
  }

  @Test func `that counts what runs goes through nothing else`() async throws {
    let file = try DatabaseFile()
    let store = try file.open()
    let plan = try ForeignConnection(file.path).run(
      """
      EXPLAIN QUERY PLAN
      SELECT lane, count(*) FROM nightshift_jobs WHERE state = 1 AND lane IS NOT NULL GROUP BY lane
      """
    ).map { $0[3] }.joined(separator: "\n")
    #expect(plan.contains("USING INDEX nightshift_jobs_running"), "\(plan)")
    await store.close()
  }
}
