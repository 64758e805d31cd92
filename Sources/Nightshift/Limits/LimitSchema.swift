extension Migration {
  /// The tables of limits, of the turns that make queues fair, and of breakers. Which pools a job is in stands on the
  /// job, in columns that each store adds.
  static let limits = Migration(
    module: "core", number: 5, name: "limits",
    statements: [
      // A limit, a paused kind or a breaker. `closed_at` says since when nothing passes, and `closed_until` until when.
      """
      CREATE TABLE nightshift_gates(
        id {id}, type {text} NOT NULL, name {text} NOT NULL, definition {text} NOT NULL, created_at {int} NOT NULL,
        updated_at {int} NOT NULL, updated_by {text} NOT NULL, closed_at {int}, closed_until {int}, reason {text},
        trips {int} NOT NULL, gone_at {int})
      """,
      "CREATE UNIQUE INDEX nightshift_gates_name ON nightshift_gates(type, name) WHERE gone_at IS NULL",
      // The last turn of each key's value in a queue, and of the queue itself, whose `lane` is empty. Turns order what
      // is ready; a wrong one would change an order and nothing else.
      """
      CREATE TABLE nightshift_turns(
        queue {text} NOT NULL, priority {int} NOT NULL, lane {text} NOT NULL, turn {int} NOT NULL,
        PRIMARY KEY(queue, priority, lane)) {clustered}
      """,
      // How many jobs of a pool began when; of a smooth rate one row, with the moment from which on the next may begin.
      """
      CREATE TABLE nightshift_dispatches(
        pool {text} NOT NULL, at {int} NOT NULL, n {int} NOT NULL, PRIMARY KEY(pool, at)) {clustered}
      """,
      // When a rate will let the next job of a pool begin that is kept back.
      "CREATE TABLE nightshift_wakes(pool {text} NOT NULL PRIMARY KEY, at {int} NOT NULL) {clustered}",
      "CREATE INDEX nightshift_wakes_at ON nightshift_wakes(at)",
      // How calls went, for breakers: a row for each process and short span, so that none waits for another's.
      """
      CREATE TABLE nightshift_calls(
        gate {int} NOT NULL, at {int} NOT NULL, worker {int} NOT NULL, succeeded {int} NOT NULL, failed {int} NOT NULL,
        PRIMARY KEY(gate, at, worker)) {clustered}
      """,
    ])
}

extension StoreSession {
  /// Whether the tables are there yet, and the columns of each store, which come with them.
  package var knowsLimits: Bool { get throws(StoreError) { try hasTaken(Migration.limits.step) } }
}
