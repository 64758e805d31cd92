extension Migration {
  /// The tables of steps, waits, signals and checkpoints.
  static let waits = Migration(
    module: "core", number: 4, name: "steps, waits and checkpoints",
    statements: [
      """
      CREATE TABLE nightshift_steps(
        job {int} NOT NULL, key {text} NOT NULL, seq {int} NOT NULL, state {int} NOT NULL, attempt {int} NOT NULL,
        tries {int} NOT NULL, started_at {int} NOT NULL, ended_at {int}, type {text}, result {bytes}, error {text},
        PRIMARY KEY(job, key)) {clustered}
      """,
      // Why a job is parked, whatever it is.
      """
      CREATE TABLE nightshift_waits(
        id {id}, job {int} NOT NULL, key {text} NOT NULL, type {int} NOT NULL, state {int} NOT NULL, names {text},
        target {int}, due_at {int}, created_at {int} NOT NULL, ended_at {int}, name {text}, payload {bytes})
      """,
      "CREATE UNIQUE INDEX nightshift_waits_key ON nightshift_waits(job, key)",
      "CREATE INDEX nightshift_waits_due ON nightshift_waits(due_at) WHERE state = 0 AND due_at IS NOT NULL",
      "CREATE INDEX nightshift_waits_target ON nightshift_waits(target) WHERE state = 0 AND target IS NOT NULL",
      """
      CREATE TABLE nightshift_signals(
        id {id}, job {int} NOT NULL, name {text} NOT NULL, payload {bytes} NOT NULL, sent_at {int} NOT NULL,
        sent_by {text} NOT NULL, wait {int})
      """,
      "CREATE INDEX nightshift_signals_job ON nightshift_signals(job, name)",
      // Has the id of its wait; `info` waits for nobody and has none.
      """
      CREATE TABLE nightshift_checkpoints(
        id {id}, job {int} NOT NULL, attempt {int} NOT NULL, key {text} NOT NULL, type {text} NOT NULL,
        state {text} NOT NULL, title {text} NOT NULL, body {text} NOT NULL, data {bytes}, schema {text},
        risk {text} NOT NULL, digest {text} NOT NULL, policy {text} NOT NULL, reminders {int} NOT NULL,
        escalated_at {int}, created_at {int} NOT NULL, expires_at {int}, decided_at {int}, choice {text},
        answer {bytes})
      """,
      "CREATE UNIQUE INDEX nightshift_checkpoints_key ON nightshift_checkpoints(job, key)",
      "CREATE INDEX nightshift_checkpoints_pending ON nightshift_checkpoints(id) WHERE state = 'pending'",
      """
      CREATE TABLE nightshift_decisions(
        checkpoint {int} NOT NULL, seq {int} NOT NULL, job {int} NOT NULL, verdict {text} NOT NULL, actor {text} NOT NULL,
        role {text} NOT NULL, address {text}, via {text} NOT NULL, at {int} NOT NULL, comment {text}, choice {text},
        changes {text}, PRIMARY KEY(checkpoint, seq)) {clustered}
      """,
      "CREATE INDEX nightshift_decisions_job ON nightshift_decisions(job)",
      // What a reviewer has allowed beforehand, with "remember this".
      """
      CREATE TABLE nightshift_grants(
        id {id}, kind {text} NOT NULL, key {text} NOT NULL, job {int}, digest {text},
        risk {text} NOT NULL, expires_at {int}, checkpoint {int} NOT NULL, granted_by {text} NOT NULL,
        role {text} NOT NULL, created_at {int} NOT NULL)
      """,
      "CREATE INDEX nightshift_grants_kind ON nightshift_grants(kind, key)",
      """
      CREATE TABLE nightshift_forks(
        job {id}, origin {int} NOT NULL, step {text} NOT NULL, forked_by {text} NOT NULL)
      """,
      "CREATE INDEX nightshift_forks_origin ON nightshift_forks(origin)",
    ])

  /// Tables of which a job's rows go with it.
  static let tablesOfWaits = ["steps", "waits", "signals", "checkpoints", "decisions", "forks"]
}
