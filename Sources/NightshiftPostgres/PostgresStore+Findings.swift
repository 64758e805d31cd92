package import Nightshift

extension PostgresStore {
  package func findings(_ depth: CheckDepth) async -> [StoreFinding] {
    do throws(StoreError) {
      let rows = try await read { transaction in
        try transaction.query(
          """
          SELECT current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes'),
            current_setting('synchronous_standby_names'),
            (SELECT count(*) FROM pg_stat_replication), (SELECT count(*) FROM pg_stat_replication
              WHERE sync_state IN ('sync', 'quorum')),
            CAST(current_setting('max_connections') AS bigint) - (SELECT count(*) FROM pg_stat_activity
              WHERE backend_type = 'client backend')
          """)
      }
      let row = rows[0]
      return [migrations, durability(row), replicas(row), connections(row)]
    } catch {
      return [
        StoreFinding(
          "database", isFine: false, found: error.description, remedy: "Check that PostgreSQL runs, and DATABASE_URL.")
      ]
    }
  }

  private var migrations: StoreFinding {
    guard !pendingMigrations.isEmpty else {
      return StoreFinding("schema", isFine: true, found: "up to date")
    }
    let names = pendingMigrations.map { "\($0.module) \($0.number)" }.joined(separator: ", ")
    return StoreFinding(
      "schema", isFine: false, found: "steps yet to be taken: \(names)",
      remedy: "Once every process runs this version: nightshift db migrate")
  }

  private func durability(_ row: SQLRow) -> StoreFinding {
    let (commit, fsync, pages) = (row.text(0) ?? "", row.text(1) ?? "", row.text(2) ?? "")
    let isFine = fsync == "on" && pages == "on" && !["off", "local"].contains(commit)
    return StoreFinding(
      "durability", isFine: isFine, found: "synchronous_commit \(commit), fsync \(fsync), full_page_writes \(pages)",
      remedy: isFine ? nil : "Turn all three on in postgresql.conf: a power cut would lose accepted jobs.")
  }

  private func replicas(_ row: SQLRow) -> StoreFinding {
    let (all, synchronous) = (row.integer(4) ?? 0, row.integer(5) ?? 0)
    guard all > 0 else { return StoreFinding("replicas", isFine: true, found: "none") }
    return StoreFinding(
      "replicas", isFine: synchronous > 0, found: "\(all), of which \(synchronous) synchronous",
      remedy: synchronous > 0
        ? nil
        : "A failover would lose what was accepted last. Name a standby in synchronous_standby_names.")
  }

  private func connections(_ row: SQLRow) -> StoreFinding {
    let free = row.integer(6) ?? 0
    return StoreFinding(
      "connections", isFine: free >= 10, found: "\(free) free",
      remedy: free >= 10 ? nil : "Each process uses up to nine. Raise max_connections, or put PgBouncer before it.")
  }
}
