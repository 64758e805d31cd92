import Foundation
import Nightshift
import NightshiftPostgres
import TestSupport
import Testing

@Suite(.enabled(if: TestPostgres.url != nil, "NIGHTSHIFT_TEST_POSTGRES names no server"), .timeLimit(.minutes(5)))
struct `The schema on PostgreSQL` {
  /// What the catalogues say, in a stable order, one thing a line.
  private func dump(_ database: TestedDatabase) throws -> String {
    let parts = [
      """
      SELECT format('%s.%s %s%s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attcollation <> 0 AND l.collname <> 'default' THEN ' COLLATE ' || l.collname ELSE '' END,
        CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END,
        CASE WHEN a.attidentity <> '' THEN ' IDENTITY' ELSE coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') END)
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
      LEFT JOIN pg_collation l ON l.oid = a.attcollation
      WHERE c.relkind = 'r' AND c.relname LIKE 'nightshift%' ORDER BY c.relname, a.attnum
      """,
      """
      SELECT format('%s WITH %s', relname, array_to_string(reloptions, ', ')) FROM pg_class
      WHERE relkind = 'r' AND relname LIKE 'nightshift%' AND reloptions IS NOT NULL ORDER BY relname
      """,
      "SELECT replace(indexdef, 'public.', '') FROM pg_indexes WHERE tablename LIKE 'nightshift%' ORDER BY indexname",
      """
      SELECT format('%s(%s) RETURNS %s', proname, pg_get_function_arguments(oid), pg_get_function_result(oid))
      FROM pg_proc WHERE proname LIKE 'nightshift%' ORDER BY proname
      """,
    ]
    return try parts.flatMap { try database.run($0) }.map { ($0.text(0) ?? "") + "\n" }.joined()
  }

  @Test func `is the one that is checked in`() async throws {
    let database = try await TestedDatabase()
    let checkedIn = URL(filePath: #filePath).deletingLastPathComponent().appendingPathComponent("schema.sql")
    let dump = try dump(database)
    if ProcessInfo.processInfo.environment["NIGHTSHIFT_UPDATE_SCHEMA"] != nil {
      try dump.write(to: checkedIn, atomically: true, encoding: .utf8)
    }
    #expect(
      try String(contentsOf: checkedIn, encoding: .utf8) == dump,
      "A migration has changed the schema. Run the tests with NIGHTSHIFT_UPDATE_SCHEMA=1 and check the difference.")
    await database.end()
  }

  @Test func `is made once, however many processes start at the same moment`() async throws {
    let database = try TestPostgres.Database()
    let stores = try await withThrowingTaskGroup(of: (any Store).self) { group in
      for _ in 0..<4 { group.addTask { try Storage.postgres(url: database.url).open(Migration.core) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let steps = try await stores[0].read { transaction in
      try transaction.query("SELECT module, number FROM nightshift_migrations ORDER BY module, number").map(\.values)
    }
    let core = Migration.core.map { [SQLValue.text($0.module), SQLValue($0.number)] }
    #expect(steps == core + [["postgres", 1], ["postgres", 2], ["postgres", 3], ["postgres", 4], ["postgres", 5]])
    for store in stores { await store.close() }
    database.drop()
  }

  @Test func `is left as it is by a newer version, until it is told to migrate`() async throws {
    let database = try TestPostgres.Database()
    await (try Storage.postgres(url: database.url).open(Migration.core)).close()
    let feature = Migration(
      module: "feature", number: 1, name: "new", statements: ["CREATE TABLE nightshift_feature(a {int})"])
    let newer = try PostgresStore(url: database.url, migrations: Migration.core + [feature])
    #expect(newer.pendingMigrations == [feature])
    // The hot path goes on.
    let job = NewJob(id: JobID(rawValue: 1), kind: "k", runAt: newer.clock.now, payload: [0x31])
    #expect(try await newer.insert([job], now: newer.clock.now) == [.inserted(.ready)])
    // What needs the new schema says what to do.
    let error = await #expect(throws: StoreError.self) {
      try await newer.read { try $0.query("SELECT a FROM nightshift_feature") }
    }
    #expect(error?.code == .wrongVersion && error?.message.contains("nightshift db migrate") == true)
    #expect(await newer.findings().contains { $0.name == "schema" && !$0.isFine })
    #expect(try await newer.migrate() == [feature])
    #expect(try await newer.read { try $0.query("SELECT a FROM nightshift_feature") }.isEmpty)
    #expect(await newer.findings().contains { $0.name == "schema" && $0.isFine })
    await newer.close()
    database.drop()
  }
}
