import Nightshift

/// Brings a file's schema up to date, all steps in one transaction.
struct SQLiteMigrator {
  private let connection: SQLiteConnection

  init(_ connection: SQLiteConnection) { self.connection = connection }

  func run(_ migrations: [Migration]) throws(StoreError) {
    try connection.execute("BEGIN IMMEDIATE")
    do throws(StoreError) {
      try connection.execute(
        """
        CREATE TABLE IF NOT EXISTS nightshift_migrations(
          module TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY(module, number)) WITHOUT ROWID
        """)
      let applied = try appliedSteps()
      try Migration.refuseNewer(applied, than: migrations)
      for migration in migrations where !applied.contains(migration.step) { try apply(migration) }
      try connection.execute("COMMIT")
    } catch {
      try? connection.execute("ROLLBACK")  // it may have been rolled back already; the first error counts
      throw error
    }
  }

  private func appliedSteps() throws(StoreError) -> Set<Migration.Step> {
    let rows = try connection.query("SELECT module, number FROM nightshift_migrations", [])
    return Set(rows.map { Migration.Step(module: $0.text(0)!, number: Int($0.integer(1)!)) })
  }

  private func apply(_ migration: Migration) throws(StoreError) {
    for statement in migration.statements { try connection.execute(SQLiteSchema.dialect(statement)) }
    _ = try connection.run(
      "INSERT INTO nightshift_migrations(module, number, name) VALUES(?, ?, ?)",
      [.text(migration.module), SQLValue(migration.number), .text(migration.name)])
  }
}
