import Foundation
import Nightshift
import NightshiftSQLite
import Testing

@Suite struct `The schema on SQLite` {
  /// What `sqlite_schema` says, in a stable order.
  private func dump() async throws -> String {
    let file = try DatabaseFile()
    let store = try file.open()
    let statements = try ForeignConnection(file.path).run(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY tbl_name, type DESC, name"
    )
    await store.close()
    return statements.map { $0[0] + ";\n" }.joined()
  }

  @Test func `is the one that is checked in`() async throws {
    let checkedIn = URL(filePath: #filePath).deletingLastPathComponent().appendingPathComponent("schema.sql")
    let dump = try await dump()
    if ProcessInfo.processInfo.environment["NIGHTSHIFT_UPDATE_SCHEMA"] != nil {
      try dump.write(to: checkedIn, atomically: true, encoding: .utf8)
    }
    #expect(
      try String(contentsOf: checkedIn, encoding: .utf8) == dump,
      "A migration has changed the schema. Run the tests with NIGHTSHIFT_UPDATE_SCHEMA=1 and check the difference."
    )
  }

  @Test func `has no index without a condition on the hot table`() async throws {
    let indexes = try await dump().split(separator: ";\n").filter { $0.contains(" INDEX nightshift_jobs") }
    #expect(indexes.count >= 5)
    for index in indexes { #expect(index.contains("WHERE "), "\(index)") }
  }

  @Test func `makes a file that only its owner may read`() async throws {
    let file = try DatabaseFile()
    let store = try file.open()
    for name in try FileManager.default.contentsOfDirectory(atPath: file.folder.path) {
      let attributes = try FileManager.default.attributesOfItem(
        atPath: file.folder.appendingPathComponent(name).path)
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
    }
    await store.close()
  }
}
