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
      try refuseNewer(applied, known: migrations)
      for migration in migrations where !applied.contains(Step(migration)) { try apply(migration) }
      try connection.execute("COMMIT")
    } catch {
      try? connection.execute("ROLLBACK")  // it may have been rolled back already; the first error counts
      throw error
    }
  }

  private struct Step: Hashable {
    var module: String
    var number: Int

    init(module: String, number: Int) {
      self.module = module
      self.number = number
    }

    init(_ migration: Migration) { self.init(module: migration.module, number: migration.number) }
  }

  private func appliedSteps() throws(StoreError) -> Set<Step> {
    let rows = try connection.query("SELECT module, number FROM nightshift_migrations", [])
    return Set(rows.map { Step(module: $0.text(0)!, number: Int($0.integer(1)!)) })
  }

  private func refuseNewer(_ applied: Set<Step>, known: [Migration]) throws(StoreError) {
    let newest = Dictionary(grouping: known, by: \.module).mapValues { $0.map(\.number).max() ?? 0 }
    // A module that is not known here is a feature of another program on the same file, and none of our business.
    for step in applied {
      guard let newest = newest[step.module], step.number > newest else { continue }
      throw StoreError(
        .wrongVersion,
        "The database has step \(step.number) of schema `\(step.module)`, and this Nightshift knows \(newest). "
          + "Start the newer Nightshift that made it, or restore a backup.")
    }
  }

  private func apply(_ migration: Migration) throws(StoreError) {
    for statement in migration.statements { try connection.execute(SQLiteSchema.dialect(statement)) }
    _ = try connection.run(
      "INSERT INTO nightshift_migrations(module, number, name) VALUES(?, ?, ?)",
      [.text(migration.module), SQLValue(migration.number), .text(migration.name)])
  }
}
