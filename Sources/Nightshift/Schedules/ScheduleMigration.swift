extension Migration {
  /// Schedules and their slots.
  static let schedules = Migration(
    module: "core", number: 2, name: "schedules",
    statements: [
      """
      CREATE TABLE nightshift_schedules(
        name {text} NOT NULL PRIMARY KEY, source {text} NOT NULL, enabled {int} NOT NULL, declared {text},
        overridden {text}, fired_until {int} NOT NULL, next_at {int}, last_at {int}, created_at {int} NOT NULL,
        updated_at {int} NOT NULL, problem {text}) {clustered}
      """,
      // The only way in which those that are due are looked for.
      "CREATE INDEX nightshift_schedules_next ON nightshift_schedules(next_at) WHERE enabled = 1",
      // `open` is 1 while the job is not known to be over and somebody wants to know.
      """
      CREATE TABLE nightshift_slots(
        schedule {text} NOT NULL, at {int} NOT NULL, fired_at {int} NOT NULL, outcome {text} NOT NULL, detail {text},
        job {int}, open {int} NOT NULL, PRIMARY KEY(schedule, at)) {clustered}
      """,
      "CREATE INDEX nightshift_slots_open ON nightshift_slots(schedule, at) WHERE open > 0",
      "CREATE INDEX nightshift_slots_fired ON nightshift_slots(fired_at)",
    ])
}
