import Nightshift

/// Brings a database's schema up to date, all steps in one transaction.
struct PostgresMigrator {
  private let session: PostgresSession
  private let migrations: [Migration]

  init(_ session: PostgresSession, _ migrations: [Migration]) {
    self.session = session
    self.migrations = migrations
  }

  /// Makes the tables of an empty database, and leaves the schema of any other as it is: processes of the version before
  /// may be at work on it.
  ///
  /// - Returns: The steps that are yet to be taken, by `nightshift db migrate`.
  func prepare() throws(StoreError) -> [Migration] {
    guard let applied = try appliedSteps() else {
      _ = try migrate()
      return []
    }
    try Migration.refuseNewer(applied, than: migrations)
    return pending(applied)
  }

  /// Takes all steps that are yet to be taken. One process at a time; the others find nothing left to do.
  ///
  /// - Returns: The steps that were taken.
  func migrate() throws(StoreError) -> [Migration] {
    session.limit = .seconds(600)
    defer { session.limit = PostgresConnection.deadline }
    session.begin()
    do throws(StoreError) {
      // Not waiting for ever: whoever waits for a table keeps all others from it.
      _ = try session.query(
        "SELECT set_config('lock_timeout', '60s', true), set_config('statement_timeout', '0', true)")
      _ = try session.query("SELECT pg_advisory_xact_lock(hashtextextended('nightshift migrations', 0))")
      _ = try session.query("SELECT set_config('lock_timeout', '5s', true)")
      try session.execute(
        """
        CREATE TABLE IF NOT EXISTS nightshift_migrations(
          module text NOT NULL, number bigint NOT NULL, name text NOT NULL, PRIMARY KEY(module, number))
        """)
      let applied = try appliedSteps(inTransaction: true) ?? []
      try Migration.refuseNewer(applied, than: migrations)
      let pending = pending(applied)
      for migration in pending { try apply(migration) }
      try session.commit()
      return pending
    } catch {
      session.rollBack()
      throw error
    }
  }

  /// `nil` if nobody has made any tables yet.
  private func appliedSteps(inTransaction: Bool = false) throws(StoreError) -> Set<Migration.Step>? {
    if !inTransaction { session.begin() }
    defer { if !inTransaction { session.rollBack() } }
    guard try session.query("SELECT to_regclass('nightshift_migrations') IS NOT NULL")[0].integer(0) == 1 else {
      return nil
    }
    let rows = try session.query("SELECT module, number FROM nightshift_migrations")
    return rows.isEmpty ? nil : Set(rows.map { Migration.Step(module: $0.text(0)!, number: Int($0.integer(1)!)) })
  }

  private func pending(_ applied: Set<Migration.Step>) -> [Migration] {
    migrations.filter { !applied.contains($0.step) }
  }

  private func apply(_ migration: Migration) throws(StoreError) {
    for statement in migration.statements {
      _ = try session.send(PostgresSchema.dialect(statement), PostgresParameters())
    }
    try session.execute(
      "INSERT INTO nightshift_migrations(module, number, name) VALUES(?, ?, ?)",
      [.text(migration.module), SQLValue(migration.number), .text(migration.name)])
  }
}
