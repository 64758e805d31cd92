CREATE TABLE nightshift_artifact_chunks(
  job INTEGER NOT NULL, name TEXT NOT NULL, attempt INTEGER NOT NULL, seq INTEGER NOT NULL, content BLOB NOT NULL,
  PRIMARY KEY(job, name, attempt, seq));
CREATE TABLE nightshift_artifacts(
  job INTEGER NOT NULL, name TEXT NOT NULL, attempt INTEGER NOT NULL, type TEXT NOT NULL, size INTEGER NOT NULL,
  sha256 TEXT NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY(job, name)) WITHOUT ROWID;
CREATE TABLE nightshift_attempts(
  job INTEGER NOT NULL, attempt INTEGER NOT NULL, worker INTEGER NOT NULL, started_at INTEGER, ended_at INTEGER NOT NULL,
  outcome TEXT NOT NULL, error_type TEXT, error_message TEXT, error_detail TEXT,
  PRIMARY KEY(job, attempt)) WITHOUT ROWID;
CREATE TABLE nightshift_audit(
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, role TEXT NOT NULL, address TEXT, verb TEXT NOT NULL,
  subject TEXT NOT NULL, detail TEXT, seq INTEGER, hash BLOB);
CREATE UNIQUE INDEX nightshift_audit_seq ON nightshift_audit(seq) WHERE seq IS NOT NULL;
CREATE INDEX nightshift_audit_unsealed ON nightshift_audit(id) WHERE seq IS NULL;
CREATE TABLE nightshift_calls(
  gate INTEGER NOT NULL, at INTEGER NOT NULL, worker INTEGER NOT NULL, succeeded INTEGER NOT NULL, failed INTEGER NOT NULL,
  PRIMARY KEY(gate, at, worker)) WITHOUT ROWID;
CREATE TABLE nightshift_checkpoints(
  id INTEGER PRIMARY KEY, job INTEGER NOT NULL, attempt INTEGER NOT NULL, key TEXT NOT NULL, type TEXT NOT NULL,
  state TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, data BLOB, schema TEXT,
  risk TEXT NOT NULL, digest TEXT NOT NULL, policy TEXT NOT NULL, reminders INTEGER NOT NULL,
  escalated_at INTEGER, created_at INTEGER NOT NULL, expires_at INTEGER, decided_at INTEGER, choice TEXT,
  answer BLOB);
CREATE UNIQUE INDEX nightshift_checkpoints_key ON nightshift_checkpoints(job, key);
CREATE INDEX nightshift_checkpoints_pending ON nightshift_checkpoints(id) WHERE state = 'pending';
CREATE TABLE nightshift_counters(
  queue TEXT NOT NULL, state INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(queue, state)) WITHOUT ROWID;
CREATE TABLE nightshift_dead_letters(job INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL, died_at INTEGER NOT NULL);
CREATE INDEX nightshift_dead_letters_group ON nightshift_dead_letters(fingerprint, died_at, job);
CREATE TABLE nightshift_decisions(
  checkpoint INTEGER NOT NULL, seq INTEGER NOT NULL, job INTEGER NOT NULL, verdict TEXT NOT NULL, actor TEXT NOT NULL,
  role TEXT NOT NULL, address TEXT, via TEXT NOT NULL, at INTEGER NOT NULL, comment TEXT, choice TEXT,
  changes TEXT, PRIMARY KEY(checkpoint, seq)) WITHOUT ROWID;
CREATE INDEX nightshift_decisions_job ON nightshift_decisions(job);
CREATE TABLE nightshift_dependencies(
  job INTEGER NOT NULL, depends_on INTEGER NOT NULL, ref TEXT, on_death INTEGER NOT NULL, state INTEGER NOT NULL,
  outcome INTEGER, PRIMARY KEY(job, depends_on)) WITHOUT ROWID;
