extension Migration {
  /// Where the time of each kind goes, and which kinds are watched for slowness.
  static let profile = Migration(
    module: "core", number: 9, name: "profile",
    statements: [
      // A row for each hour and part of a kind; of `recent` one for each minute. Old hours of `attempt` and `wait` are
      // added up at hour 0, since monitoring reads them as counters.
      """
      CREATE TABLE nightshift_profile(
        hour {int} NOT NULL, kind {text} NOT NULL, part {text} NOT NULL, name {text} NOT NULL, n {int} NOT NULL,
        failures {int} NOT NULL, sum_us {int} NOT NULL, max_us {int} NOT NULL, buckets {text} NOT NULL,
        slowest {text} NOT NULL, PRIMARY KEY(hour, kind, part, name)) {clustered}
      """,
      // Minutes go long before hours do.
      "CREATE INDEX nightshift_profile_recent ON nightshift_profile(hour) WHERE part = 'recent'",
      """
      CREATE TABLE nightshift_slow_kinds(
        kind {text} NOT NULL PRIMARY KEY, p95_us {int} NOT NULL, window_us {int} NOT NULL, least {int} NOT NULL,
        updated_at {int} NOT NULL, updated_by {text} NOT NULL, slow_since {int}, slow_p95_us {int}) {clustered}
      """,
    ])
}
