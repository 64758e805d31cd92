extension Migration {
  /// By which error each dead job died; what is done to many jobs in the background; and views that people have saved.
  static let deadLetters = Migration(
    module: "core", number: 10, name: "dead letters, operations and views",
    statements: [
      // One row for each dead job and nothing that two deaths would both write: they never wait for each other.
      """
      CREATE TABLE nightshift_dead_letters(job {id}, fingerprint {text} NOT NULL, died_at {int} NOT NULL)
      """,
      // Groups are found by leaping from one fingerprint to the next.
      "CREATE INDEX nightshift_dead_letters_group ON nightshift_dead_letters(fingerprint, died_at, job)",
      """
      CREATE TABLE nightshift_ignored_errors(
        fingerprint {text} NOT NULL PRIMARY KEY, ignored_at {int} NOT NULL, ignored_by {text} NOT NULL,
        reason {text} NOT NULL) {clustered}
      """,
      """
      CREATE TABLE nightshift_operations(
        id {id}, verb {text} NOT NULL, subject {text} NOT NULL, reason {text}, state {text} NOT NULL,
        total {int} NOT NULL, changed {int} NOT NULL, looked_at {int} NOT NULL, position {int}, actor {text} NOT NULL,
        role {text} NOT NULL, address {text}, worker {int}, created_at {int} NOT NULL, ended_at {int},
        ended_by {text}, error {text})
      """,
      "CREATE INDEX nightshift_operations_running ON nightshift_operations(id) WHERE state = 'running'",
      """
      CREATE TABLE nightshift_views(
        owner {text} NOT NULL, name {text} NOT NULL, page {text} NOT NULL, query {text} NOT NULL,
        created_at {int} NOT NULL, PRIMARY KEY(owner, page, name)) {clustered}
      """,
    ])
}
