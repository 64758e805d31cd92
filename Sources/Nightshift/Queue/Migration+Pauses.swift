extension Migration {
  /// What a pause is for, and when it ends by itself.
  static let pauses = Migration(
    module: "core", number: 6, name: "pauses that end",
    statements: [
      "ALTER TABLE nightshift_queues ADD COLUMN paused_until {int}",
      "ALTER TABLE nightshift_queues ADD COLUMN pause_reason {text}",
      // The only way in which those that are over are looked for.
      """
      CREATE INDEX nightshift_queues_paused_until ON nightshift_queues(paused_until) WHERE paused_until IS NOT NULL
      """,
    ])

  /// Whether a database has the columns: a new version first runs on the schema of the one before.
  static func hasPauses(_ transaction: any ReadTransaction) throws(StoreError) -> Bool {
    try !transaction.query("SELECT 1 FROM nightshift_migrations WHERE module = 'core' AND number = 6").isEmpty
  }
}
