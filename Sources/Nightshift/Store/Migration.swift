/// One numbered step of a schema. Never edited once it has been released; a mistake is mended by the next one.
///
/// Statements use tokens that each database replaces by its own words: `{id}` a 64-bit primary key, `{int}` a 64-bit
/// integer, `{text}` text in byte order, `{bytes}` bytes, and `{clustered}` behind a table whose primary key is to be
/// the order on disk.
package struct Migration: Sendable, Hashable {
  /// Who owns the step: `core`, a feature, or a store's own tables. Numbers count within a module.
  package var module: String
  package var number: Int
  package var name: String
  package var statements: [String]

  package init(module: String, number: Int, name: String, statements: [String]) {
    self.module = module
    self.number = number
    self.name = name
    self.statements = statements
  }
}

extension Migration {
  /// What a database remembers of a step that was taken.
  package struct Step: Sendable, Hashable {
    package var module: String
    package var number: Int

    package init(module: String, number: Int) {
      self.module = module
      self.number = number
    }
  }

  package var step: Step { Step(module: module, number: number) }

  /// - Throws: ``StoreError`` with code `wrongVersion` if a newer Nightshift has taken steps that are not known here.
  package static func refuseNewer(_ applied: Set<Step>, than known: [Migration]) throws(StoreError) {
    let newest = Dictionary(grouping: known, by: \.module).mapValues { $0.map(\.number).max() ?? 0 }
    // A module that is not known here is a feature of another program on the same database, and none of our business.
    for step in applied {
      guard let newest = newest[step.module], step.number > newest else { continue }
      throw StoreError(
        .wrongVersion,
        "The database has step \(step.number) of schema `\(step.module)`, and this Nightshift knows \(newest). "
          + "Start the newer Nightshift that made it, or restore a backup.")
    }
  }