CREATE INDEX nightshift_dependencies_on ON nightshift_dependencies(depends_on);
CREATE INDEX nightshift_dependencies_open ON nightshift_dependencies(depends_on) WHERE state = 0;
CREATE TABLE nightshift_dispatches(
  pool TEXT NOT NULL, at INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(pool, at)) WITHOUT ROWID;
CREATE TABLE nightshift_events(
  id INTEGER PRIMARY KEY, job INTEGER NOT NULL, version INTEGER NOT NULL, state INTEGER NOT NULL, kind TEXT NOT NULL,
  queue TEXT NOT NULL, attempt INTEGER NOT NULL, at INTEGER NOT NULL, writer INTEGER NOT NULL, body TEXT);
CREATE TABLE nightshift_forks(
  job INTEGER PRIMARY KEY, origin INTEGER NOT NULL, step TEXT NOT NULL, forked_by TEXT NOT NULL);
CREATE INDEX nightshift_forks_origin ON nightshift_forks(origin);
CREATE TABLE nightshift_gates(
  id INTEGER PRIMARY KEY, type TEXT NOT NULL, name TEXT NOT NULL, definition TEXT NOT NULL, created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL, closed_at INTEGER, closed_until INTEGER, reason TEXT,
  trips INTEGER NOT NULL, gone_at INTEGER);
CREATE UNIQUE INDEX nightshift_gates_name ON nightshift_gates(type, name) WHERE gone_at IS NULL;
CREATE TABLE nightshift_grants(
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, job INTEGER, digest TEXT,
  risk TEXT NOT NULL, expires_at INTEGER, checkpoint INTEGER NOT NULL, granted_by TEXT NOT NULL,
  role TEXT NOT NULL, created_at INTEGER NOT NULL, organization TEXT, account INTEGER);
