nightshift_artifact_chunks.job bigint NOT NULL
nightshift_artifact_chunks.name text COLLATE C NOT NULL
nightshift_artifact_chunks.attempt bigint NOT NULL
nightshift_artifact_chunks.seq bigint NOT NULL
nightshift_artifact_chunks.content bytea NOT NULL
nightshift_artifacts.job bigint NOT NULL
nightshift_artifacts.name text COLLATE C NOT NULL
nightshift_artifacts.attempt bigint NOT NULL
nightshift_artifacts.type text COLLATE C NOT NULL
nightshift_artifacts.size bigint NOT NULL
nightshift_artifacts.sha256 text COLLATE C NOT NULL
nightshift_artifacts.created_at bigint NOT NULL
nightshift_attempts.job bigint NOT NULL
nightshift_attempts.attempt bigint NOT NULL
nightshift_attempts.worker bigint NOT NULL
nightshift_attempts.started_at bigint
nightshift_attempts.ended_at bigint NOT NULL
nightshift_attempts.outcome text COLLATE C NOT NULL
nightshift_attempts.error_type text COLLATE C
nightshift_attempts.error_message text COLLATE C
nightshift_attempts.error_detail text COLLATE C
nightshift_audit.id bigint NOT NULL IDENTITY
nightshift_audit.at bigint NOT NULL
nightshift_audit.actor text COLLATE C NOT NULL
nightshift_audit.role text COLLATE C NOT NULL
nightshift_audit.address text COLLATE C
nightshift_audit.verb text COLLATE C NOT NULL
nightshift_audit.subject text COLLATE C NOT NULL
nightshift_audit.detail text COLLATE C
nightshift_audit.seq bigint
nightshift_audit.hash bytea
nightshift_calls.gate bigint NOT NULL
nightshift_calls.at bigint NOT NULL
nightshift_calls.worker bigint NOT NULL
nightshift_calls.succeeded bigint NOT NULL
nightshift_calls.failed bigint NOT NULL
nightshift_checkpoints.id bigint NOT NULL IDENTITY
nightshift_checkpoints.job bigint NOT NULL
nightshift_checkpoints.attempt bigint NOT NULL
nightshift_checkpoints.key text COLLATE C NOT NULL
nightshift_checkpoints.type text COLLATE C NOT NULL
nightshift_checkpoints.state text COLLATE C NOT NULL
nightshift_checkpoints.title text COLLATE C NOT NULL
nightshift_checkpoints.body text COLLATE C NOT NULL
nightshift_checkpoints.data bytea
nightshift_checkpoints.schema text COLLATE C
nightshift_checkpoints.risk text COLLATE C NOT NULL
nightshift_checkpoints.digest text COLLATE C NOT NULL
nightshift_checkpoints.policy text COLLATE C NOT NULL
nightshift_checkpoints.reminders bigint NOT NULL
nightshift_checkpoints.escalated_at bigint
nightshift_checkpoints.created_at bigint NOT NULL
nightshift_checkpoints.expires_at bigint
nightshift_checkpoints.decided_at bigint
nightshift_checkpoints.choice text COLLATE C
nightshift_checkpoints.answer bytea
nightshift_commits.token bigint NOT NULL
nightshift_commits.at bigint NOT NULL
nightshift_counters.queue text COLLATE C NOT NULL
nightshift_counters.state bigint NOT NULL
nightshift_counters.n bigint NOT NULL
nightshift_dead_letters.job bigint NOT NULL IDENTITY
nightshift_dead_letters.fingerprint text COLLATE C NOT NULL
nightshift_dead_letters.died_at bigint NOT NULL
nightshift_decisions.checkpoint bigint NOT NULL
nightshift_decisions.seq bigint NOT NULL
nightshift_decisions.job bigint NOT NULL
nightshift_decisions.verdict text COLLATE C NOT NULL
nightshift_decisions.actor text COLLATE C NOT NULL
nightshift_decisions.role text COLLATE C NOT NULL
nightshift_decisions.address text COLLATE C
nightshift_decisions.via text COLLATE C NOT NULL
nightshift_decisions.at bigint NOT NULL
nightshift_decisions.comment text COLLATE C
nightshift_decisions.choice text COLLATE C
nightshift_decisions.changes text COLLATE C
nightshift_dependencies.job bigint NOT NULL
nightshift_dependencies.depends_on bigint NOT NULL
nightshift_dependencies.ref text COLLATE C
nightshift_dependencies.on_death bigint NOT NULL
nightshift_dependencies.state bigint NOT NULL
nightshift_dependencies.outcome bigint
nightshift_dispatches.pool text COLLATE C NOT NULL
nightshift_dispatches.at bigint NOT NULL
nightshift_dispatches.n bigint NOT NULL
nightshift_events.id bigint NOT NULL IDENTITY
nightshift_events.job bigint NOT NULL
nightshift_events.version bigint NOT NULL
nightshift_events.state bigint NOT NULL
nightshift_events.kind text COLLATE C NOT NULL
nightshift_events.queue text COLLATE C NOT NULL
nightshift_events.attempt bigint NOT NULL
nightshift_events.at bigint NOT NULL
nightshift_events.writer bigint NOT NULL
nightshift_events.body text COLLATE C
nightshift_forks.job bigint NOT NULL IDENTITY
nightshift_forks.origin bigint NOT NULL
nightshift_forks.step text COLLATE C NOT NULL
nightshift_forks.forked_by text COLLATE C NOT NULL
nightshift_gates.id bigint NOT NULL IDENTITY
nightshift_gates.type text COLLATE C NOT NULL
nightshift_gates.name text COLLATE C NOT NULL
nightshift_gates.definition text COLLATE C NOT NULL
nightshift_gates.created_at bigint NOT NULL
nightshift_gates.updated_at bigint NOT NULL
nightshift_gates.updated_by text COLLATE C NOT NULL
nightshift_gates.closed_at bigint
nightshift_gates.closed_until bigint
nightshift_gates.reason text COLLATE C
nightshift_gates.trips bigint NOT NULL
nightshift_gates.gone_at bigint
nightshift_grants.id bigint NOT NULL IDENTITY
nightshift_grants.kind text COLLATE C NOT NULL
nightshift_grants.key text COLLATE C NOT NULL
nightshift_grants.job bigint
nightshift_grants.digest text COLLATE C
nightshift_grants.risk text COLLATE C NOT NULL
nightshift_grants.expires_at bigint
nightshift_grants.checkpoint bigint NOT NULL
nightshift_grants.granted_by text COLLATE C NOT NULL
nightshift_grants.role text COLLATE C NOT NULL
nightshift_grants.created_at bigint NOT NULL
nightshift_grants.organization text COLLATE C
nightshift_grants.account bigint
nightshift_ignored_errors.fingerprint text COLLATE C NOT NULL
nightshift_ignored_errors.ignored_at bigint NOT NULL
nightshift_ignored_errors.ignored_by text COLLATE C NOT NULL
nightshift_ignored_errors.reason text COLLATE C NOT NULL
nightshift_jobs.id bigint NOT NULL
nightshift_jobs.queue text COLLATE C NOT NULL
nightshift_jobs.kind text COLLATE C NOT NULL
nightshift_jobs.state bigint NOT NULL
nightshift_jobs.priority bigint NOT NULL
nightshift_jobs.run_at bigint NOT NULL
nightshift_jobs.attempt bigint NOT NULL DEFAULT 0
nightshift_jobs.failures bigint NOT NULL DEFAULT 0
nightshift_jobs.crashes bigint NOT NULL DEFAULT 0
nightshift_jobs.max_attempts bigint NOT NULL
nightshift_jobs.version bigint NOT NULL DEFAULT 1
nightshift_jobs.hold bigint NOT NULL DEFAULT 0
nightshift_jobs.hold_until bigint
nightshift_jobs.worker bigint
nightshift_jobs.started_at bigint
nightshift_jobs.finished_at bigint
nightshift_jobs.cancel_requested_at bigint
nightshift_jobs.cancel_reason text COLLATE C
nightshift_jobs.stuck_at bigint
nightshift_jobs.turn bigint
nightshift_jobs.lane text COLLATE C
nightshift_jobs.held_by text COLLATE C
nightshift_keys.scope text COLLATE C NOT NULL
nightshift_keys.key text COLLATE C NOT NULL
nightshift_keys.job bigint NOT NULL
nightshift_keys.expires_at bigint
nightshift_keys.fingerprint text COLLATE C
nightshift_kind_workers.kind text COLLATE C NOT NULL
nightshift_kind_workers.worker bigint NOT NULL
nightshift_kinds.kind text COLLATE C NOT NULL
nightshift_kinds.queue text COLLATE C NOT NULL
nightshift_kinds.priority bigint NOT NULL
nightshift_kinds.max_attempts bigint NOT NULL
nightshift_kinds.timeout bigint
nightshift_kinds.backoff text COLLATE C NOT NULL
nightshift_kinds.description text COLLATE C NOT NULL
nightshift_kinds.source text COLLATE C NOT NULL
nightshift_kinds.schema text COLLATE C
nightshift_kinds.keep_completed bigint
nightshift_kinds.keep_dead bigint
nightshift_kinds.registered_at bigint NOT NULL
nightshift_logs.job bigint NOT NULL
nightshift_logs.seq bigint NOT NULL
nightshift_logs.attempt bigint NOT NULL
nightshift_logs.at bigint NOT NULL
nightshift_logs.level text COLLATE C NOT NULL
nightshift_logs.message text COLLATE C NOT NULL
nightshift_migrations.module text NOT NULL
nightshift_migrations.number bigint NOT NULL
nightshift_migrations.name text NOT NULL
nightshift_old_payloads.job bigint NOT NULL
nightshift_old_payloads.version bigint NOT NULL
nightshift_old_payloads.replaced_at bigint NOT NULL
nightshift_old_payloads.payload bytea NOT NULL
nightshift_operations.id bigint NOT NULL IDENTITY
nightshift_operations.verb text COLLATE C NOT NULL
nightshift_operations.subject text COLLATE C NOT NULL
nightshift_operations.reason text COLLATE C
nightshift_operations.state text COLLATE C NOT NULL
nightshift_operations.total bigint NOT NULL
nightshift_operations.changed bigint NOT NULL
nightshift_operations.looked_at bigint NOT NULL
nightshift_operations.position bigint
nightshift_operations.actor text COLLATE C NOT NULL
nightshift_operations.role text COLLATE C NOT NULL
nightshift_operations.address text COLLATE C
nightshift_operations.worker bigint
nightshift_operations.created_at bigint NOT NULL
nightshift_operations.ended_at bigint
nightshift_operations.ended_by text COLLATE C
nightshift_operations.error text COLLATE C
nightshift_organizations.name text COLLATE C NOT NULL
nightshift_organizations.title text COLLATE C
nightshift_organizations.created_at bigint NOT NULL
nightshift_organizations.created_by text COLLATE C NOT NULL
nightshift_outbox.id bigint NOT NULL IDENTITY
nightshift_outbox.at bigint NOT NULL
nightshift_outbox.topic text COLLATE C NOT NULL
nightshift_outbox.job bigint NOT NULL
nightshift_outbox.attempt bigint NOT NULL
nightshift_outbox.body text COLLATE C
nightshift_payloads.id bigint NOT NULL
nightshift_payloads.payload bytea NOT NULL
nightshift_payloads.timeout bigint
nightshift_payloads.organization text COLLATE C
nightshift_payloads.owner text COLLATE C
nightshift_payloads.traceparent text COLLATE C
nightshift_payloads.tags text COLLATE C
nightshift_payloads.limit_key text COLLATE C
nightshift_profile.hour bigint NOT NULL
nightshift_profile.kind text COLLATE C NOT NULL
nightshift_profile.part text COLLATE C NOT NULL
nightshift_profile.name text COLLATE C NOT NULL
nightshift_profile.n bigint NOT NULL
nightshift_profile.failures bigint NOT NULL
nightshift_profile.sum_us bigint NOT NULL
nightshift_profile.max_us bigint NOT NULL
nightshift_profile.buckets text COLLATE C NOT NULL
nightshift_profile.slowest text COLLATE C NOT NULL
nightshift_progress.job bigint NOT NULL IDENTITY
nightshift_progress.attempt bigint NOT NULL
nightshift_progress.millionths bigint NOT NULL
nightshift_progress.message text COLLATE C
nightshift_progress.at bigint NOT NULL
nightshift_queues.name text COLLATE C NOT NULL
nightshift_queues.created_at bigint NOT NULL
nightshift_queues.paused_at bigint
nightshift_queues.paused_by text COLLATE C
nightshift_queues.paused_until bigint
nightshift_queues.pause_reason text COLLATE C
nightshift_requesters.job bigint NOT NULL
nightshift_requesters.actor text COLLATE C NOT NULL
nightshift_results.id bigint NOT NULL
nightshift_results.result bytea NOT NULL
nightshift_rollups.hour bigint NOT NULL
nightshift_rollups.queue text COLLATE C NOT NULL
nightshift_rollups.kind text COLLATE C NOT NULL
nightshift_rollups.enqueued bigint NOT NULL
nightshift_rollups.completed bigint NOT NULL
nightshift_rollups.failed bigint NOT NULL
nightshift_rollups.dead bigint NOT NULL
nightshift_rollups.cancelled bigint NOT NULL
nightshift_rollups.wait_us bigint NOT NULL
nightshift_rollups.wait_max_us bigint NOT NULL
nightshift_rollups.run_us bigint NOT NULL
nightshift_rollups.run_max_us bigint NOT NULL
nightshift_schedule_editors.schedule text COLLATE C NOT NULL
nightshift_schedule_editors.actor text COLLATE C NOT NULL
nightshift_schedules.name text COLLATE C NOT NULL
nightshift_schedules.source text COLLATE C NOT NULL
nightshift_schedules.enabled bigint NOT NULL
nightshift_schedules.declared text COLLATE C
nightshift_schedules.overridden text COLLATE C
nightshift_schedules.fired_until bigint NOT NULL
nightshift_schedules.next_at bigint
nightshift_schedules.last_at bigint
nightshift_schedules.created_at bigint NOT NULL
nightshift_schedules.updated_at bigint NOT NULL
nightshift_schedules.problem text COLLATE C
nightshift_secrets.name text COLLATE C NOT NULL
nightshift_secrets.version bigint NOT NULL
nightshift_secrets.key_id text COLLATE C NOT NULL
nightshift_secrets.value bytea NOT NULL
nightshift_secrets.created_at bigint NOT NULL
nightshift_secrets.created_by text COLLATE C NOT NULL
nightshift_secrets.updated_at bigint NOT NULL
nightshift_secrets.updated_by text COLLATE C NOT NULL
nightshift_secrets.used_at bigint
nightshift_sessions.id bigint NOT NULL IDENTITY
nightshift_sessions.sha256 text COLLATE C NOT NULL
nightshift_sessions.account bigint NOT NULL
nightshift_sessions.created_at bigint NOT NULL
nightshift_sessions.used_at bigint NOT NULL
nightshift_sessions.expires_at bigint NOT NULL
nightshift_sessions.address text COLLATE C
nightshift_sessions.agent text COLLATE C
nightshift_settings.name text COLLATE C NOT NULL
nightshift_settings.value text COLLATE C NOT NULL
nightshift_sign_in_failures.subject text COLLATE C NOT NULL
nightshift_sign_in_failures.failures bigint NOT NULL
nightshift_sign_in_failures.last_at bigint NOT NULL
nightshift_sign_in_failures.locked_until bigint
nightshift_signals.id bigint NOT NULL IDENTITY
nightshift_signals.job bigint NOT NULL
nightshift_signals.name text COLLATE C NOT NULL
nightshift_signals.payload bytea NOT NULL
nightshift_signals.sent_at bigint NOT NULL
nightshift_signals.sent_by text COLLATE C NOT NULL
nightshift_signals.wait bigint
nightshift_slots.schedule text COLLATE C NOT NULL
nightshift_slots.at bigint NOT NULL
nightshift_slots.fired_at bigint NOT NULL
nightshift_slots.outcome text COLLATE C NOT NULL
nightshift_slots.detail text COLLATE C
nightshift_slots.job bigint
nightshift_slots.open bigint NOT NULL
nightshift_slow_kinds.kind text COLLATE C NOT NULL
nightshift_slow_kinds.p95_us bigint NOT NULL
nightshift_slow_kinds.window_us bigint NOT NULL
nightshift_slow_kinds.least bigint NOT NULL
nightshift_slow_kinds.updated_at bigint NOT NULL
nightshift_slow_kinds.updated_by text COLLATE C NOT NULL
nightshift_slow_kinds.slow_since bigint
nightshift_slow_kinds.slow_p95_us bigint
nightshift_steps.job bigint NOT NULL
nightshift_steps.key text COLLATE C NOT NULL
nightshift_steps.seq bigint NOT NULL
nightshift_steps.state bigint NOT NULL
nightshift_steps.attempt bigint NOT NULL
nightshift_steps.tries bigint NOT NULL
nightshift_steps.started_at bigint NOT NULL
nightshift_steps.ended_at bigint
nightshift_steps.type text COLLATE C
nightshift_steps.result bytea
nightshift_steps.error text COLLATE C
nightshift_tags.tag text COLLATE C NOT NULL
nightshift_tags.job bigint NOT NULL
nightshift_tokens.id bigint NOT NULL IDENTITY
nightshift_tokens.name text COLLATE C NOT NULL
nightshift_tokens.sha256 text COLLATE C NOT NULL
nightshift_tokens.role text COLLATE C NOT NULL
nightshift_tokens.created_at bigint NOT NULL
nightshift_tokens.created_by text COLLATE C NOT NULL
nightshift_tokens.expires_at bigint
nightshift_tokens.last_used_at bigint
nightshift_tokens.revoked_at bigint
nightshift_tokens.scopes text COLLATE C
nightshift_tokens.organization text COLLATE C
nightshift_turns.queue text COLLATE C NOT NULL
nightshift_turns.priority bigint NOT NULL
nightshift_turns.lane text COLLATE C NOT NULL
nightshift_turns.turn bigint NOT NULL
nightshift_users.id bigint NOT NULL IDENTITY
nightshift_users.name text COLLATE C NOT NULL
nightshift_users.title text COLLATE C
nightshift_users.role text COLLATE C NOT NULL
nightshift_users.organization text COLLATE C
nightshift_users.password text COLLATE C NOT NULL
nightshift_users.is_temporary bigint NOT NULL
nightshift_users.created_at bigint NOT NULL
nightshift_users.created_by text COLLATE C NOT NULL
nightshift_users.password_at bigint NOT NULL
nightshift_users.signed_in_at bigint
nightshift_users.disabled_at bigint
nightshift_views.owner text COLLATE C NOT NULL
nightshift_views.name text COLLATE C NOT NULL
nightshift_views.page text COLLATE C NOT NULL
nightshift_views.query text COLLATE C NOT NULL
nightshift_views.created_at bigint NOT NULL
nightshift_waits.id bigint NOT NULL IDENTITY
nightshift_waits.job bigint NOT NULL
nightshift_waits.key text COLLATE C NOT NULL
nightshift_waits.type bigint NOT NULL
nightshift_waits.state bigint NOT NULL
nightshift_waits.names text COLLATE C
nightshift_waits.target bigint
nightshift_waits.due_at bigint
nightshift_waits.created_at bigint NOT NULL
nightshift_waits.ended_at bigint
nightshift_waits.name text COLLATE C
nightshift_waits.payload bytea
nightshift_wakes.pool text COLLATE C NOT NULL
nightshift_wakes.at bigint NOT NULL
nightshift_workers.id bigint NOT NULL IDENTITY
nightshift_workers.node bigint NOT NULL
nightshift_workers.name text COLLATE C NOT NULL
nightshift_workers.role text COLLATE C NOT NULL
nightshift_workers.host text COLLATE C NOT NULL
nightshift_workers.boot text COLLATE C NOT NULL
nightshift_workers.pid_namespace text COLLATE C NOT NULL
nightshift_workers.pid bigint NOT NULL
nightshift_workers.process_start bigint NOT NULL
nightshift_workers.started_at bigint NOT NULL
nightshift_workers.beat bigint NOT NULL
nightshift_workers.mode text COLLATE C NOT NULL
nightshift_workers.queues text COLLATE C NOT NULL
nightshift_workers.concurrency bigint NOT NULL
nightshift_workers.version text COLLATE C NOT NULL
nightshift_workers.recorder text COLLATE C
nightshift_workers.ended_at bigint
nightshift_workers.ended_reason text COLLATE C
nightshift_workflow_jobs.workflow bigint NOT NULL
nightshift_workflow_jobs.ref text COLLATE C NOT NULL
nightshift_workflow_jobs.position bigint NOT NULL
nightshift_workflow_jobs.job bigint NOT NULL
nightshift_workflow_jobs.kind text COLLATE C NOT NULL
nightshift_workflow_jobs.callback text COLLATE C
nightshift_workflow_jobs.outcome bigint
nightshift_workflows.id bigint NOT NULL
nightshift_workflows.name text COLLATE C NOT NULL
nightshift_workflows.created_at bigint NOT NULL
nightshift_workflows.created_by text COLLATE C NOT NULL
nightshift_counters WITH autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000
nightshift_jobs WITH fillfactor=70, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_cost_delay=0, autovacuum_analyze_scale_factor=0.05
nightshift_rollups WITH autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000
CREATE UNIQUE INDEX nightshift_artifact_chunks_pkey ON nightshift_artifact_chunks USING btree (job, name, attempt, seq)
CREATE UNIQUE INDEX nightshift_artifacts_pkey ON nightshift_artifacts USING btree (job, name)
CREATE UNIQUE INDEX nightshift_attempts_pkey ON nightshift_attempts USING btree (job, attempt)
CREATE UNIQUE INDEX nightshift_audit_pkey ON nightshift_audit USING btree (id)
CREATE UNIQUE INDEX nightshift_audit_seq ON nightshift_audit USING btree (seq) WHERE (seq IS NOT NULL)
CREATE INDEX nightshift_audit_unsealed ON nightshift_audit USING btree (id) WHERE (seq IS NULL)
CREATE UNIQUE INDEX nightshift_calls_pkey ON nightshift_calls USING btree (gate, at, worker)
CREATE UNIQUE INDEX nightshift_checkpoints_key ON nightshift_checkpoints USING btree (job, key)
CREATE INDEX nightshift_checkpoints_pending ON nightshift_checkpoints USING btree (id) WHERE (state = 'pending'::text)
CREATE UNIQUE INDEX nightshift_checkpoints_pkey ON nightshift_checkpoints USING btree (id)
CREATE UNIQUE INDEX nightshift_commits_pkey ON nightshift_commits USING btree (token)
CREATE INDEX nightshift_dead_letters_group ON nightshift_dead_letters USING btree (fingerprint, died_at, job)
CREATE UNIQUE INDEX nightshift_dead_letters_pkey ON nightshift_dead_letters USING btree (job)
CREATE INDEX nightshift_decisions_job ON nightshift_decisions USING btree (job)
CREATE UNIQUE INDEX nightshift_decisions_pkey ON nightshift_decisions USING btree (checkpoint, seq)
CREATE INDEX nightshift_dependencies_on ON nightshift_dependencies USING btree (depends_on)
CREATE INDEX nightshift_dependencies_open ON nightshift_dependencies USING btree (depends_on) WHERE (state = 0)
CREATE UNIQUE INDEX nightshift_dependencies_pkey ON nightshift_dependencies USING btree (job, depends_on)
CREATE UNIQUE INDEX nightshift_dispatches_pkey ON nightshift_dispatches USING btree (pool, at)
CREATE UNIQUE INDEX nightshift_events_pkey ON nightshift_events USING btree (id)
CREATE INDEX nightshift_forks_origin ON nightshift_forks USING btree (origin)
CREATE UNIQUE INDEX nightshift_forks_pkey ON nightshift_forks USING btree (job)
CREATE UNIQUE INDEX nightshift_gates_name ON nightshift_gates USING btree (type, name) WHERE (gone_at IS NULL)
CREATE UNIQUE INDEX nightshift_gates_pkey ON nightshift_gates USING btree (id)
CREATE INDEX nightshift_grants_kind ON nightshift_grants USING btree (kind, key)
CREATE UNIQUE INDEX nightshift_grants_pkey ON nightshift_grants USING btree (id)
CREATE UNIQUE INDEX nightshift_ignored_errors_pkey ON nightshift_ignored_errors USING btree (fingerprint)
CREATE INDEX nightshift_jobs_ended_badly ON nightshift_jobs USING btree (finished_at) WHERE (state = ANY (ARRAY[(6)::bigint, (7)::bigint]))
CREATE INDEX nightshift_jobs_held ON nightshift_jobs USING btree (hold, kind) WHERE (hold <> 0)
CREATE INDEX nightshift_jobs_held_by ON nightshift_jobs USING btree (held_by, priority, COALESCE(turn, run_at), id) WHERE (hold >= 4)
CREATE INDEX nightshift_jobs_held_until ON nightshift_jobs USING btree (hold_until) WHERE (hold_until IS NOT NULL)
CREATE INDEX nightshift_jobs_lanes ON nightshift_jobs USING btree (lane) WHERE ((state = 1) AND (lane IS NOT NULL))
CREATE UNIQUE INDEX nightshift_jobs_pkey ON nightshift_jobs USING btree (id)
CREATE INDEX nightshift_jobs_ready ON nightshift_jobs USING btree (queue, priority, COALESCE(turn, run_at), id) WHERE ((state = 0) AND (hold = 0))
CREATE INDEX nightshift_jobs_running ON nightshift_jobs USING btree (worker) WHERE (state = 1)
CREATE INDEX nightshift_jobs_scheduled ON nightshift_jobs USING btree (run_at) WHERE (state = 2)
CREATE INDEX nightshift_keys_expires_at ON nightshift_keys USING btree (expires_at) WHERE (expires_at IS NOT NULL)
CREATE INDEX nightshift_keys_job ON nightshift_keys USING btree (job)
CREATE UNIQUE INDEX nightshift_keys_pkey ON nightshift_keys USING btree (scope, key)
CREATE UNIQUE INDEX nightshift_kind_workers_pkey ON nightshift_kind_workers USING btree (kind, worker)
CREATE UNIQUE INDEX nightshift_kinds_pkey ON nightshift_kinds USING btree (kind)
CREATE UNIQUE INDEX nightshift_logs_pkey ON nightshift_logs USING btree (job, seq)
CREATE UNIQUE INDEX nightshift_migrations_pkey ON nightshift_migrations USING btree (module, number)
CREATE UNIQUE INDEX nightshift_old_payloads_pkey ON nightshift_old_payloads USING btree (job, version)
CREATE UNIQUE INDEX nightshift_operations_pkey ON nightshift_operations USING btree (id)
CREATE INDEX nightshift_operations_running ON nightshift_operations USING btree (id) WHERE (state = 'running'::text)
CREATE UNIQUE INDEX nightshift_organizations_pkey ON nightshift_organizations USING btree (name)
CREATE UNIQUE INDEX nightshift_outbox_pkey ON nightshift_outbox USING btree (id)
CREATE INDEX nightshift_payloads_organization ON nightshift_payloads USING btree (organization, id) WHERE (organization IS NOT NULL)
CREATE INDEX nightshift_payloads_owner ON nightshift_payloads USING btree (owner, id) WHERE (owner IS NOT NULL)
CREATE UNIQUE INDEX nightshift_payloads_pkey ON nightshift_payloads USING btree (id)
CREATE UNIQUE INDEX nightshift_profile_pkey ON nightshift_profile USING btree (hour, kind, part, name)
CREATE INDEX nightshift_profile_recent ON nightshift_profile USING btree (hour) WHERE (part = 'recent'::text)
CREATE UNIQUE INDEX nightshift_progress_pkey ON nightshift_progress USING btree (job)
CREATE INDEX nightshift_queues_paused_until ON nightshift_queues USING btree (paused_until) WHERE (paused_until IS NOT NULL)
CREATE UNIQUE INDEX nightshift_queues_pkey ON nightshift_queues USING btree (name)
CREATE UNIQUE INDEX nightshift_requesters_pkey ON nightshift_requesters USING btree (job, actor)
CREATE UNIQUE INDEX nightshift_results_pkey ON nightshift_results USING btree (id)
CREATE INDEX nightshift_rollups_hour ON nightshift_rollups USING btree (hour)
CREATE UNIQUE INDEX nightshift_schedule_editors_pkey ON nightshift_schedule_editors USING btree (schedule, actor)
CREATE INDEX nightshift_schedules_next ON nightshift_schedules USING btree (next_at) WHERE (enabled = 1)
CREATE UNIQUE INDEX nightshift_schedules_pkey ON nightshift_schedules USING btree (name)
CREATE UNIQUE INDEX nightshift_secrets_pkey ON nightshift_secrets USING btree (name)
CREATE INDEX nightshift_sessions_account ON nightshift_sessions USING btree (account)
CREATE INDEX nightshift_sessions_end ON nightshift_sessions USING btree (expires_at)
CREATE UNIQUE INDEX nightshift_sessions_pkey ON nightshift_sessions USING btree (id)
CREATE UNIQUE INDEX nightshift_sessions_sha256_key ON nightshift_sessions USING btree (sha256)
CREATE UNIQUE INDEX nightshift_settings_pkey ON nightshift_settings USING btree (name)
CREATE INDEX nightshift_sign_in_failures_last ON nightshift_sign_in_failures USING btree (last_at)
CREATE UNIQUE INDEX nightshift_sign_in_failures_pkey ON nightshift_sign_in_failures USING btree (subject)
CREATE INDEX nightshift_signals_job ON nightshift_signals USING btree (job, name)
CREATE UNIQUE INDEX nightshift_signals_pkey ON nightshift_signals USING btree (id)
CREATE INDEX nightshift_slots_fired ON nightshift_slots USING btree (fired_at)
CREATE INDEX nightshift_slots_open ON nightshift_slots USING btree (schedule, at) WHERE (open > 0)
CREATE UNIQUE INDEX nightshift_slots_pkey ON nightshift_slots USING btree (schedule, at)
CREATE UNIQUE INDEX nightshift_slow_kinds_pkey ON nightshift_slow_kinds USING btree (kind)
CREATE UNIQUE INDEX nightshift_steps_pkey ON nightshift_steps USING btree (job, key)
CREATE UNIQUE INDEX nightshift_tags_pkey ON nightshift_tags USING btree (tag, job)
CREATE UNIQUE INDEX nightshift_tokens_pkey ON nightshift_tokens USING btree (id)
CREATE UNIQUE INDEX nightshift_tokens_sha256_key ON nightshift_tokens USING btree (sha256)
CREATE UNIQUE INDEX nightshift_turns_pkey ON nightshift_turns USING btree (queue, priority, lane)
CREATE UNIQUE INDEX nightshift_users_name_key ON nightshift_users USING btree (name)
CREATE UNIQUE INDEX nightshift_users_pkey ON nightshift_users USING btree (id)
CREATE UNIQUE INDEX nightshift_views_pkey ON nightshift_views USING btree (owner, page, name)
CREATE INDEX nightshift_waits_due ON nightshift_waits USING btree (due_at) WHERE ((state = 0) AND (due_at IS NOT NULL))
CREATE UNIQUE INDEX nightshift_waits_key ON nightshift_waits USING btree (job, key)
CREATE UNIQUE INDEX nightshift_waits_pkey ON nightshift_waits USING btree (id)
CREATE INDEX nightshift_waits_target ON nightshift_waits USING btree (target) WHERE ((state = 0) AND (target IS NOT NULL))
CREATE INDEX nightshift_wakes_at ON nightshift_wakes USING btree (at)
CREATE UNIQUE INDEX nightshift_wakes_pkey ON nightshift_wakes USING btree (pool)
CREATE UNIQUE INDEX nightshift_workers_node ON nightshift_workers USING btree (node) WHERE (ended_at IS NULL)
CREATE UNIQUE INDEX nightshift_workers_pkey ON nightshift_workers USING btree (id)
CREATE INDEX nightshift_workflow_jobs_job ON nightshift_workflow_jobs USING btree (job)
CREATE INDEX nightshift_workflow_jobs_kept ON nightshift_workflow_jobs USING btree (workflow) WHERE (outcome IS NULL)
CREATE UNIQUE INDEX nightshift_workflow_jobs_pkey ON nightshift_workflow_jobs USING btree (workflow, ref)
CREATE UNIQUE INDEX nightshift_workflows_pkey ON nightshift_workflows USING btree (id)
nightshift_enqueue(kind text, payload jsonb DEFAULT '{}'::jsonb, queue text DEFAULT NULL::text, priority text DEFAULT NULL::text, run_at timestamp with time zone DEFAULT NULL::timestamp with time zone, max_attempts integer DEFAULT NULL::integer, unique_key text DEFAULT NULL::text, tags text[] DEFAULT NULL::text[], limit_key text DEFAULT NULL::text) RETURNS bigint
nightshift_make_id() RETURNS bigint
nightshift_text(bytes bytea) RETURNS text