  /// The tables of the core that are the same on every database. The hot ones belong to each store.
  package static let core: [Migration] =
    [
      Migration(
        module: "core", number: 1, name: "first tables",
        statements: [
          """
          CREATE TABLE nightshift_workers(
            id {id}, node {int} NOT NULL, name {text} NOT NULL, role {text} NOT NULL, host {text} NOT NULL,
            boot {text} NOT NULL, pid_namespace {text} NOT NULL, pid {int} NOT NULL, process_start {int} NOT NULL,
            started_at {int} NOT NULL, beat {int} NOT NULL, mode {text} NOT NULL, queues {text} NOT NULL,
            concurrency {int} NOT NULL, version {text} NOT NULL, recorder {text}, ended_at {int}, ended_reason {text})
          """,
          // A node is leased with the worker's row: no two live processes make ids with the same one.
          "CREATE UNIQUE INDEX nightshift_workers_node ON nightshift_workers(node) WHERE ended_at IS NULL",
          """
          CREATE TABLE nightshift_queues(
            name {text} NOT NULL PRIMARY KEY, created_at {int} NOT NULL, paused_at {int}, paused_by {text}) {clustered}
          """,
          """
          CREATE TABLE nightshift_kinds(
            kind {text} NOT NULL PRIMARY KEY, queue {text} NOT NULL, priority {int} NOT NULL, max_attempts {int} NOT NULL,
            timeout {int}, backoff {text} NOT NULL, description {text} NOT NULL, source {text} NOT NULL, schema {text},
            keep_completed {int}, keep_dead {int}, registered_at {int} NOT NULL) {clustered}
          """,
          """
          CREATE TABLE nightshift_kind_workers(
            kind {text} NOT NULL, worker {int} NOT NULL, PRIMARY KEY(kind, worker)) {clustered}
          """,
          """
          CREATE TABLE nightshift_attempts(
            job {int} NOT NULL, attempt {int} NOT NULL, worker {int} NOT NULL, started_at {int}, ended_at {int} NOT NULL,
            outcome {text} NOT NULL, error_type {text}, error_message {text}, error_detail {text},
            PRIMARY KEY(job, attempt)) {clustered}
          """,
          """
          CREATE TABLE nightshift_logs(
            job {int} NOT NULL, seq {int} NOT NULL, attempt {int} NOT NULL, at {int} NOT NULL, level {text} NOT NULL,
            message {text} NOT NULL, PRIMARY KEY(job, seq)) {clustered}
          """,
          """
          CREATE TABLE nightshift_progress(
            job {id}, attempt {int} NOT NULL, millionths {int} NOT NULL, message {text}, at {int} NOT NULL)
          """,
          """
          CREATE TABLE nightshift_artifacts(
            job {int} NOT NULL, name {text} NOT NULL, attempt {int} NOT NULL, type {text} NOT NULL, size {int} NOT NULL,
            sha256 {text} NOT NULL, created_at {int} NOT NULL, PRIMARY KEY(job, name)) {clustered}
          """,
          """
          CREATE TABLE nightshift_artifact_chunks(
            job {int} NOT NULL, name {text} NOT NULL, attempt {int} NOT NULL, seq {int} NOT NULL, content {bytes} NOT NULL,
            PRIMARY KEY(job, name, attempt, seq))
          """,
          "CREATE TABLE nightshift_tags(tag {text} NOT NULL, job {int} NOT NULL, PRIMARY KEY(tag, job)) {clustered}",
          """
          CREATE TABLE nightshift_old_payloads(
            job {int} NOT NULL, version {int} NOT NULL, replaced_at {int} NOT NULL, payload {bytes} NOT NULL,
            PRIMARY KEY(job, version)) {clustered}
          """,
          """
          CREATE TABLE nightshift_rollups(
            hour {int} NOT NULL, queue {text} NOT NULL, kind {text} NOT NULL, enqueued {int} NOT NULL,
            completed {int} NOT NULL, failed {int} NOT NULL, dead {int} NOT NULL, cancelled {int} NOT NULL,
            wait_us {int} NOT NULL, wait_max_us {int} NOT NULL, run_us {int} NOT NULL, run_max_us {int} NOT NULL,
            PRIMARY KEY(hour, queue, kind)) {clustered}
          """,
          """
          CREATE TABLE nightshift_counters(
            queue {text} NOT NULL, state {int} NOT NULL, n {int} NOT NULL, PRIMARY KEY(queue, state)) {clustered}
          """,
          """
          CREATE TABLE nightshift_audit(
            id {id}, at {int} NOT NULL, actor {text} NOT NULL, role {text} NOT NULL, address {text}, verb {text} NOT NULL,
            subject {text} NOT NULL, detail {text})
          """,
          """
          CREATE TABLE nightshift_tokens(
            id {id}, name {text} NOT NULL, sha256 {text} NOT NULL UNIQUE, role {text} NOT NULL, created_at {int} NOT NULL,
            created_by {text} NOT NULL, expires_at {int}, last_used_at {int}, revoked_at {int})
          """,
          "CREATE TABLE nightshift_settings(name {text} NOT NULL PRIMARY KEY, value {text} NOT NULL) {clustered}",
          // What alerts will read: written in the same transaction as the state it tells of.
          """
          CREATE TABLE nightshift_outbox(
            id {id}, at {int} NOT NULL, topic {text} NOT NULL, job {int} NOT NULL, attempt {int} NOT NULL, body {text})
          """,
          // Transitions for subscribers in other processes; written only while such a process says that it listens.
          """
          CREATE TABLE nightshift_events(
            id {id}, job {int} NOT NULL, version {int} NOT NULL, state {int} NOT NULL, kind {text} NOT NULL,
            queue {text} NOT NULL, attempt {int} NOT NULL, at {int} NOT NULL, writer {int} NOT NULL)
          """,
        ])
    ]
    + [
      .schedules, .workflows, .waits, .limits, .pauses, .requesters, .accounts, .profile, .deadLetters, .safety,
      .eventBodies, .ownedGrants,
    ]
}
