extension Migration {
  /// Which job waits for which, and the workflows that tie jobs together.
  static let workflows = Migration(
    module: "core", number: 3, name: "workflows",
    statements: [
      // `state` is 0 while the dependant waits for it and 1 afterwards; `outcome` is the state in which the other ended.
      // With `state` 0 and an outcome, the dependant is on hold until a person decides.
      """
      CREATE TABLE nightshift_dependencies(
        job {int} NOT NULL, depends_on {int} NOT NULL, ref {text}, on_death {int} NOT NULL, state {int} NOT NULL,
        outcome {int}, PRIMARY KEY(job, depends_on)) {clustered}
      """,
      // Empty while nobody waits, which is what every commit asks.
      "CREATE INDEX nightshift_dependencies_open ON nightshift_dependencies(depends_on) WHERE state = 0",
      "CREATE INDEX nightshift_dependencies_on ON nightshift_dependencies(depends_on)",
      """
      CREATE TABLE nightshift_workflows(
        id {int} NOT NULL PRIMARY KEY, name {text} NOT NULL, created_at {int} NOT NULL, created_by {text} NOT NULL)
        {clustered}
      """,
      // `outcome` keeps the state of a job that was pruned, so that the graph can be read as long as it is there.
      """
      CREATE TABLE nightshift_workflow_jobs(
        workflow {int} NOT NULL, ref {text} NOT NULL, position {int} NOT NULL, job {int} NOT NULL, kind {text} NOT NULL,
        callback {text}, outcome {int}, PRIMARY KEY(workflow, ref)) {clustered}
      """,
      "CREATE INDEX nightshift_workflow_jobs_job ON nightshift_workflow_jobs(job)",
      "CREATE INDEX nightshift_workflow_jobs_kept ON nightshift_workflow_jobs(workflow) WHERE outcome IS NULL",
    ])

  /// Whether a database has the tables: a new version first runs on the schema of the one before.
  static func hasWorkflows(_ transaction: any ReadTransaction) throws(StoreError) -> Bool {
    try !transaction.query("SELECT 1 FROM nightshift_migrations WHERE module = 'core' AND number = 3").isEmpty
  }
}

extension StoreSession {
  /// Whether the tables are there yet; without them nobody can wait for another's end.
  package var knowsWorkflows: Bool {
    get throws(StoreError) {
      guard try hasTaken(Migration.workflows.step) else { return false }
      return try hasTaken(Migration.waits.step)
    }
  }
}