CREATE INDEX nightshift_grants_kind ON nightshift_grants(kind, key);
CREATE TABLE nightshift_ignored_errors(
  fingerprint TEXT NOT NULL PRIMARY KEY, ignored_at INTEGER NOT NULL, ignored_by TEXT NOT NULL,
  reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE nightshift_jobs(
  id INTEGER PRIMARY KEY, queue TEXT NOT NULL, kind TEXT NOT NULL, state INTEGER NOT NULL,
  priority INTEGER NOT NULL, run_at INTEGER NOT NULL, attempt INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0, crashes INTEGER NOT NULL DEFAULT 0, max_attempts INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1, hold INTEGER NOT NULL DEFAULT 0, hold_until INTEGER, worker INTEGER,
  started_at INTEGER, finished_at INTEGER, cancel_requested_at INTEGER, cancel_reason TEXT,
  stuck_at INTEGER, turn INTEGER, lane TEXT, held_by TEXT) STRICT;
CREATE INDEX nightshift_jobs_ended_badly ON nightshift_jobs(finished_at) WHERE state IN (6, 7);
CREATE INDEX nightshift_jobs_held ON nightshift_jobs(hold, kind) WHERE hold <> 0;
CREATE INDEX nightshift_jobs_held_by ON nightshift_jobs(held_by, priority, coalesce(turn, run_at))
WHERE hold >= 4;
CREATE INDEX nightshift_jobs_held_until ON nightshift_jobs(hold_until) WHERE hold_until IS NOT NULL;
CREATE INDEX nightshift_jobs_ready ON nightshift_jobs(queue, priority, coalesce(turn, run_at))
WHERE state = 0 AND hold = 0;
CREATE INDEX nightshift_jobs_running ON nightshift_jobs(worker, lane) WHERE state = 1;
CREATE INDEX nightshift_jobs_scheduled ON nightshift_jobs(run_at) WHERE state = 2;
CREATE TABLE nightshift_keys(
  scope TEXT NOT NULL, key TEXT NOT NULL, job INTEGER NOT NULL, expires_at INTEGER, fingerprint TEXT,
  PRIMARY KEY(scope, key)) STRICT, WITHOUT ROWID;
CREATE INDEX nightshift_keys_expires_at ON nightshift_keys(expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX nightshift_keys_job ON nightshift_keys(job);
CREATE TABLE nightshift_kind_workers(
  kind TEXT NOT NULL, worker INTEGER NOT NULL, PRIMARY KEY(kind, worker)) WITHOUT ROWID;
CREATE TABLE nightshift_kinds(
  kind TEXT NOT NULL PRIMARY KEY, queue TEXT NOT NULL, priority INTEGER NOT NULL, max_attempts INTEGER NOT NULL,
  timeout INTEGER, backoff TEXT NOT NULL, description TEXT NOT NULL, source TEXT NOT NULL, schema TEXT,
  keep_completed INTEGER, keep_dead INTEGER, registered_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE nightshift_logs(
  job INTEGER NOT NULL, seq INTEGER NOT NULL, attempt INTEGER NOT NULL, at INTEGER NOT NULL, level TEXT NOT NULL,
  message TEXT NOT NULL, PRIMARY KEY(job, seq)) WITHOUT ROWID;
CREATE TABLE nightshift_migrations(
  module TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY(module, number)) WITHOUT ROWID;
CREATE TABLE nightshift_old_payloads(
  job INTEGER NOT NULL, version INTEGER NOT NULL, replaced_at INTEGER NOT NULL, payload BLOB NOT NULL,
  PRIMARY KEY(job, version)) WITHOUT ROWID;
CREATE TABLE nightshift_operations(
  id INTEGER PRIMARY KEY, verb TEXT NOT NULL, subject TEXT NOT NULL, reason TEXT, state TEXT NOT NULL,
  total INTEGER NOT NULL, changed INTEGER NOT NULL, looked_at INTEGER NOT NULL, position INTEGER, actor TEXT NOT NULL,
  role TEXT NOT NULL, address TEXT, worker INTEGER, created_at INTEGER NOT NULL, ended_at INTEGER,
  ended_by TEXT, error TEXT);
CREATE INDEX nightshift_operations_running ON nightshift_operations(id) WHERE state = 'running';
CREATE TABLE nightshift_organizations(
  name TEXT NOT NULL PRIMARY KEY, title TEXT, created_at INTEGER NOT NULL, created_by TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE nightshift_outbox(
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, topic TEXT NOT NULL, job INTEGER NOT NULL, attempt INTEGER NOT NULL, body TEXT);
CREATE TABLE nightshift_payloads(
  id INTEGER PRIMARY KEY, payload BLOB NOT NULL, timeout INTEGER, organization TEXT, owner TEXT,
  traceparent TEXT, tags TEXT, limit_key TEXT) STRICT;
CREATE INDEX nightshift_payloads_organization ON nightshift_payloads(organization, id)
  WHERE organization IS NOT NULL;
CREATE INDEX nightshift_payloads_owner ON nightshift_payloads(owner, id) WHERE owner IS NOT NULL;
CREATE TABLE nightshift_profile(
  hour INTEGER NOT NULL, kind TEXT NOT NULL, part TEXT NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL,
  failures INTEGER NOT NULL, sum_us INTEGER NOT NULL, max_us INTEGER NOT NULL, buckets TEXT NOT NULL,
  slowest TEXT NOT NULL, PRIMARY KEY(hour, kind, part, name)) WITHOUT ROWID;
CREATE INDEX nightshift_profile_recent ON nightshift_profile(hour) WHERE part = 'recent';
CREATE TABLE nightshift_progress(
  job INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, millionths INTEGER NOT NULL, message TEXT, at INTEGER NOT NULL);
CREATE TABLE nightshift_queues(
  name TEXT NOT NULL PRIMARY KEY, created_at INTEGER NOT NULL, paused_at INTEGER, paused_by TEXT, paused_until INTEGER, pause_reason TEXT) WITHOUT ROWID;
CREATE INDEX nightshift_queues_paused_until ON nightshift_queues(paused_until) WHERE paused_until IS NOT NULL;
CREATE TABLE nightshift_requesters(job INTEGER NOT NULL, actor TEXT NOT NULL, PRIMARY KEY(job, actor)) WITHOUT ROWID;
CREATE TABLE nightshift_results(id INTEGER PRIMARY KEY, result BLOB NOT NULL) STRICT;
CREATE TABLE nightshift_rollups(
  hour INTEGER NOT NULL, queue TEXT NOT NULL, kind TEXT NOT NULL, enqueued INTEGER NOT NULL,
  completed INTEGER NOT NULL, failed INTEGER NOT NULL, dead INTEGER NOT NULL, cancelled INTEGER NOT NULL,
  wait_us INTEGER NOT NULL, wait_max_us INTEGER NOT NULL, run_us INTEGER NOT NULL, run_max_us INTEGER NOT NULL,
  PRIMARY KEY(hour, queue, kind)) WITHOUT ROWID;
CREATE TABLE nightshift_schedule_editors(
  schedule TEXT NOT NULL, actor TEXT NOT NULL, PRIMARY KEY(schedule, actor)) WITHOUT ROWID;
CREATE TABLE nightshift_schedules(
  name TEXT NOT NULL PRIMARY KEY, source TEXT NOT NULL, enabled INTEGER NOT NULL, declared TEXT,
  overridden TEXT, fired_until INTEGER NOT NULL, next_at INTEGER, last_at INTEGER, created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL, problem TEXT) WITHOUT ROWID;
CREATE INDEX nightshift_schedules_next ON nightshift_schedules(next_at) WHERE enabled = 1;
CREATE TABLE nightshift_secrets(
  name TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, key_id TEXT NOT NULL, value BLOB NOT NULL,
  created_at INTEGER NOT NULL, created_by TEXT NOT NULL, updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL,
  used_at INTEGER);
CREATE TABLE nightshift_sessions(
  id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, account INTEGER NOT NULL, created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, address TEXT, agent TEXT);
CREATE INDEX nightshift_sessions_account ON nightshift_sessions(account);
CREATE INDEX nightshift_sessions_end ON nightshift_sessions(expires_at);
CREATE TABLE nightshift_settings(name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE nightshift_sign_in_failures(
  subject TEXT NOT NULL PRIMARY KEY, failures INTEGER NOT NULL, last_at INTEGER NOT NULL, locked_until INTEGER)
  WITHOUT ROWID;
CREATE INDEX nightshift_sign_in_failures_last ON nightshift_sign_in_failures(last_at);
CREATE TABLE nightshift_signals(
  id INTEGER PRIMARY KEY, job INTEGER NOT NULL, name TEXT NOT NULL, payload BLOB NOT NULL, sent_at INTEGER NOT NULL,
  sent_by TEXT NOT NULL, wait INTEGER);
CREATE INDEX nightshift_signals_job ON nightshift_signals(job, name);
CREATE TABLE nightshift_slots(
  schedule TEXT NOT NULL, at INTEGER NOT NULL, fired_at INTEGER NOT NULL, outcome TEXT NOT NULL, detail TEXT,
  job INTEGER, open INTEGER NOT NULL, PRIMARY KEY(schedule, at)) WITHOUT ROWID;
CREATE INDEX nightshift_slots_fired ON nightshift_slots(fired_at);
CREATE INDEX nightshift_slots_open ON nightshift_slots(schedule, at) WHERE open > 0;
CREATE TABLE nightshift_slow_kinds(
  kind TEXT NOT NULL PRIMARY KEY, p95_us INTEGER NOT NULL, window_us INTEGER NOT NULL, least INTEGER NOT NULL,
  updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL, slow_since INTEGER, slow_p95_us INTEGER) WITHOUT ROWID;
CREATE TABLE nightshift_steps(
  job INTEGER NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL, state INTEGER NOT NULL, attempt INTEGER NOT NULL,
  tries INTEGER NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER, type TEXT, result BLOB, error TEXT,
  PRIMARY KEY(job, key)) WITHOUT ROWID;
CREATE TABLE nightshift_tags(tag TEXT NOT NULL, job INTEGER NOT NULL, PRIMARY KEY(tag, job)) WITHOUT ROWID;
CREATE TABLE nightshift_tokens(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL UNIQUE, role TEXT NOT NULL, created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL, expires_at INTEGER, last_used_at INTEGER, revoked_at INTEGER, scopes TEXT, organization TEXT);
CREATE TABLE nightshift_turns(
  queue TEXT NOT NULL, priority INTEGER NOT NULL, lane TEXT NOT NULL, turn INTEGER NOT NULL,
  PRIMARY KEY(queue, priority, lane)) WITHOUT ROWID;
CREATE TABLE nightshift_users(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, title TEXT, role TEXT NOT NULL, organization TEXT,
  password TEXT NOT NULL, is_temporary INTEGER NOT NULL, created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
  password_at INTEGER NOT NULL, signed_in_at INTEGER, disabled_at INTEGER);
CREATE TABLE nightshift_views(
  owner TEXT NOT NULL, name TEXT NOT NULL, page TEXT NOT NULL, query TEXT NOT NULL,
  created_at INTEGER NOT NULL, PRIMARY KEY(owner, page, name)) WITHOUT ROWID;
CREATE TABLE nightshift_waits(
  id INTEGER PRIMARY KEY, job INTEGER NOT NULL, key TEXT NOT NULL, type INTEGER NOT NULL, state INTEGER NOT NULL, names TEXT,
  target INTEGER, due_at INTEGER, created_at INTEGER NOT NULL, ended_at INTEGER, name TEXT, payload BLOB);
CREATE INDEX nightshift_waits_due ON nightshift_waits(due_at) WHERE state = 0 AND due_at IS NOT NULL;
CREATE UNIQUE INDEX nightshift_waits_key ON nightshift_waits(job, key);
CREATE INDEX nightshift_waits_target ON nightshift_waits(target) WHERE state = 0 AND target IS NOT NULL;
CREATE TABLE nightshift_wakes(pool TEXT NOT NULL PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX nightshift_wakes_at ON nightshift_wakes(at);
CREATE TABLE nightshift_workers(
  id INTEGER PRIMARY KEY, node INTEGER NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL, host TEXT NOT NULL,
  boot TEXT NOT NULL, pid_namespace TEXT NOT NULL, pid INTEGER NOT NULL, process_start INTEGER NOT NULL,
  started_at INTEGER NOT NULL, beat INTEGER NOT NULL, mode TEXT NOT NULL, queues TEXT NOT NULL,
  concurrency INTEGER NOT NULL, version TEXT NOT NULL, recorder TEXT, ended_at INTEGER, ended_reason TEXT);
CREATE UNIQUE INDEX nightshift_workers_node ON nightshift_workers(node) WHERE ended_at IS NULL;
CREATE TABLE nightshift_workflow_jobs(
  workflow INTEGER NOT NULL, ref TEXT NOT NULL, position INTEGER NOT NULL, job INTEGER NOT NULL, kind TEXT NOT NULL,
  callback TEXT, outcome INTEGER, PRIMARY KEY(workflow, ref)) WITHOUT ROWID;
CREATE INDEX nightshift_workflow_jobs_job ON nightshift_workflow_jobs(job);
CREATE INDEX nightshift_workflow_jobs_kept ON nightshift_workflow_jobs(workflow) WHERE outcome IS NULL;
CREATE TABLE nightshift_workflows(
  id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, created_at INTEGER NOT NULL, created_by TEXT NOT NULL)
  WITHOUT ROWID;
